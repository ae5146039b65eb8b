"""The figures of networks: backbones of similarity between regions, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from repalign.figures.backbone import LEVEL, Network, make_network, network_numbers
from repalign.figures.model_scores import DepthSummary
from repalign.figures.network_panels import Drawing, plot_networks
from repalign.figures.nothing import NothingToShowError
from repalign.figures.pair_cubes import PairCube
from repalign.figures.panels import count, source_note
from repalign.figures.parcels import TOP_30, Parcels
from repalign.figures.peak_depth import depth_models, subject_depth
from repalign.figures.rows import Floats, mean_of_known
from repalign.kernels.paired import PairedTests, paired_tests

N_TREES, N_BRAIN_TREES = 2, 3


@dataclass(frozen=True)
class Networks:
    """What figures of networks are drawn from.

    Attributes
    ----------
    table : Path
        The table of similarities, named in titles.
    parcels : Parcels
        Its regions, hemispheres joined.
    cubes : mapping of str to PairCube
        `all` images, or `animate` and `inanimate` ones; those that the figure needs.
    summary : DepthSummary
        Of subject-model RSA of the same regions.
    modalities : mapping of str to sequence of str
        Models of each modality.
    significant : frozenset of int
        Regions that are significantly alike across subjects, for the figure that shows these.
    """

    table: Path
    parcels: Parcels
    cubes: Mapping[str, PairCube]
    summary: DepthSummary
    modalities: Mapping[str, Sequence[str]]
    significant: frozenset[int] = field(default=frozenset())

    @property
    def modality(self) -> str:
        """Return the modality of the models whose depth is shown."""
        return depth_models(self.modalities)[0]

    @cached_property
    def depth(self) -> Floats:
        """Return the peak depth of each subject and region, shape (n_subjects, n_rois)."""
        return subject_depth(self.summary, depth_models(self.modalities)[1])

    @cached_property
    def tests(self) -> PairedTests:
        """Return the tests of all pairs of regions."""
        return paired_tests(self.depth)

    def network(
        self, title: str, rois: Sequence[int], similarity: Floats, n_trees: int = N_TREES
    ) -> Network:
        """Return the backbone of some regions with arrows from the tests of all regions."""
        at = np.array([self.summary.rois.index(roi) for roi in rois])
        pick = np.ix_(at, at)
        tests = PairedTests(*(values[pick] for values in self.tests))
        depth = mean_of_known(self.depth)[at]
        return make_network(title, self.nodes(rois), similarity, depth, n_trees, tests)

    def nodes(self, rois: Sequence[int]) -> tuple[list[str], list[str]]:
        """Return names and hubs of regions."""
        names = self.parcels.names
        return [names[roi] for roi in rois], [self.parcels.hub_name(roi) for roi in rois]


def draw_networks(
    name: str, content: Networks, *, source: str | None = None
) -> tuple[Figure, pd.DataFrame]:
    """Draw a figure of networks.

    Parameters
    ----------
    name : str
        A key of `NETWORK_FIGURES`.
    content : Networks
        What it is drawn from.
    source : str, optional
        Whether the data are real or simulated.

    Returns
    -------
    figure : Figure
    numbers : DataFrame
        The drawn edges.

    Raises
    ------
    NothingToShowError
        If too few of the regions that the figure shows are there.
    """
    subtitle, make, drawing = NETWORK_FIGURES[name]
    networks = make(content)
    path = content.table.resolve()
    note = f"{count(len(content.summary.subjects), 'subject')} · {source_note(source)}"
    if any((network.direction != 0).any() for network in networks):
        note += f" · arrows: to the deeper region, paired t test, FDR ≤ {LEVEL:g}"
    headline = (f"Networks: {path.parent.name}/{path.stem}", subtitle, note)
    figure = plot_networks(networks, headline, drawing, content.modality)
    return figure, network_numbers(networks)


def _inter(content: Networks) -> list[Network]:
    rois = content.parcels.require(TOP_30, 2)
    return [content.network("Between subjects", rois, content.cubes["all"].of_rois(rois).inter())]


def _within(content: Networks) -> list[Network]:
    rois = content.parcels.require(TOP_30, 2)
    return [content.network("Within subjects", rois, content.cubes["all"].of_rois(rois).within())]


def _brain(content: Networks) -> list[Network]:
    rois = [roi for roi in content.parcels.rois if roi in content.significant]
    if len(rois) < 2:
        raise NothingToShowError(
            f"{count(len(rois), 'region')} significantly alike across subjects",
            where=content.table,
            expected="at least two, for a network",
            remedy="Look at the p-values; with few subjects or images nothing may be significant.",
        )
    similarity = content.cubes["all"].of_rois(rois).inter()
    title = f"{count(len(rois), 'region')} significantly alike across subjects"
    return [content.network(title, rois, similarity, N_BRAIN_TREES)]


def _partitions(content: Networks) -> list[Network]:
    rois = content.parcels.require(TOP_30, 2)
    titles = {
        "animate": "Images with animate objects",
        "inanimate": "Images without animate objects",
    }
    return [
        content.network(title, rois, content.cubes[name].of_rois(rois).inter())
        for name, title in titles.items()
    ]


def _areas(content: Networks) -> list[Network]:
    groups = content.parcels.groups()
    members = [[content.summary.rois.index(roi) for roi in rois] for rois in groups.values()]
    inter = content.cubes["all"].inter()
    similarity = np.array([
        [float(mean_of_known(inter[np.ix_(own, other)].reshape(-1))) for other in members]
        for own in members
    ])  # fmt: skip
    depth = np.stack([mean_of_known(content.depth[:, own].T) for own in members], axis=1)
    nodes = list(groups), [""] * len(groups)
    return [
        make_network(
            count(len(groups), "group") + " of areas",
            nodes,
            similarity,
            mean_of_known(depth),
            N_TREES,
            paired_tests(depth),
        )
    ]


def _subjects(content: Networks) -> list[Network]:
    rois = content.parcels.require(TOP_30, 2)
    cube = content.cubes["all"].of_rois(rois)
    at = [content.summary.rois.index(roi) for roi in rois]
    own, subjects = cube.of_subjects(), content.summary.subjects
    return [
        make_network(
            f"Subject {subject}",
            content.nodes(rois),
            own[cube.subjects.index(subject)].astype(np.float64),
            content.depth[k, at],
            1,
        )
        for k, subject in enumerate(subjects)
    ]


_LARGE = Drawing((1000, 760), 1, node=11, font=7)

NETWORK_FIGURES: dict[str, tuple[str, Callable[[Networks], list[Network]], Drawing]] = {
    "inter": ("Backbone of the similarity of regions across subjects", _inter, _LARGE),
    "within": ("Backbone of the similarity of regions within subjects", _within, _LARGE),
    "brain": (
        "Backbone of the whole brain",
        _brain,
        Drawing((1400, 1100), 1, node=9, font=5.5),
    ),
    "partitions": (
        "Backbones on images with and without animate objects",
        _partitions,
        Drawing((820, 700), 2),
    ),
    "areas": (
        "Backbone of groups of areas, across subjects",
        _areas,
        Drawing((1160, 780), 1, node=11, margin=210, font=7),
    ),
    "subjects": (
        "Backbone within each subject: the tree of largest similarity",
        _subjects,
        Drawing((560, 460), 3, node=7, font=5),
    ),
}
"""Subtitle, function and sizes of each figure."""
