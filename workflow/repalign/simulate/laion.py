"""Write a simulated LAION-fMRI in the layout of the real one: stimuli, and what is derived."""

from __future__ import annotations

from pathlib import Path

from repalign.simulate.laion_images import laion_images
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.laion_splits import write_splits
from repalign.simulate.laion_stimuli import write_stimuli
from repalign.simulate.laion_subjects import write_subjects
from repalign.simulate.truth import write_dataset_manifest, write_json
from repalign.tables.atomic import atomic_folder
from repalign.tables.laion_layout import SUBJECTS


def simulate_laion(folder: Path | str, settings: LaionSimulation) -> None:
    """Write a simulated dataset; an existing folder of that name is replaced as a whole.

    Parameters
    ----------
    folder : Path or str
        Root of the dataset to make. It appears only when everything is written.
    settings : LaionSimulation
        Sizes and seed.

    Notes
    -----
    As in the real dataset, nothing but the order of its rows joins the table of images with their
    file, and the four embeddings have an order of their own. Names hold ``+``, and the number at
    the end of the name of an image that one subject alone sees is an older number of the subject.
    Pictures of the OOD set have transparent pixels with other colours beneath. ``sourcedata/``
    holds what the derivatives are produced from: captions by people and of a model, and the nouns
    to look for, with the colour that each is drawn in. ``truth/`` holds what every image shows,
    and what is planted in every region. ``splits/`` is what comes with the public client, and
    `laion_subjects.write_subjects` says what is awkward about the recordings.
    """
    with atomic_folder(folder) as root:
        (root / "truth").mkdir()
        images = laion_images(settings)
        latents = write_stimuli(root, settings, images)
        write_subjects(root, settings, images, latents)
        write_splits(root, settings, images)
        write_json(root / "dataset_description.json", _DESCRIPTION)
        sessions = {str(subject): settings.n_sessions for subject in SUBJECTS}
        write_dataset_manifest(root, "laion", settings, sessions)


_DESCRIPTION = {
    "Name": "LAION-fMRI, simulated",
    "BIDSVersion": "1.10.0",
    "DatasetType": "derivative",
    "License": "CC0",
}
