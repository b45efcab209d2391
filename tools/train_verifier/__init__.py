"""Fits the weights of the verifier on collections of others."""
