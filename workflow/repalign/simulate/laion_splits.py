"""The train-test splits of a simulated LAION-fMRI, as the public client keeps them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from repalign.simulate.laion_images import LaionImage
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.seeds import stream
from repalign.tables.laion_layout import SUBJECT_OF_SUFFIX
from repalign.tables.laion_sets import SPLITS

_TEST_SHARE = 0.2


def write_splits(root: Path, settings: LaionSimulation, images: Sequence[LaionImage]) -> None:
    """Write ``splits/<pool>/<name>.json`` for the pool of shared images and those of subjects.

    Parameters
    ----------
    root : Path
        Root of the dataset.
    settings : LaionSimulation
        Seed.
    images : sequence of LaionImage
        All of them.

    Notes
    -----
    As in the published files, `pool` names a subject by its older number. Out-of-distribution
    images are in the split `ood` alone, as its test images.
    """
    older = {subject: number for number, subject in SUBJECT_OF_SUFFIX.items()}
    pools = {"shared": [image for image in images if image.is_shared]}
    titles = {"shared": "LAION non-OOD shared"}
    for subject, old in sorted(older.items()):
        label = f"sub-{subject:02d}"
        pools[label] = [image for image in images if image.is_seen_by(subject)]
        titles[label] = f"sub-{old:02d} full pool (unique + LAION non-OOD shared)"
    for number, (pool, members) in enumerate(pools.items()):
        folder = root / "splits" / pool
        folder.mkdir(parents=True)
        inside = sorted(image.name for image in members if not image.is_ood)
        outside = sorted(image.name for image in members if image.is_ood)
        for k, name in enumerate(SPLITS):
            rng = stream(settings.seed, "laion split", number, k)
            n_test = max(1, round(_TEST_SHARE * len(inside)))
            chosen = set(rng.permutation(len(inside))[:n_test].tolist())
            train = [image for i, image in enumerate(inside) if i not in chosen]
            test = [image for i, image in enumerate(inside) if i in chosen]
            if name == "ood":
                train, test = inside, outside
            content = {
                "name": name,
                "pool": titles[pool],
                "splitter": "simulated",
                "params": {},
                "n_train": len(train),
                "n_test": len(test),
                "variants": [{"variant_id": 0, "train_ids": train, "test_ids": test}],
            }
            text = json.dumps(content) + "\n"
            (folder / f"{name}.json").write_text(text, encoding="utf-8")
