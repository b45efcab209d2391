"""Payloads as Slack sends them to an app."""
