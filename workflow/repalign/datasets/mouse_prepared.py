"""Mouse scans as a prepared dataset: a scan is a subject, an area or a layer of one a region."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.mouse_findings import refuse_scan, rows_text
from repalign.datasets.mouse_index import IndexedScan
from repalign.datasets.mouse_regions import neurons_of
from repalign.datasets.mouse_statistics import standardised, statistics_of
from repalign.datasets.response_folder import quality_table, region_file, write_quality_table
from repalign.datasets.trial_table import trials_of_presentations
from repalign.tables.atomic import atomic_folder

log = logging.getLogger("repalign")
MOST_IMAGES = 2**16
"""Numbers of images are below this: draws of images permute so many."""


def mouse_stimuli(scans: Sequence[IndexedScan]) -> pd.DataFrame:
    """List the images that scans show.

    Parameters
    ----------
    scans : sequence of IndexedScan
        The scans that are compared, in the order of the subjects.

    Returns
    -------
    DataFrame
        The columns of `STIMULI["mouse"]`, a row an image, ordered by number. `stimulus` is the
        number that the scans give it, whatever scans take part. `file` is where its first
        showing is: data key and file number. `subset` is its tier, and empty if it is in
        different tiers in different scans; a warning counts those.

    Raises
    ------
    RepalignError
        If images of one number have different pixels or classes, so that mice would be compared
        on different pictures, or a number is implausibly large.
    """
    shown = pd.concat(
        [
            scan.trials.assign(place=[f"{scan.key}/{n}" for n in scan.trials["file"]])
            for scan in scans
        ]
    )
    by_number = shown.groupby("image_id")
    for column, what in (("image_class", "classes"), ("pixels", "pixels")):
        kinds = by_number[column].nunique()
        wrong = kinds.index[kinds > 1].tolist()
        if wrong:
            places = by_number.get_group(wrong[0]).drop_duplicates(column)["place"].tolist()
            raise refuse_scan(
                f"different {what} of image {wrong[0]} in {rows_text(places)}, and of "
                f"{len(wrong) - 1} more images",
                "mouse.stimulus_set",
                "scans that show the same images under the same numbers",
                "Choose scans of one stimulus set with mouse.stimulus_set or mouse.scans.",
            )
    stimuli = shown.drop_duplicates("image_id").sort_values("image_id", ignore_index=True)
    if stimuli["image_id"].max() >= MOST_IMAGES:
        found = f"image {stimuli['image_id'].max()}"
        raise refuse_scan(found, "meta/trials", f"numbers of images below {MOST_IMAGES}")
    mixed = by_number["tier"].nunique().to_numpy() > 1
    if mixed.any():
        names = rows_text(stimuli.loc[mixed, "stimulus_id"].tolist())
        log.warning("%d images are in different tiers in different scans: %s", mixed.sum(), names)
    return pd.DataFrame(
        {
            "stimulus": stimuli["image_id"].astype(np.uint32),
            "image_id": stimuli["image_id"].astype(np.uint32),
            "image_class": stimuli["image_class"].astype(str),
            "stimulus_id": stimuli["stimulus_id"].astype(str),
            "pixels": stimuli["pixels"].astype(str),
            "subset": np.where(mixed, "", stimuli["tier"].astype(str)),
            "file": stimuli["place"].astype(str),
        }
    ).astype({"subset": "str"})


def mouse_trials(scans: Mapping[int, IndexedScan]) -> pd.DataFrame:
    """List the trials of subjects, in the order of presentation.

    Parameters
    ----------
    scans : mapping of int to IndexedScan
        The scan of each subject.

    Returns
    -------
    DataFrame
        The columns of `TRIALS`: one session and run a subject. Trials without responses are left
        out, whatever their tier.

    Raises
    ------
    RepalignError
        If the responses to the test images of a scan are withheld.
    """
    shown = []
    for subject, scan in scans.items():
        if "test" in scan.facts["withheld"]:
            raise refuse_scan(
                f"no responses to test images of scan {scan.key}",
                "mouse.withheld",
                "scans that can be compared with others",
                f"Add {scan.key} to mouse.withheld, so that it is left out of comparisons.",
            )
        columns = {"subject": subject, "session": 1, "run": 1}
        shown.append(
            pd.DataFrame({**columns, "stimulus": responding(scan)["image_id"].to_numpy()})
        )
    return trials_of_presentations(pd.concat(shown, ignore_index=True))


def responding(scan: IndexedScan) -> pd.DataFrame:
    """Return the trials that have responses, in the order of presentation.

    Parameters
    ----------
    scan : IndexedScan
        The scan.
    """
    return scan.trials.loc[~scan.trials["withheld"]].sort_values("order")


def check_trials(scan: IndexedScan, trials: pd.DataFrame, where: str | Path) -> None:
    """Refuse the trials of a subject if they are not those of its scan.

    Parameters
    ----------
    scan : IndexedScan
        The scan.
    trials : DataFrame
        Its trials in the prepared dataset.
    where : str or Path
        Their file.

    Raises
    ------
    RepalignError
        If their number or the counted repetitions differ.
    """
    own = responding(scan)
    same = len(own) == len(trials) and np.array_equal(own["repetition"], trials["repetition"])
    if not same:
        raise refuse_scan(
            f"{len(trials)} trials, or other repetitions than in the scan",
            str(where),
            f"the {len(own)} trials of scan {scan.key}",
            "Delete trials.parquet and run the workflow again.",
        )


def training_std(scan: IndexedScan) -> npt.NDArray[np.float64]:
    """Return the standard deviation of each neuron over the training trials, ddof 1.

    Parameters
    ----------
    scan : IndexedScan
        The scan.

    Returns
    -------
    ndarray of float64, shape (n_neurons,)

    Raises
    ------
    RepalignError
        If there are fewer than two such trials.
    """
    rows = scan.of_tier("train")["file"].to_numpy()
    if len(rows) < 2:
        raise refuse_scan(
            f"{len(rows)} training trials with responses",
            str(scan.folder),
            "two or more, to standardise by",
            "Set mouse.scale: raw, or leave the scan out of mouse.scans.",
        )
    return statistics_of(np.asarray(scan.responses[rows]), "responses")["std"]


def write_responses(
    folder: str | Path,
    scan: IndexedScan,
    regions: Mapping[int, str],
    *,
    scale: str,
    keep: npt.NDArray[np.bool_],
) -> None:
    """Write a matrix a region, in the layout of every prepared dataset.

    Parameters
    ----------
    folder : str or Path
        Folder to make: `roi-001.npy` ... of shape (n_trials, n_neurons) float32, and
        `regions.tsv`.
    scan : IndexedScan
        The scan.
    regions : mapping of int to str
        Regions by number; one without neurons has a matrix without columns.
    scale : {"raw", "standardised"}
        Responses as stored, or divided by their standard deviation over training trials.
    keep : ndarray of bool, shape (n_neurons,)
        Neurons that take part.
    """
    order = responding(scan)["file"].to_numpy()
    responses = np.asarray(scan.responses[order])
    if scale == "standardised":
        responses = standardised(responses, training_std(scan))
    counts, dead = [], []
    with atomic_folder(folder) as temporary:
        for roi, region in regions.items():
            rows = neurons_of(scan.neurons, region)
            matrix = np.ascontiguousarray(responses[:, rows[keep[rows]]])
            np.save(temporary / region_file(roi), matrix, allow_pickle=False)
            counts.append(matrix.shape[1])
            dead.append(int((matrix == matrix[:1]).all(axis=0).sum()))
            if not counts[-1]:
                log.warning("scan %s: no neuron in region %s", scan.key, region)
        write_quality_table(temporary, quality_table(list(regions), counts, dead))
