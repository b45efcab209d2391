"""Trains the small static encoder that ships with faqbot (see `tools/train_encoder.py`)."""
