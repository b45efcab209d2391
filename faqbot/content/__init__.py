"""Content: YAML files to a `KnowledgeBase`, and back."""
