"""NIfTI files of simulated datasets: the writer of the tables' layer."""

from __future__ import annotations

from repalign.tables.nifti_writer import scatter, write_volumes

__all__ = ["scatter", "write_volumes"]
