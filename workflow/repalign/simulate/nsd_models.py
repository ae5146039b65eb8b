"""Model features, annotations and control matrices for the images of a simulated NSD."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from repalign.simulate.coco import write_coco
from repalign.simulate.coco_beside import write_beside
from repalign.simulate.labels import write_labels
from repalign.simulate.model_features import (
    weights_table,
    write_control_matrices,
    write_model_features,
)
from repalign.simulate.read_back import Content, read_content
from repalign.simulate.settings import NsdSimulation
from repalign.tables.atomic import atomic_file


def simulate_models(folder: Path | str, settings: NsdSimulation) -> None:
    """Add model features, annotations and control matrices to a simulated dataset.

    Parameters
    ----------
    folder : Path or str
        Root of a dataset that `simulate_nsd` has finished. Added are ``features/*.h5``,
        ``annotations/*.json``, COCO's files, ``control_matrices/*.parquet``, and in ``truth/``
        the weights (``models.tsv``), the labels of images (``labels.tsv``) and the objects that
        NSD does not show (``objects_beside.tsv``); each file appears when it is written. The raw
        data are not touched.
    settings : NsdSimulation
        The settings that made the dataset. Equal settings give equal bytes.

    Raises
    ------
    RepalignError
        If the folder is no finished simulation, or was made with other settings.
    """
    root = Path(folder)
    content = read_content(root, settings)
    ids = np.arange(len(content.scenes))
    write_model_features(root, content.latents, ids, settings.seed)
    _write_annotations(root, content, settings)
    shared = content.stimuli.loc[content.stimuli["shared1000"], "nsdId"].tolist()
    controlled = [content.scenes[image] for image in shared]
    write_control_matrices(root, controlled, shared, "nsd_id", settings.seed)
    with atomic_file(root / "truth" / "models.tsv") as temporary:
        temporary.write_text(weights_table(), encoding="utf-8")


def _write_annotations(root: Path, content: Content, settings: NsdSimulation) -> None:
    """Write COCO's files, and what they make of every image."""
    listed = write_coco(
        root / "annotations", content.scenes, content.areas, content.stimuli, settings.image_size,
        settings.seed, settings.beside_share,
    )  # fmt: skip
    numbers = zip(
        content.stimuli["cocoId"].tolist(), content.stimuli["nsdId"].tolist(), strict=True
    )
    ids = dict(numbers)
    write_beside(root / "truth" / "objects_beside.tsv", listed, ids)
    write_labels(root / "truth" / "labels.tsv", listed, ids)
