"""A local Slack workspace that runs the very app that production runs."""
