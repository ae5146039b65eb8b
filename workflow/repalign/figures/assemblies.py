"""What figures of assemblies show: RDMs of regions, and how alike subjects and regions are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from scipy.cluster.hierarchy import leaves_list, linkage

from repalign.errors import RepalignError
from repalign.figures.panels import count, source_note
from repalign.figures.rows import Floats
from repalign.kernels.comparison import rsa
from repalign.kernels.rdm import correlation_rdm, normalise_rdm
from repalign.tables.assemblies import read_assembly


@dataclass(frozen=True)
class RegionSummary:
    """The RDMs of one region, and what is known of its neuroids.

    Attributes
    ----------
    region : str
        Its name.
    stimuli, subjects : tuple of str
        Ids of stimuli, in the order of the file, and of subjects, in the order of the neuroids.
    n_neuroids : tuple of int
        Neuroids of each subject.
    rdm : ndarray, float64, shape (n_pairs,)
        Mean of the correlation distances over subjects; NaN if no subject has an RDM.
    subject_rdms : ndarray, float64, shape (n_subjects, n_pairs)
        RDM of each subject, of mean 0 and norm 1; NaN where all distances are equal.
    ceilings : tuple of ndarray, float64, shape (n_neuroids,)
        Noise ceilings of each subject's neuroids, percent; empty if the file has none.
    """

    region: str
    stimuli: tuple[str, ...]
    subjects: tuple[str, ...]
    n_neuroids: tuple[int, ...]
    rdm: Floats
    subject_rdms: Floats
    ceilings: tuple[Floats, ...]

    @property
    def consistency(self) -> Floats:
        """Return the correlation of the RDMs of all subjects, shape (n_subjects, n_subjects)."""
        return rsa(self.subject_rdms, self.subject_rdms)

    @property
    def order(self) -> npt.NDArray[np.int64]:
        """Return the stimuli as hierarchical clustering orders them, shape (n_stimuli,).

        Average linkage of the mean RDM; the order of the file if there is no RDM.
        """
        if not self.rdm.size or np.isnan(self.rdm).any():
            return np.arange(len(self.stimuli))
        # Distances of constant patterns can be a rounding below 0, which linkage refuses.
        tree = linkage(np.maximum(self.rdm, 0), method="average")
        return np.asarray(leaves_list(tree), np.int64)


def read_summaries(paths: Sequence[str | Path]) -> list[RegionSummary]:
    """Read assemblies of single regions and compute their RDMs, one after the other.

    Parameters
    ----------
    paths : sequence of str or Path
        Assemblies (presentation, neuroid) of the same stimuli and subjects, a region each.

    Returns
    -------
    list of RegionSummary
        In the order of the paths.

    Raises
    ------
    RepalignError
        If a file is no such assembly, or its stimuli or subjects are not those of the first.
    """
    summaries: list[RegionSummary] = []
    for path in paths:
        summary = region_summary(read_assembly(path), path)
        for name in ("stimuli", "subjects"):
            first: tuple[str, ...] = getattr((summaries or [summary])[0], name)
            own: tuple[str, ...] = getattr(summary, name)
            if own != first:
                raise RepalignError(
                    f"{len(own)} {name}, first {own[0]}",
                    where=path,
                    expected=f"the {len(first)} {name} of {paths[0]}, in the same order",
                    remedy="Make all assemblies with the same settings.",
                )
        summaries.append(summary)
    return summaries


def region_summary(assembly: xr.DataArray, where: str | Path) -> RegionSummary:
    """Compute the RDMs of an assembly.

    Parameters
    ----------
    assembly : DataArray, shape (n_presentations, n_neuroids)
        Of one region, each stimulus once.
    where : str or Path
        The file, for messages.

    Returns
    -------
    RegionSummary
        Distances are ``1 - Pearson r`` over the neuroids of a subject, in float64.

    Raises
    ------
    RepalignError
        If it has several regions, a time axis, or stimuli with repetitions.
    """
    stimuli = tuple(assembly["stimulus_id"].values.tolist())
    regions = np.unique(assembly["region"].values)
    wrong = [
        f"{len(regions)} regions" * (len(regions) > 1),
        "a time axis" * (assembly.ndim > 2),
        "stimuli with repetitions" * (len(set(stimuli)) < len(stimuli)),
    ]
    if any(wrong):
        raise RepalignError(
            next(filter(None, wrong)),
            where=where,
            expected="one region, axes (presentation, neuroid), each stimulus once",
            remedy="Name the assemblies of single regions, averaged over repetitions.",
        )
    owners = assembly["subject"].values
    subjects = tuple(dict.fromkeys(owners.tolist()))
    rdms = [
        correlation_rdm(assembly.values[:, owners == subject], None, np.float64)
        for subject in subjects
    ]
    scaled = np.stack([normalise_rdm(rdm) for rdm in rdms])
    known = [rdm for rdm, unit in zip(rdms, scaled, strict=True) if not np.isnan(unit).any()]
    has_ceilings = "nc_testset" in assembly.coords
    return RegionSummary(
        region=str(regions[0]),
        stimuli=stimuli,
        subjects=subjects,
        n_neuroids=tuple(int(np.count_nonzero(owners == subject)) for subject in subjects),
        rdm=np.mean(known, axis=0) if known else np.full(scaled.shape[1], np.nan),
        subject_rdms=scaled,
        ceilings=tuple(
            np.asarray(assembly["nc_testset"].values[owners == subject], np.float64)
            for subject in subjects
            if has_ceilings
        ),
    )


def similarity_of_regions(summaries: Sequence[RegionSummary]) -> Floats:
    """Correlate the mean RDMs of regions, shape (n_regions, n_regions)."""
    scaled = np.stack([normalise_rdm(summary.rdm) for summary in summaries])
    return rsa(scaled, scaled)


def mean_off_diagonal(matrix: Floats) -> float:
    """Average what is above the diagonal; NaN if nothing there has a value."""
    values = matrix[np.triu_indices(len(matrix), 1)]
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def title_of(assembly: str | Path) -> str:
    """Return the title of a figure: the folder of the assemblies, and that of the dataset."""
    folder = Path(assembly).resolve().parent
    return f"Assemblies: {folder.parent.name}/{folder.name}"


def name_region(axes: Axes, summary: RegionSummary, height: float) -> None:
    """Write the name of a region above its panel, at a height in heights of the panel."""
    axes.text(
        0.5, height, summary.region, transform=axes.transAxes, ha="center", va="bottom",
        fontsize=10, fontweight="bold",
    )  # fmt: skip


def describe(summaries: Sequence[RegionSummary], source: str | None) -> str:
    """Return one line on what is shown: stimuli, subjects, and whether they are real."""
    first = summaries[0]
    return (
        f"{len(first.stimuli)} images · {count(len(first.subjects), 'subject')} · "
        f"{source_note(source)}"
    )


def short_names(subjects: Sequence[str]) -> list[str]:
    """Return the numbers of subjects called like ``subj01``, and other names as they are."""
    numbers = [subject.removeprefix("subj") for subject in subjects]
    return [
        str(int(number)) if number.isdecimal() else subject
        for number, subject in zip(numbers, subjects, strict=True)
    ]
