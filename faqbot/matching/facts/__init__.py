"""Facts from the data of roles: requirements, comparisons, look-ups and next steps."""
