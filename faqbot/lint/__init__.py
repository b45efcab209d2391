"""What an author should know of content beyond what stops it from loading."""
