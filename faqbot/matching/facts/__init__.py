"""Questions that the data of roles answers: needs, comparisons, look-ups and next steps."""
