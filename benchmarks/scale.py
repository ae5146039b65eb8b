"""Measure the nulls and the model comparisons at the size of NSD: time, and peak memory.

Runs the workflow's scripts as processes on synthetic RDM vectors, responses, features and
controls of full size, and prints a markdown table: ``python benchmarks/scale.py``. What does not
change memory is small (regions of the inter-subject null, sessions, draws); times of
whole files are projected by multiplication. ``--quick`` only checks that everything runs.

Parts
-----
subject-null : nine trial sets as in NSD at shift 1 (sessions 40, 32, 30; 3000 to 1796 trials), 8
    subjects, two regions, 10,000 draws; times 90 for 180 regions, half of it on two cores.
model-null : one session of 750 trials, 180 and 360 regions, 43 layers, in both schemes.
model : one session, 360 regions, 43 layers of 5,120 dimensions.
partial : 3000 trials, 360 regions, 43 layers, 12 controls of 768 dimensions.
group : 2188 trials, 8 subjects, 3 regions of 278 to 9,022 voxels.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from children import Usage, apart, machine, measure, script, table

SESSIONS = {1: 40, 2: 40, 3: 32, 4: 30, 5: 40, 6: 32, 7: 40, 8: 30}
"""Sessions of each subject of NSD."""
TRIALS = {
    (40, 40): 3000,
    (40, 32): 2371,
    (40, 30): 2188,
    (32, 40): 2371,
    (32, 32): 2055,
    (32, 30): 1907,
    (30, 40): 2188,
    (30, 32): 1881,
    (30, 30): 1796,
}
"""Matched trials at shift 1, by the sessions of subjects i and j."""
MEMORY_MB = 4096
"""Declared for each of these jobs: `resources.memory_mb`."""


def make_rdms(folder: Path, n_trials: int, n_rois: int, first_key: int, seed: int) -> None:
    """Write unit vectors of noise, region by region."""
    import numpy as np

    from repalign.kernels.rdm import n_pairs, normalise_rdm
    from repalign.tables.rdm_store import write_rdms

    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    keys = np.arange(first_key, first_key + n_trials)
    with write_rdms(folder, range(1, n_rois + 1), keys) as writer:
        for _ in range(n_rois):
            noise = rng.standard_normal(n_pairs(n_trials), np.float32)
            writer.append(normalise_rdm(noise, copy=False))


def make_stores(stores: list[tuple[Path, int, int, int, int]]) -> None:
    for store in stores:
        make_rdms(*store)


def make_features(path: Path, n_layers: int, n_stimuli: int, n_dims: int) -> None:
    import numpy as np

    from repalign.models.features import write_features

    rng = np.random.default_rng(1)
    layers = (
        rng.standard_normal((n_stimuli, n_dims), np.float32).astype(np.float16)
        for _ in range(n_layers)
    )
    write_features(path, layers, np.arange(n_stimuli), {})


def make_controls(folder: Path, n_controls: int, n_stimuli: int, n_dims: int) -> None:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(2)
    names = [f"c{k}" for k in range(n_dims)]
    for number in range(n_controls):
        frame = pd.DataFrame(rng.standard_normal((n_stimuli, n_dims)), columns=names)
        frame.insert(0, "nsd_id", np.arange(n_stimuli))
        frame.to_parquet(folder / f"control_{number}.parquet", index=False)


def make_group(folder: Path, n_trials: int, widths: list[int]) -> None:
    """Responses of 8 subjects to shared images, each image three times."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(3)
    trials = pd.DataFrame({"trial": np.arange(n_trials), "session": 1, "shared": True})
    trials["stimulus"] = trials["trial"] // 3
    trials["repetition"] = trials["trial"] % 3
    everyone = [trials.assign(subject=subject) for subject in SESSIONS]
    pd.concat(everyone, ignore_index=True).to_parquet(folder / "trials.parquet")
    rois = np.arange(1, len(widths) + 1)
    names = pd.DataFrame({"roi": rois, "name": rois.astype(str), "hemisphere": "lh"})
    names.assign(area="none").to_csv(folder / "regions.tsv", sep="\t", index=False)
    for subject in SESSIONS:
        responses = folder / f"sub-{subject:02d}"
        responses.mkdir()
        for roi, width in zip(rois, widths, strict=True):
            values = 600 * rng.standard_normal((n_trials, width), np.float32)
            np.save(responses / f"roi-{roi:03d}.npy", values.astype(np.int16))


def row(name: str, usage: Usage, limit: float = MEMORY_MB) -> list[str]:
    """Return the cells that every job has."""
    return [
        name,
        f"{usage.wall:.1f}",
        f"{usage.cpu:.1f}",
        f"{usage.peak_mib:,.0f}",
        f"{usage.own_mib:,.0f}",
        f"{100 * usage.peak_mib / limit:.0f}",
    ]


def several(command: list[str], **options: list) -> list[str]:
    """Add options of several words."""
    for name, values in options.items():
        command += [f"--{name.replace('_', '-')}", *map(str, values)]
    return command


def permutations(draws: int, scheme: str) -> dict[str, object]:
    """Options of all nulls."""
    return {
        "permutations": draws,
        "seed": 0,
        "scheme": scheme,
        "unit": "trial",
        "n_images": 73000,
        "threads": 1,
    }


def subject_null(folder: Path, quick: bool) -> Iterator[list[str]]:
    draws, n_rois = (100, 1) if quick else (10_000, 2)
    shrink = 60 if quick else 1
    x, y, stores = {}, {}, []
    for k, ((a, b), n_trials) in enumerate(TRIALS.items()):
        for subject, sessions in SESSIONS.items():
            for side, own in (("x", a), ("y", b)):
                if sessions == own:
                    place = folder / f"{side}-{subject}-{a}-{b}"
                    size = n_trials // shrink
                    stores.append((place, size, n_rois, k * 10_000, 100 * subject + k))
                    (x if side == "x" else y)[subject, a, b] = place
    apart(make_stores, stores)
    pairs = [(i, j) for i in SESSIONS for j in SESSIONS if i != j]
    for scheme in ("cyclic", "independent"):
        count = draws if scheme == "cyclic" else max(2, draws // 200)
        command = several(
            script(
                "compute_subject_null",
                **permutations(count, scheme),
                first_row=0,
                n_rows=n_rois,
                output=folder / f"{scheme}.npy",
            ),
            subjects=list(SESSIONS),
            x=[x[i, SESSIONS[i], SESSIONS[j]] for i, j in pairs],
            y=[y[j, SESSIONS[i], SESSIONS[j]] for i, j in pairs],
        )
        usage = measure(command)
        yield row(f"inter-subject null, {n_rois} regions, {count:,} {scheme} draws", usage)
        minutes = usage.wall / n_rois * 180 / 60 / 2 * draws / count
        cpu = usage.cpu / n_rois * 180 / 60 / 2 * draws / count
        yield [
            f"projected: 180 regions, {draws:,} {scheme} draws, 2 cores: {minutes:.1f} min "
            f"({cpu:.1f} by processor time)",
            *[""] * 5,
        ]


def model_null(folder: Path, quick: bool) -> Iterator[list[str]]:
    n, layers = (60, 3) if quick else (750, 43)
    features = folder / "features-cls.h5"
    apart(make_features, features, layers, n, 64)
    for n_rois in (4,) if quick else (180, 360):
        rdms = folder / f"rdms-{n_rois}"
        apart(make_rdms, rdms / "ses-01", n, n_rois, 0, 1)
        for scheme, draws in (("cyclic", 10_000), ("independent", 64)):
            command = script(
                "compute_model_null",
                **permutations(120 if quick else draws, scheme),
                repetitions=1,
                features=features,
                model=features.stem,
                dataset="nsd",
                subject=1,
                hemispheres="joined",
                rdms=rdms,
                output=folder / "null.npy",
            )
            name = f"model null, {n_rois} regions, {layers} layers, {draws:,} {scheme} draws"
            yield row(f"{name}, 1 session", measure(command))


def model(folder: Path, quick: bool) -> Iterator[list[str]]:
    n, n_rois, layers, dims = (60, 4, 3, 16) if quick else (750, 360, 43, 5120)
    features = folder / "features-cls.h5"
    apart(make_features, features, layers, n, dims)
    apart(make_rdms, folder / "rdms" / "ses-01", n, n_rois, 0, 1)
    command = script(
        "compare_model",
        repetitions=1,
        features=features,
        model=features.stem,
        dataset="nsd",
        subject=1,
        hemispheres="separated",
        rdms=folder / "rdms",
        threads=1,
        output=folder / "model.parquet",
    )
    yield row(f"model, {n_rois} regions, {layers} layers, 1 session", measure(command))


def partial(folder: Path, quick: bool) -> Iterator[list[str]]:
    n, n_rois, layers, dims = (60, 4, 3, 16) if quick else (3000, 360, 43, 768)
    features = folder / "features-cls.h5"
    n_controls = 2 if quick else 12
    apart(make_features, features, layers, n, dims)
    apart(make_controls, folder, n_controls, n, dims)
    apart(make_rdms, folder / "rdms", n, n_rois, 0, 1)
    command = several(
        script(
            "compare_model_partial",
            repetitions=1,
            features=features,
            model=features.stem,
            dataset="nsd",
            subject=1,
            hemispheres="separated",
            rdms=folder / "rdms",
            threads=1,
            output=folder / "partial.parquet",
        ),
        controls=[folder / f"control_{k}.parquet" for k in range(n_controls)],
        control_names=[*range(n_controls)],
    )
    name = f"partial, {n} trials, {n_rois} regions, {layers} layers, {n_controls} controls"
    yield row(name, measure(command))


def group(folder: Path, quick: bool) -> Iterator[list[str]]:
    n, widths = (60, [10, 20]) if quick else (2187, [278, 1400, 9022])
    apart(make_group, folder, n, widths)
    command = several(
        script(
            "compare_group",
            trials=folder / "trials.parquet",
            regions=folder / "regions.tsv",
            subject=1,
            shift=1,
            hemispheres="separated",
            threads=1,
            output=folder / "group.parquet",
        ),
        subjects=list(SESSIONS),
        responses=[folder / f"sub-{subject:02d}" for subject in SESSIONS],
    )
    yield row(f"group, {n} trials, {len(widths)} regions", measure(command))


PARTS: dict[str, Callable[[Path, bool], Iterator[list[str]]]] = {
    "subject-null": subject_null,
    "model-null": model_null,
    "model": model,
    "partial": partial,
    "group": group,
}
HEADER = ["job", "s", "processor s", "peak MiB", "own MiB", f"% of {MEMORY_MB} MiB"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where temporary data go (7 GB free)")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="tiny sizes: a smoke test")
    options = parser.parse_args()
    print(f"{machine()}\n\n{table(HEADER, [])}", flush=True)
    for name in options.only:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            for cells in PARTS[name](Path(folder), options.quick):
                print(table(cells, []).splitlines()[0], flush=True)


if __name__ == "__main__":
    main()
