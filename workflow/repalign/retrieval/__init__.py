"""Fetching raw data: the only part of the library that may use the network."""
