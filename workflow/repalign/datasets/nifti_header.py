"""The header of a NIfTI file, read from the start of a stream and checked."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import nibabel as nib
import numpy as np
from isal import igzip, isal_zlib
from numpy.typing import NDArray

from repalign.errors import RepalignError

_HEADERS = {348: nib.Nifti1Header, 540: nib.Nifti2Header}
_BYTE_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
_GZIP_ERRORS = cast(
    tuple[type[Exception], ...], (EOFError, igzip.BadGzipFile, isal_zlib.error, zlib.error)
)
FETCH_AGAIN = "Fetch the file again and compare its size and checksum with the source's."


@dataclass(frozen=True)
class NiftiHeader:
    """What is needed of a NIfTI header.

    Attributes
    ----------
    shape : tuple of int
        Length of each axis.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    stored_dtype : dtype
        Type in the file, byte order included.
    scl_slope, scl_inter : float
        Scaling: value = stored * slope + inter. Slope 1 and inter 0 if there is none, which a
        slope of 0 or NaN in the file also means.
    """

    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    stored_dtype: np.dtype[Any]
    scl_slope: float
    scl_inter: float


def open_stream(path: Path) -> BinaryIO:
    """Open a file for reading, through the decompressor if it starts like gzip.

    Raises
    ------
    RepalignError
        If there is no such file.
    """
    try:
        plain = path.open("rb")
    except FileNotFoundError as error:
        raise RepalignError(
            "no such file",
            where=path,
            expected="a NIfTI file",
            remedy="Fetch it, or correct its path in the settings.",
        ) from error
    if plain.peek(2)[:2] != b"\x1f\x8b":
        return plain
    plain.close()
    return cast(BinaryIO, igzip.open(path, "rb"))


def read_into(stream: BinaryIO, target: bytearray | memoryview, where: str) -> int:
    """Fill `target` from a stream.

    Returns
    -------
    int
        Number of bytes read: fewer than the target's length only at the end of the file.

    Raises
    ------
    RepalignError
        If the compressed data are truncated or damaged.
    """
    view, n_read = memoryview(target), 0
    try:
        while n_read < len(view):
            n_new = cast(Any, stream).readinto(view[n_read:])
            if not n_new:
                break
            n_read += n_new
    except _GZIP_ERRORS as error:
        raise truncated(where, str(error)) from error
    return n_read


def truncated(where: str, reason: str) -> RepalignError:
    """Return the error for a file that ends early or fails its checksum."""
    return RepalignError(
        f"truncated or damaged data ({reason})",
        where=where,
        expected="a whole file whose checksum is right",
        remedy=FETCH_AGAIN,
    )


def read_header(stream: BinaryIO, path: Path) -> NiftiHeader:
    """Read the header of a single-file NIfTI-1 or NIfTI-2 image and move to its first voxel.

    Parameters
    ----------
    stream : file object
        Open at the start of the (decompressed) file.
    path : Path
        The file's name, for messages.

    Returns
    -------
    NiftiHeader
        The header.

    Raises
    ------
    RepalignError
        If it is no such image, or its values are neither integers nor real numbers.
    """
    header = _parse(stream, path)
    dtype = np.dtype(header.get_data_dtype())
    if dtype.kind not in "iuf":
        raise RepalignError(
            f"values of type {dtype}",
            where=path,
            expected="integers or real floating-point numbers",
            remedy="Check that this is the right file.",
        )
    n_skipped = max(int(header["vox_offset"]) - int(header["sizeof_hdr"]), 0)
    read_into(stream, bytearray(n_skipped), f"{path}, header")
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    unscaled = slope == 0 or not np.isfinite(slope)
    return NiftiHeader(
        shape=tuple(int(n) for n in header.get_data_shape()),
        affine=np.asarray(header.get_best_affine(), dtype=np.float64),
        stored_dtype=dtype,
        scl_slope=1.0 if unscaled else slope,
        scl_inter=0.0 if unscaled or not np.isfinite(inter) else inter,
    )


def _parse(stream: BinaryIO, path: Path) -> nib.Nifti1Header:
    """Read as many bytes as the first four say; return nibabel's view of them."""
    start = bytearray(4)
    n_read = read_into(stream, start, f"{path}, header")
    for order in _BYTE_ORDERS:
        size = int.from_bytes(start, order)
        if n_read == 4 and size in _HEADERS:
            rest = bytearray(size - 4)
            if read_into(stream, rest, f"{path}, header") < len(rest):
                raise truncated(f"{path}, header", "ends within the header")
            header = _HEADERS[size](bytes(start + rest), endianness=order, check=False)
            if bytes(header["magic"].item()).startswith(b"n+"):
                return header
    raise RepalignError(
        f"first bytes {bytes(start[:n_read])!r}, which begin no NIfTI header",
        where=path,
        expected="a single-file NIfTI image (.nii or .nii.gz)",
        remedy=FETCH_AGAIN,
    )
