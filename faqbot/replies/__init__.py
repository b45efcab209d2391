"""Replies: every word that a user reads, for any surface."""
