"""Representational alignment of brains and models, from raw recordings to published tables."""

__version__ = "0.1.0"
