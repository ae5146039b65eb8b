"""Components that subjects share in each region, from the Gram matrices of the subjects."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from repalign.errors import RepalignError
from repalign.kernels.mcca import DegenerateError, fit_mcca
from repalign.kernels.mcca_folds import heldout_correlation
from repalign.kernels.views import Matrix, centred, decompose, rbf_gram
from repalign.models.kmcca_tables import COMPONENTS
from repalign.tables.columns import table_of
from repalign.tables.gram_store import Grams
from repalign.tables.hubs import HUBS, ROIS, roi_areas
from repalign.tables.progress import progress

log = logging.getLogger("repalign")
Ids = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
Kernel = Literal["linear", "rbf"]


@dataclass(frozen=True)
class FitOptions:
    """Choices of a fit; the settings `kmcca` describe them."""

    regularisation: float
    kernel: Kernel
    n_components: int
    signal_rank: int | None
    n_folds: int
    seed: int


def shared_components(subjects: Sequence[Grams], options: FitOptions) -> Iterator[pa.Table]:
    """Fit the shared components of every region that there is.

    Parameters
    ----------
    subjects : sequence of Grams
        Gram matrices of each subject, of the same areas.
    options : FitOptions
        Choices of the fit.

    Yields
    ------
    pyarrow.Table
        Rows of `COMPONENTS` of a region, in the order of `ROIS`. Signs are those of the largest
        entries.

    Raises
    ------
    RepalignError
        Naming the region and the setting, if there are too few images, or too little
        regularisation; or if no region has responses in two subjects.
    """
    found = roi_areas(list(subjects[0].by_area))
    _say_what_is_missing(found)
    fitted = 0
    for roi, areas in progress(found.items(), "regions", total=len(found)):
        views = [
            (one.images, kernel)
            for one in subjects
            if (kernel := _kernel(one, areas, options.kernel)) is not None
        ]
        if len(views) < len(subjects):
            log.warning("%s: %d of %d subjects have responses", roi, len(views), len(subjects))
        if len(views) >= 2:
            fitted += 1
            yield _fit(roi, areas, views, options)
        else:
            log.warning("%s: left out, as there is nothing to share", roi)
    if not fitted:
        raise RepalignError(
            "no region with responses in two subjects",
            where=f"areas {', '.join(subjects[0].by_area)} of {len(subjects)} subject(s)",
            expected="at least one",
            remedy="Select more subjects in nsd.subjects, or more areas in nsd.regions.",
        )


def _say_what_is_missing(found: dict[str, list[str]]) -> None:
    """Log regions that are left out, and hubs that are not whole."""
    left_out = [roi for roi in ROIS if roi not in found]
    if left_out:
        log.warning("left out, as nsd.regions does not select them: %s", ", ".join(left_out))
    for hub, areas in HUBS.items():
        lacking = [area for area in areas if area not in found.get(hub, areas)]
        if lacking:
            log.warning("%s is INCOMPLETE: nsd.regions has no %s", hub, ", ".join(lacking))


def _kernel(subject: Grams, areas: list[str], kernel: Kernel) -> Matrix | None:
    """Return a subject's kernel of some areas taken together; None without any voxel."""
    if not sum(subject.n_voxels[area] for area in areas):
        return None
    gram: Matrix = np.sum([subject.by_area[area] for area in areas], axis=0)
    return rbf_gram(gram) if kernel == "rbf" else centred(gram)


def _fit(
    roi: str, areas: list[str], views: list[tuple[Ids, Matrix]], options: FitOptions
) -> pa.Table:
    """Fit one region and put its components into rows."""
    images = np.unique(np.concatenate([ids for ids, _ in views]))
    if len(images) < options.n_components + 2:
        raise RepalignError(
            f"{len(images)} images for {options.n_components} components",
            where=f"region {roi}",
            expected=f"at least {options.n_components + 2} images",
            remedy="Set kmcca.images: union, or use subjects with more sessions.",
        )
    rows = [np.searchsorted(images, ids) for ids, _ in views]
    kappa, n = options.regularisation, options.n_components
    try:
        parts = [
            decompose(kernel, own, signal_rank=options.signal_rank)
            for (_, kernel), own in zip(views, rows, strict=True)
        ]
        fit = fit_mcca(parts, len(images), regularisation=kappa, n_components=n)
        heldout = heldout_correlation(
            [kernel for _, kernel in views],
            rows,
            len(images),
            regularisation=kappa,
            n_components=n,
            signal_rank=options.signal_rank,
            n_folds=options.n_folds,
            seed=options.seed,
        )
    except ValueError as error:
        raise _refused(roi, options, error) from error
    log.info("%s: eigenvalues %s, held-out correlations %s", roi, *map(_listed,
             (fit.eigenvalues, heldout)))  # fmt: skip
    return table_of(
        COMPONENTS,
        {
            "roi": roi,
            "component": np.repeat(np.arange(1, n + 1), len(images)),
            "nsd_id": np.tile(images, n),
            "score": fit.projections.T.ravel(),
            "eigenvalue": np.repeat(fit.eigenvalues, len(images)),
            "shared_percent": np.repeat(fit.shared_percent, len(images)),
            "heldout_correlation": np.repeat(heldout, len(images)),
            "n_subjects": len(views),
            "areas": " ".join(areas),
        },
    )


def _listed(values: Float64) -> str:
    """Return numbers for people."""
    return ", ".join(f"{value:.3f}" for value in values)


def _refused(roi: str, options: FitOptions, error: ValueError) -> RepalignError:
    """Say which setting makes a fit possible."""
    if isinstance(error, DegenerateError):
        return RepalignError(
            str(error),
            where=f"kmcca.regularisation: {options.regularisation:g}, region {roi}",
            expected="a regularisation above 0, or few dimensions a subject",
            remedy="Set kmcca.regularisation to 0.9, or kmcca.signal_rank to 50.",
        )
    return RepalignError(
        str(error),
        where=f"shared components of region {roi}",
        expected="responses that differ between images, in every fold",
        remedy="Use fewer kmcca.folds, or subjects with more sessions.",
    )
