"""Figures as pictures in the browser."""
