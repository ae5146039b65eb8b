"""Simulated datasets in the raw formats of the real ones, with known truth."""
