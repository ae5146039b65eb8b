"""Run jobs of the workflow's own scripts in one process with two workers, for `alignment.py`.

What the workflow does, less one interpreter start a job: every job calls the `main` of its script
with the options that its rule would give it, on one thread, two jobs at a time, stage by stage.
Beside the output, as JSON, its time in seconds without start and imports.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from types import ModuleType

from threadpoolctl import threadpool_limits

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
ROWS = 6

Job = tuple[str, list[str]]
LOADED: dict[str, ModuleType] = {}


def load(name: str) -> ModuleType:
    """Import a script as a module."""
    if name not in LOADED:
        found = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        LOADED[name] = importlib.util.module_from_spec(found)
        found.loader.exec_module(LOADED[name])
    return LOADED[name]


def call(job: Job) -> float:
    """Call the main function of a script on one thread; its processor time."""
    name, words = job
    script = load(name)
    start = time.process_time()
    with threadpool_limits(1):
        script.main(script.parser().parse_args(words))
    return time.process_time() - start


def job(name: str, **options: object) -> Job:
    """Return a job; options are given as in Python, lists as several words."""
    words: list[str] = []
    for option, value in options.items():
        several = value if isinstance(value, list | tuple) else [value]
        words += [f"--{option.replace('_', '-')}", *map(str, several)]
    return name, words


def shared_sets(options: argparse.Namespace, rdms: str) -> tuple[list[Job], list[Job]]:
    """Select the shared responses once, and compute each set of RDMs once."""
    data, out = options.data, options.output.parent
    numbers = range(1, options.subjects + 1)
    tables = {"trials": data / "trials.parquet", "regions": data / "regions.tsv"}
    select = [
        job(
            "select_shared_responses",
            **tables,
            responses=data / "responses" / f"sub-{k:02d}",
            subject=k,
            output=out / f"shared-{k}",
        )
        for k in numbers
    ]
    compute = [
        job(
            "compute_rdms",
            **tables,
            responses=out / f"shared-{k}",
            subject=k,
            partner=1 + k % options.subjects,
            role=role,
            shift=1,
            hemispheres="separated",
            output=out / f"{rdms}-{role}-{k}",
        )
        for k, role in product(numbers, "xy")
    ]
    return select, compute


def subjects(options: argparse.Namespace) -> list[list[Job]]:
    """Inter-subject RSA, shift 1."""
    out, data = options.output.parent, options.data
    numbers = range(1, options.subjects + 1)
    stages = [*shared_sets(options, "rdms")]
    kind = "rdms"
    if options.spearman:
        kind = "ranks"
        stages.append(
            [
                job("rank_rdms", rdms=out / f"rdms-{role}-{k}", output=out / f"ranks-{role}-{k}")
                for k, role in product(numbers, "xy")
            ]
        )
    pairs = list(product(numbers, numbers))
    stages.append(
        [
            job(
                "compare_rdms",
                x=out / f"{kind}-x-{i}",
                y=out / f"{kind}-y-{j}",
                subject_i=i,
                subject_j=j,
                shift=1,
                hemispheres="separated",
                output=out / f"pair-{i}-{j}.parquet",
            )
            for i, j in pairs
        ]
    )
    join = job(
        "join_rsa_subject_subject",
        regions=data / "regions.tsv",
        subjects=[*numbers],
        shift=1,
        hemispheres="separated",
        comparison="spearman" if options.spearman else "pearson",
        quality=data / "quality.tsv",
        parts=[out / f"pair-{i}-{j}.parquet" for i, j in pairs],
        output=options.output,
    )
    return [*stages, [join]]


def models(options: argparse.Namespace) -> list[list[Job]]:
    """Subject-model RSA."""
    data, out = options.data, options.output.parent
    numbers = range(1, options.subjects + 1)
    features = sorted((data / "features").glob("*.h5"))
    common = {"regions": data / "regions.tsv", "hemispheres": "separated"}
    sessions = [
        job(
            "compute_session_rdms",
            **common,
            trials=data / "trials.parquet",
            responses=data / "responses" / f"sub-{k:02d}",
            subject=k,
            output=out / f"sessions-{k}",
        )
        for k in numbers
    ]
    keys = list(product(features, numbers))
    compare = [
        job(
            "compare_model",
            features=path,
            model=path.stem,
            dataset="nsd",
            subject=k,
            hemispheres="separated",
            rdms=out / f"sessions-{k}",
            output=out / f"model-{path.stem}-{k}.parquet",
        )
        for path, k in keys
    ]
    join = job(
        "join_rsa_subject_model",
        **common,
        subjects=[*numbers],
        models=[path.stem for path in features],
        by="session",
        parts=[out / f"model-{path.stem}-{k}.parquet" for path, k in keys],
        output=options.output,
    )
    return [sessions, compare, [join]]


def null(options: argparse.Namespace) -> list[list[Job]]:
    """Inter-subject null; its RDMs are a stage of their own."""
    out = options.output.parent
    numbers = range(1, options.subjects + 1)
    pairs = [(i, j) for i in numbers for j in numbers if i != j]
    n_rois = len(list((options.data / "responses" / "sub-01").glob("roi-*.npy")))
    firsts = range(0, n_rois, ROWS)
    blocks = [
        job(
            "compute_subject_null",
            subjects=[*numbers],
            x=[out / f"rdms-x-{i}" for i, _ in pairs],
            y=[out / f"rdms-y-{j}" for _, j in pairs],
            first_row=first,
            n_rows=ROWS,
            permutations=options.draws,
            seed=0,
            scheme=options.scheme,
            unit="trial",
            n_images=73000,
            output=out / f"null-{first}.npy",
        )
        for first in firsts
    ]
    join = job(
        "join_subject_null",
        regions=options.data / "regions.tsv",
        permutations=options.draws,
        parts=[out / f"null-{first}.npy" for first in firsts],
        output=options.output,
    )
    return [*shared_sets(options, "rdms"), blocks, [join]]


def run(stages: Sequence[Sequence[Job]], workers: int) -> list[tuple[str, float, float]]:
    """Run the jobs of each stage in parallel: script, seconds and processor time of each stage."""
    used = []
    # Workers share what was imported; nothing has started a thread yet.
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=fork) as pool:
        for stage in stages:
            start = time.perf_counter()
            cpu = sum(pool.map(call, stage))
            used.append((stage[0][0], time.perf_counter() - start, cpu))
    return used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job", choices=["subjects", "models", "null"])
    parser.add_argument("--data", type=Path, required=True, help="folder made by alignment.py")
    parser.add_argument("--output", type=Path, required=True, help="in a folder of its own")
    parser.add_argument("--subjects", type=int, default=8)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--scheme", default="cyclic", choices=["cyclic", "independent"])
    parser.add_argument("--spearman", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    stages = {"subjects": subjects, "models": models, "null": null}[options.job](options)
    for name, _ in (first for stage in stages for first in stage[:1]):
        load(name)
    start = time.perf_counter()
    parts = run(stages, options.workers)
    found = {
        "seconds": time.perf_counter() - start,
        "cpu": sum(cpu for _, _, cpu in parts),
        "part": parts[2][1] if options.job == "null" else None,
        "part_cpu": parts[2][2] if options.job == "null" else None,
        "stages": parts,
    }
    options.output.with_suffix(".json").write_text(json.dumps(found), encoding="ascii")


if __name__ == "__main__":
    main()
