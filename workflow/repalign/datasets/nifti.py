"""Forward-only reading of NIfTI files: one volume in memory, every byte checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from repalign.datasets.nifti_header import (
    FETCH_AGAIN,
    open_stream,
    read_header,
    read_into,
    truncated,
)
from repalign.errors import RepalignError


class NiftiVolumes:
    """Stream the volumes of a 4-D NIfTI file (`.nii` or `.nii.gz`) in file order.

    Iterating reads to the end of the file, so that gzip's own checksum is verified. The array
    that is yielded is one buffer, filled again for each volume: copy what must last.

    Parameters
    ----------
    path : str or Path
        The file. NIfTI-1 or NIfTI-2, either byte order.
    n_volumes_expected : int, optional
        Number of volumes that the file must have.
    check_finite : bool
        Whether NaN or infinity among floating-point values is an error.
    ndim : int
        Number of axes that the image must have: 4, or 3 for a single volume.

    Attributes
    ----------
    shape : tuple of int
        (x, y, z, n_volumes).
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.
    stored_dtype : dtype
        Type in the file, byte order included.
    scl_slope, scl_inter : float
        Scaling: value = stored * slope + inter; 1 and 0 if there is none.

    Raises
    ------
    RepalignError
        If the file is no NIfTI, is truncated or damaged, has another number of axes or volumes,
        holds more data than its header says, or holds values that are not finite.
    """

    def __init__(
        self,
        path: str | Path,
        n_volumes_expected: int | None = None,
        *,
        check_finite: bool = True,
        ndim: int = 4,
    ) -> None:
        self.path = Path(path)
        self._check_finite = check_finite
        self._stream = open_stream(self.path)
        try:
            header = read_header(self._stream, self.path)
            self.shape = header.shape
            self.affine = header.affine
            self.stored_dtype = header.stored_dtype
            self.scl_slope, self.scl_inter = header.scl_slope, header.scl_inter
            self._check_shape(ndim, n_volumes_expected)
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    @property
    def n_volumes(self) -> int:
        """Number of volumes."""
        return self.shape[3] if len(self.shape) == 4 else 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of what is yielded: float32 if scaled, else as stored, in native byte order."""
        return self._values(np.zeros(1, dtype=self.stored_dtype)).dtype

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield each volume, shape (x * y * z,), in Fortran order (x fastest)."""
        raw = np.empty(int(np.prod(self.shape[:3])), dtype=self.stored_dtype)
        view = raw.view(np.uint8).data
        for volume in range(self.n_volumes):
            place = self._place(volume)
            n_missing = len(view) - read_into(self._stream, view, place)
            if n_missing:
                raise truncated(place, f"ends {n_missing} bytes short")
            values = self._values(raw)
            if self._check_finite and values.dtype.kind == "f":
                self._refuse_non_finite(values, volume)
            yield values
        self._refuse_more()

    def _place(self, volume: int) -> str:
        return f"{self.path}, volume {volume + 1} of {self.n_volumes}"

    def _check_shape(self, ndim: int, n_volumes_expected: int | None) -> None:
        if ndim == 3 and self.shape[3:] == (1,):
            self.shape = self.shape[:3]
        if len(self.shape) != ndim or min(self.shape) < 1:
            raise RepalignError(
                f"an image of shape {self.shape}",
                where=self.path,
                expected=f"a {ndim}-D image",
                remedy="Check that this is the right file.",
            )
        if n_volumes_expected is not None and self.n_volumes != n_volumes_expected:
            raise RepalignError(
                f"{self.n_volumes} volumes",
                where=self.path,
                expected=f"{n_volumes_expected} volumes, one a trial",
                remedy="Check that this is the right file; if it is, fetch it again.",
            )

    def _values(self, raw: NDArray[Any]) -> NDArray[Any]:
        if self.scl_slope != 1.0 or self.scl_inter != 0.0:
            scaled = raw.astype(np.float32)
            scaled *= np.float32(self.scl_slope)
            scaled += np.float32(self.scl_inter)
            return scaled
        return raw if raw.dtype.isnative else raw.astype(raw.dtype.newbyteorder("="))

    def _refuse_non_finite(self, values: NDArray[Any], volume: int) -> None:
        bad = ~np.isfinite(values)
        if bad.any():
            first = int(np.argmax(bad))
            raise RepalignError(
                f"{values[first]} ({int(bad.sum())} values that are not finite in this volume)",
                where=f"{self._place(volume)}, voxel {voxel_of(first, self.shape)}",
                expected="finite values",
                remedy="Repeat the step that wrote the file, or fetch it again.",
            )

    def _refuse_more(self) -> None:
        """Read the end of the file, which also verifies gzip's checksum."""
        if read_into(self._stream, bytearray(1), f"{self.path}, end of file"):
            raise RepalignError(
                "more data than the header announces",
                where=f"{self.path}, after volume {self.n_volumes}",
                expected=f"the end: shape {self.shape} of {self.stored_dtype.name}",
                remedy=FETCH_AGAIN,
            )


def voxel_of(position: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the (x, y, z) indices of a position in the Fortran-order flattened volume."""
    return tuple(int(n) for n in np.unravel_index(position, shape[:3], order="F"))


def read_label_volume(path: str | Path) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Read a 3-D image of integer labels, whatever number type it is stored as.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    labels : ndarray, shape (x, y, z), int32
        The labels, in Fortran order.
    affine : ndarray, shape (4, 4), float64
        Voxel indices to millimetres.

    Raises
    ------
    RepalignError
        If the file cannot be read, is not 3-D, or holds anything but whole numbers.
    """
    with NiftiVolumes(path, ndim=3) as image:
        (values,) = (volume.astype(np.float64) for volume in image)
        shape, affine = image.shape, image.affine
    broken = (values != np.round(values)) | (np.abs(values) > np.iinfo(np.int32).max)
    if broken.any():
        first = int(np.argmax(broken))
        raise RepalignError(
            f"the value {values[first]:g}",
            where=f"{path}, voxel {voxel_of(first, shape)}",
            expected="whole numbers: the labels of regions",
            remedy="Use the label image itself; resample one with nearest neighbour only.",
        )
    return values.astype(np.int32).reshape(shape, order="F"), affine
