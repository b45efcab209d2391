"""Measurements; `results` holds their tables with machine and date."""
