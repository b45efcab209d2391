"""Block Kit: blocks, views, rich text."""
