"""Bolt middleware."""
