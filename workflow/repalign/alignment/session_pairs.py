"""Two subjects compared session by session: those of the first, trials of the second from any."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.alignment.pairs import compare_regions
from repalign.alignment.rdm_sets import write_rdm_set
from repalign.alignment.vectors import VectorMaker
from repalign.datasets.matching import match_sessions
from repalign.tables.rdm_store import RdmReader

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SessionComparer:
    """Compares two subjects in each session of the first.

    Attributes
    ----------
    responses : (Path, Path)
        Matrices of subject i and of subject j, one a region.
    groups : mapping of int to sequence of int
        Regions that are taken together, by their id in tables.
    maker : callable
        From the keys of the trials, (n_trials,), to what is computed of each region.
    min_trials : int
        With fewer matched trials all similarities are NaN, and the log says so.
    memory_mb : int
        Memory that may be used, in MiB.
    device : {"cpu", "cuda"}
        Where the products are formed.
    """

    responses: tuple[Path, Path]
    groups: Mapping[int, Sequence[int]]
    maker: Callable[[Rows], VectorMaker]
    min_trials: int
    memory_mb: int
    device: str = "cpu"

    def __call__(
        self,
        trials: pd.DataFrame,
        pair: tuple[int, int],
        n_repetitions: int,
        stimuli: Rows | None,
        scratch: Path,
    ) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
        """Compare all regions of i with all regions of j, session by session.

        Parameters
        ----------
        trials : DataFrame
            Trials of a prepared dataset.
        pair : (int, int)
            Subjects i and j.
        n_repetitions : int
            Showings of a stimulus at most.
        stimuli : ndarray of int64, shape (n,), optional
            Stimuli that take part; all, if not given.
        scratch : Path
            An existing folder for the vectors of one session at a time
            (2 * n_rois * n_pairs * 4 bytes).

        Yields
        ------
        session : int
            Each session of i, in order.
        similarity : ndarray of float64, shape (n_rois, n_rois)
            Regions of i x regions of j; NaN where undefined.

        Notes
        -----
        Clip limits and RDMs are those of the matched trials of the session, on either side. The
        sessions of j differ, so (i, j) is not the transpose of (j, i).
        """
        for session, keys, *rows in match_sessions(trials, *pair, n_repetitions, stimuli):
            with tempfile.TemporaryDirectory(dir=scratch) as folder:
                x, y = (
                    self._vectors(Path(folder) / name, responses, keys, own)
                    for name, responses, own in zip("xy", self.responses, rows, strict=True)
                )
                yield session, compare_regions(x, y, self.device)

    def _vectors(self, folder: Path, responses: Path, keys: Rows, rows: Rows) -> RdmReader:
        """Compute the vectors of one side."""
        folder.mkdir()
        write_rdm_set(
            folder,
            responses,
            self.groups,
            keys,
            rows,
            self.maker(keys),
            min_trials=self.min_trials,
            memory_mb=self.memory_mb,
        )
        return RdmReader(folder)
