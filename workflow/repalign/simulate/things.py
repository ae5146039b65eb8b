"""Write the pictures of a simulated THINGS in the layout of the real one."""

from __future__ import annotations

from pathlib import Path

from repalign.simulate.pictures import concept_scene, described, draw, kind_of, save_picture
from repalign.simulate.scenes import COCO
from repalign.simulate.seeds import stream
from repalign.simulate.settings import ThingsSimulation
from repalign.simulate.truth import write_dataset_manifest, write_json
from repalign.tables.atomic import atomic_folder

PICTURES = "stimuli/THINGS/Images"
CONCEPTS = "stimuli/THINGS/Metadata/Concept-specific/unique_id.csv"
_MEANINGS = {"mouse": "mouse1", "remote": "remote1", "orange": "orange1", "bat": "bat1"}
"""Words of several meanings have a number in THINGS."""


def simulate_things(folder: Path | str, settings: ThingsSimulation) -> None:
    """Write a simulated dataset; an existing folder of that name is replaced as a whole.

    Parameters
    ----------
    folder : Path or str
        Root of the dataset to make. It appears only when everything is written.
    settings : ThingsSimulation
        Sizes and seed.

    Notes
    -----
    As in the real dataset, the concepts are ordered by their words, in which a space comes
    before any letter or digit, and not by their names, in which an underscore stands for it.
    Files named as JPEG may be grey, CMYK or PNG, and a file that is no picture lies among them.
    There are no responses.
    """
    words = chosen_words(settings)
    with atomic_folder(folder) as root:
        truth = []
        for k, word in enumerate(words):
            for number in range(settings.n_images_per_concept):
                n = k * settings.n_images_per_concept + number
                scene = concept_scene(settings.seed, n, word)
                name = concept_name(word)
                letter = "b" if number == 0 else "s"
                path = f"{PICTURES}/{name}/{name}_{number + 1:02d}{letter}.jpg"
                pixels = draw(scene, settings.image_size, settings.seed)
                save_picture(root / path, pixels, kind_of(n))
                truth.append(described(scene, path, kind_of(n)))
        names = [concept_name(word) for word in words]
        (root / PICTURES / names[0] / "Thumbs.db").write_bytes(b"no picture")
        (root / CONCEPTS).parent.mkdir(parents=True)
        (root / CONCEPTS).write_text("\n".join(names) + "\n", encoding="utf-8")
        (root / "truth").mkdir()
        write_json(root / "truth" / "images.json", truth)
        write_dataset_manifest(root, "things", settings)


def chosen_words(settings: ThingsSimulation) -> list[str]:
    """Draw the concepts, in their order; people are none."""
    words = [word for names in COCO.values() for word in names.values() if word != "person"]
    rng = stream(settings.seed, "things concepts")
    return sorted(str(word) for word in rng.choice(words, settings.n_concepts, replace=False))


def concept_name(word: str) -> str:
    """Return the name of a concept, which its folder and files have."""
    return _MEANINGS.get(word, word).replace(" ", "_")
