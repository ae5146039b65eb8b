"""Whether a result can be read whole, from its own header and footer."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def damage(path: Path) -> str | None:
    """Say what is wrong with a result file or folder.

    Parameters
    ----------
    path : Path
        A file or folder of results. Parquet files, `.npy` files and PNG figures are checked
        against what their headers and footers announce; a folder by each file in it; other
        formats only for being empty.

    Returns
    -------
    str or None
        A sentence, or None if nothing is wrong.
    """
    if path.is_dir():
        # Snakemake marks the folders that it made with a hidden, empty file.
        files = (inner for inner in sorted(path.iterdir()) if not inner.name.startswith("."))
        found = [damage(inner) for inner in files]
        if not found:
            return f"{path.name}: an empty folder"
        return next((harm for harm in found if harm), None)
    if not path.exists():
        return f"{path.name}: a link to a file that is gone"
    size = path.stat().st_size
    if size == 0:
        return f"{path.name}: an empty file"
    if path.suffix == ".npy":
        return _npy_damage(path, size)
    if path.suffix == ".parquet":
        with path.open("rb") as file:
            file.seek(max(0, size - 4))
            if file.read() != b"PAR1":
                return f"{path.name}: no parquet footer, so the file was cut short"
    if path.suffix == ".png":
        with path.open("rb") as file:
            file.seek(max(0, size - 8))
            if file.read(4) != b"IEND":
                return f"{path.name}: no end mark, so the figure was cut short"
    return None


def _npy_damage(path: Path, size: int) -> str | None:
    """Compare the length of a `.npy` file with its header."""
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(file)
        except ValueError as error:
            return f"{path.name}: not a .npy file ({error})"
        expected = file.tell() + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size != expected:
        return f"{path.name}: {size} bytes where its header announces {expected}"
    return None
