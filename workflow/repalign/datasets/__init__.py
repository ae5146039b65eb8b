"""Readers: from the raw layout of a dataset to the prepared dataset."""
