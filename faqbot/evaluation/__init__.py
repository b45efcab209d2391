"""Evaluation: labelled questions, predictions, measures and plots."""
