"""Job descriptions in common formats as roles."""
