"""Plain RSA of hubs beside partial RSA with the hub's own first component held constant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from repalign.figures.hub_contrasts import (
    Comparison,
    compare,
    plot_comparison,
    subject_diagonals,
)
from repalign.figures.kmcca import read_columns
from repalign.figures.nothing import NothingToShowError
from repalign.figures.palette import BLUE, GREY
from repalign.figures.parcels import HUB_TITLES
from repalign.tables.hubs import HUBS
from repalign.tables.prepared import region_labels

PLAIN = "uncontrolled"
COMPONENT = "cca_1"
COLUMNS = ("roi_x", "roi_y", "similarity", "subject_i", "subject_j", "control")
CONDITIONS = ("plain RSA", "own hub's component 1 held constant")


def partial_comparison(
    table: str | Path,
    regions: pd.DataFrame,
    subjects: Sequence[int],
    *,
    joined: bool,
    test: str = "paired",
) -> Comparison:
    """Compare both for each hub, averaged over its regions.

    Parameters
    ----------
    table : str or Path
        Inter-subject partial RSA, shift 1.
    regions : DataFrame
        As read by `repalign.tables.prepared.read_regions`.
    subjects : sequence of int
        Subjects that the table has.
    joined : bool
        Whether its regions join both hemispheres.
    test : {'paired', 'welch'}
        Which test; corrected by Bonferroni over the hubs.

    Returns
    -------
    Comparison
        Of the hubs that have regions and a control.

    Raises
    ------
    NothingToShowError
        If no hub has both, as with control tables of one's own.
    """
    frame = read_columns(table, COLUMNS)
    frame["control"] = frame["control"].astype(str)
    names = region_labels(regions, joined=joined)["name"]
    rois = [int(roi) for roi in names.index]
    controls = set(frame["control"])
    groups = {}
    for hub, areas in HUBS.items():
        members = [roi for roi, name in zip(rois, names, strict=True) if name in areas]
        control = f"{hub}_{COMPONENT}"
        if members and control in controls:
            first, second = (
                subject_diagonals(frame[frame["control"] == name], subjects, rois, table)
                for name in (PLAIN, control)
            )
            groups[HUB_TITLES[hub]] = (members, first, second)
    if not groups:
        raise NothingToShowError(
            f"controls {', '.join(sorted(controls))}",
            where=table,
            expected=f"controls such as {next(iter(HUBS))}_{COMPONENT}, and regions of that hub",
            remedy="Set nsd.controls to `computed` and select regions of a hub.",
        )
    return compare(groups, rois, subjects, CONDITIONS, test=test, correction="bonferroni")


def plot_partial(
    comparison: Comparison, table: str | Path, *, source: str | None = None
) -> Figure:
    """Draw both conditions of each hub.

    Parameters
    ----------
    comparison : Comparison
        As from `partial_comparison`.
    table : str or Path
        File that it is from.
    source : str, optional
        Whether the data are real or simulated.
    """
    return plot_comparison(
        comparison,
        [(GREY, BLUE)] * len(comparison.groups),
        "What the first shared component explains of inter-subject RSA",
        "A point is a subject: mean over all other subjects and the regions of the hub; lines "
        "join a subject's two values",
        table,
        source=source,
    )
