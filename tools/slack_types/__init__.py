"""Slack's published types as a JSON Schema."""
