"""Figures made from derivative files."""
