"""Dashboard of the question log."""
