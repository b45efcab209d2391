"""Matching: text in, ranked candidates out."""
