"""Roles in other forms."""
