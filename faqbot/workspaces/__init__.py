"""Many Slack workspaces in one service."""
