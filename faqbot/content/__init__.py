"""Content: YAML in, `Library` out."""
