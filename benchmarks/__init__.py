"""Benchmarks; `results` contains their tables with machine and date."""
