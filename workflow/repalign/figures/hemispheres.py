"""Left against right hemisphere: numbers of the three figures of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.errors import RepalignError
from repalign.figures.hubs import hub_columns
from repalign.figures.numbers import Numbers
from repalign.figures.palette import MEASURE_NAMES
from repalign.figures.rows import Floats, mean_of_known
from repalign.figures.scatter import correlations
from repalign.kernels.paired import PairedTest, paired_t
from repalign.kernels.pvalues import benjamini_hochberg
from repalign.tables.hubs import HUB_NAMES
from repalign.tables.prepared import joined_ids

Correction = Literal["fdr_bh", "none"]

HUB_FAMILY = (
    ("intersubject", "visual_cortex"), ("intersubject", "ventral_hub"),
    ("intersubject", "dorsal_hub"), ("vision", "visual_cortex"), ("vision", "ventral_hub"),
    ("vision", "dorsal_hub"), ("language", "dorsal_hub"),
)  # fmt: skip
"""The seven tests that are corrected together: language aligns with the last hub alone."""


@dataclass(frozen=True)
class Halves:
    """The areas that both hemispheres have.

    Attributes
    ----------
    areas : tuple of int
        Ids with hemispheres joined, ascending.
    left, right : tuple of int
        Ids of the regions of each area.
    """

    areas: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    def columns(self, rois: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return where left and right regions are among some ids."""
        place = {roi: k for k, roi in enumerate(rois)}
        return [place[roi] for roi in self.left], [place[roi] for roi in self.right]

    def partners(self, rois: Sequence[int]) -> list[int]:
        """Return for each id the region of the other hemisphere; itself if there is none."""
        other = dict(zip((*self.left, *self.right), (*self.right, *self.left), strict=True))
        return [other.get(roi, roi) for roi in rois]


def halves_of(regions: pd.DataFrame) -> Halves:
    """Pair the regions of the two hemispheres.

    Parameters
    ----------
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.

    Returns
    -------
    Halves
        Areas of one hemisphere alone are left out.

    Raises
    ------
    RepalignError
        If no area has both.
    """
    frame = regions.assign(joined=joined_ids(regions))
    sides = {
        side: frame[frame["hemisphere"] == side].set_index("joined")["roi"].astype(int)
        for side in ("lh", "rh")
    }
    areas = sorted(set(sides["lh"].index) & set(sides["rh"].index))
    if not areas:
        raise RepalignError(
            "no area with regions in both hemispheres",
            where="regions",
            expected="at least one pair of left and right regions",
            remedy="Choose regions that have both.",
        )
    left, right = (tuple(int(sides[side][area]) for area in areas) for side in ("lh", "rh"))
    return Halves(tuple(int(area) for area in areas), left, right)


@dataclass(frozen=True)
class Asymmetry:
    """Left and right of one measure.

    Attributes
    ----------
    left, right : ndarray, shape (n_subjects, n_areas)
        One value a subject and area.
    test : PairedTest
        Left against right over subjects, of shape (n_areas,).
    p : ndarray, shape (n_areas,)
        What marks depend on: corrected over areas, or not.
    significant : ndarray of bool, shape (n_areas,)
        Areas whose joined similarity differs from permutations.
    """

    left: Floats
    right: Floats
    test: PairedTest
    p: Floats
    significant: npt.NDArray[np.bool_]

    @property
    def marked(self) -> npt.NDArray[np.bool_]:
        """Return where left and right differ, shape (n_areas,)."""
        marked: npt.NDArray[np.bool_] = self.p <= 0.05
        return marked


def asymmetry(left: Floats, right: Floats, p_joined: Floats, correction: Correction) -> Asymmetry:
    """Test left against right, area by area.

    Parameters
    ----------
    left, right : ndarray, shape (n_subjects, n_areas)
        One value a subject and area.
    p_joined : ndarray, shape (n_areas,)
        Corrected p-values of the joined areas; NaN where untested.
    correction : {'fdr_bh', 'none'}
        Of the tests over areas: Benjamini-Hochberg, or none, as published.

    Returns
    -------
    Asymmetry
        Of all areas.
    """
    test = paired_t(left, right)
    p = benjamini_hochberg(test.p) if correction == "fdr_bh" else test.p
    return Asymmetry(left, right, test, p, p_joined <= 0.05)


def scatter_numbers(measures: Mapping[str, Asymmetry], labels: Sequence[str]) -> Numbers:
    """Return the numbers of the scatter of left and right, area by area."""
    numbers = Numbers()
    for measure, found in measures.items():
        panel = MEASURE_NAMES[measure]
        numbers.columns(
            panel,
            labels,
            {
                "left": mean_of_known(found.left),
                "right": mean_of_known(found.right),
                "t": found.test.t,
                "p": found.test.p,
                "p_of_marks": found.p,
                "joined_significant": found.significant.astype(float),
            },
        )
        left, right = mean_of_known(found.left), mean_of_known(found.right)
        for item, chosen in (("all areas", ...), ("significant areas", found.significant)):
            r, rho, n = correlations(left[chosen], right[chosen])
            for quantity, value in (("pearson_r", r), ("spearman_rho", rho), ("n", float(n))):
                numbers.add(panel, item, quantity, value)
    return numbers


@dataclass(frozen=True)
class HubAsymmetry:
    """Left less right of every hub and measure.

    Attributes
    ----------
    hubs : tuple of str
        Hubs with regions in both hemispheres.
    difference : dict of (measure, hub) to ndarray, shape (n_subjects,)
        Mean of the left regions less mean of the right ones.
    test : dict of (measure, hub) to PairedTest
        Scalars.
    p : dict of (measure, hub) to float
        Corrected within `HUB_FAMILY`; NaN outside of it.
    """

    hubs: tuple[str, ...]
    difference: Mapping[tuple[str, str], Floats]
    test: Mapping[tuple[str, str], PairedTest]
    p: Mapping[tuple[str, str], float]


def hub_asymmetry(
    values: Mapping[str, Floats], regions: pd.DataFrame, rois: Sequence[int]
) -> HubAsymmetry:
    """Test left against right in every hub.

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n_subjects, n_rois)
        Of separated hemispheres, by measure.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    rois : sequence of int
        Ids of the columns.

    Returns
    -------
    HubAsymmetry
        Of the hubs that both hemispheres have.
    """
    sides = {
        side: hub_columns(regions, rois, joined=False, hemisphere=side) for side in ("lh", "rh")
    }
    hubs = tuple(hub for hub in sides["lh"] if hub in sides["rh"])
    difference, test = {}, {}
    for measure, value in values.items():
        for hub in hubs:
            left, right = (
                mean_of_known(value[:, sides[side][hub]], axis=1) for side in ("lh", "rh")
            )
            difference[measure, hub] = left - right
            test[measure, hub] = paired_t(left, right)
    family = [key for key in HUB_FAMILY if key in test]
    corrected = benjamini_hochberg(np.array([float(test[key].p) for key in family]))
    p = dict.fromkeys(test, float("nan")) | dict(zip(family, corrected.tolist(), strict=True))
    return HubAsymmetry(hubs, difference, test, p)


def hub_numbers(hubs: HubAsymmetry, subjects: Sequence[int]) -> Numbers:
    """Return the numbers of the figure of hubs."""
    numbers = Numbers()
    for (measure, hub), difference in hubs.difference.items():
        panel, item = MEASURE_NAMES[measure], HUB_NAMES[hub]
        for subject, value in zip(subjects, difference, strict=True):
            numbers.add(panel, item, f"left - right, subject {subject}", float(value))
        test = hubs.test[measure, hub]
        for quantity, number in (
            ("mean_difference", test.difference), ("t", test.t), ("df", test.df), ("p", test.p),
            ("p_fdr_bh", hubs.p[measure, hub]),
        ):  # fmt: skip
            numbers.add(panel, item, quantity, float(number))
    return numbers


@dataclass(frozen=True)
class Crossing:
    """Inter-subject similarity within and across hemispheres; all of shape (n_areas,).

    Attributes
    ----------
    joined : ndarray
        Both hemispheres as one region.
    within : ndarray
        Mean of left with left and right with right.
    across : ndarray
        Left region of one subject with the right region of another, both ways.
    """

    joined: Floats
    within: Floats
    across: Floats


def cross_numbers(crossing: Crossing, labels: Sequence[str]) -> Numbers:
    """Return the numbers of the figure of crossed hemispheres."""
    numbers = Numbers()
    for name, x in (("joined", crossing.joined), ("within", crossing.within)):
        panel = f"{name} and across hemispheres"
        numbers.columns(panel, labels, {name: x, "across": crossing.across})
        r, rho, n = correlations(x, crossing.across)
        for quantity, value in (("pearson_r", r), ("spearman_rho", rho), ("n", float(n))):
            numbers.add(panel, "all areas", quantity, value)
    return numbers
