"""Bolt listeners, one module per feature."""
