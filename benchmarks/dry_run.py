"""Measure `snakemake -n` of everything that NSD has, at its full size: time, memory and jobs.

Eight subjects with 284 sessions, 360 regions, the 31 published models and 10,000 permutations are
planned in a project folder of its own: ``python benchmarks/dry_run.py``. Planning opens no
recording, so each raw file is a stand-in of one line. ``--quick`` plans two sessions a subject.

Rows
-----
nothing made, first : no memory of raw files yet; each is looked at.
nothing made, again : the same with the memory that the first left.
main table alone : the inter-subject table, nothing made.
all made : everything is there and nothing is pending; outputs are stand-ins with true records.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import yaml
from children import Usage, apart, machine, measure, table

SOURCE = Path(__file__).resolve().parents[1]
MAIN = "results/nsd/rsa_subject_subject_alignment_shift_1_joined.parquet"
SESSIONS = [40, 40, 32, 30, 40, 32, 40, 30]
"""Sessions of the subjects of NSD."""
SPLITS = ("train2017", "val2017")


def make_project(root: Path, sessions: list[int]) -> None:
    """Copy the sources and give them a real NSD of stand-ins, whose models are all extracted."""
    for name in ("workflow", "config", "resources", "envs"):
        ignored = shutil.ignore_patterns("__pycache__", "simulated")
        shutil.copytree(SOURCE / name, root / name, ignore=ignored)
    place = root / "config" / "config.yaml"
    settings = yaml.safe_load(place.read_text(encoding="utf-8"))
    nsd = settings["nsd"] | {"raw": "raw/nsd", "source": "real"}
    nsd["sessions"] = dict(enumerate(sessions, start=1))
    nsd |= {"controls": "computed", "features": "no_features"}
    absent = {name: settings[name] | {"raw": f"raw/{name}"} for name in ("bold5000", "things")}
    settings |= absent | {"nsd": nsd}
    settings["captions"] |= {"backend": "transformers"}
    place.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    _stand_in_raw(root / "raw" / "nsd", settings["nsd"]["files"], sessions)
    _extract_all(root / "config" / "models.tsv")


def _stand_in_raw(raw: Path, files: dict[str, str], sessions: list[int]) -> None:
    """Write a line where each raw file of NSD would be."""
    for pattern in files.values():
        for subject, split in product(range(1, len(sessions) + 1), SPLITS):
            last = sessions[subject - 1] if "{session" in pattern else 1
            for session in range(1, last + 1):
                path = raw / pattern.format(subject=subject, session=session, split=split)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{path.relative_to(raw)}\n", encoding="utf-8")


def _extract_all(registry: Path) -> None:
    """Say in the registry that the features of every published model are extracted."""
    with registry.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    with registry.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"extract": row["published"]} for row in rows)


def make_all(root: Path) -> int:
    """Write a stand-in with the true record for every output of `rule all`; return how many."""
    from repalign.dag.brain_figures import brain_figures
    from repalign.dag.build import CATALOGUE, build_workflow, control_matrices, figures, targets
    from repalign.dag.catalogue import read_catalogue
    from repalign.dag.steps import as_list
    from repalign.settings_file import read_settings
    from repalign.tables.provenance import make_record

    os.chdir(root)
    workflow, plans = build_workflow(read_settings(Path("config/config.yaml")))
    catalogue = read_catalogue(CATALOGUE)
    tables = targets(workflow, plans, catalogue)
    made: set[str] = set()

    def make(path: str) -> None:
        job = workflow.producer(path)
        if job is None or job.path in made:
            return
        made.add(job.path)
        for paths in job.step.inputs(job.values).values():
            for upstream in as_list(paths):
                make(upstream)
        record = make_record(workflow.spec_text(job))
        for pattern in job.step.outputs().values():
            _stand_in(Path(pattern.format_map(job.values)), record)

    shown = [*figures(catalogue, set(tables)), *brain_figures(plans, catalogue, set(tables))]
    for path in [*tables, *control_matrices(plans), *shown]:
        make(path)
    workflow.manifest.save()
    return len(made)


def _stand_in(output: Path, record: dict[str, object]) -> None:
    """Write an output that holds nothing but how it was made."""
    import numpy as np
    import pyarrow as pa
    from PIL import Image

    from repalign.tables.parquet import write_table
    from repalign.tables.provenance import write_sidecar

    output.parent.mkdir(parents=True, exist_ok=True)
    if output.suffix == ".parquet":
        write_table(output, pa.schema([("stand_in", pa.int8())]).empty_table(), record)
        return
    if not output.suffix:
        output.mkdir(exist_ok=True)
        (output / "stand-in").write_text("stand-in\n", encoding="utf-8")
    elif output.suffix == ".npy":
        np.save(output, np.zeros(1))
    elif output.suffix == ".png":
        Image.new("L", (1, 1)).save(output)
    else:
        output.write_text("stand-in\n", encoding="utf-8")
    write_sidecar(output, record)


def plan(root: Path, *words: str) -> tuple[Usage, int]:
    """Run `snakemake -n` as a user would; return what it used, and how many jobs are pending."""
    command = [sys.executable, "-m", "snakemake", "--directory", str(root), "--snakefile"]
    command += [str(root / "workflow" / "Snakefile"), "-n", "-q", "rules", "host", "--", *words]
    usage = measure(command)
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    total = re.search(r"^total\s+(\d+)", said.stdout + said.stderr, re.MULTILINE)
    return usage, int(total[1]) if total else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two sessions a subject")
    parser.add_argument("--folder", type=Path, help="where the project folder is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        root = Path(folder) / "project"
        make_project(root, [2] * 8 if options.quick else SESSIONS)
        results = {"nothing made, first": plan(root)}
        results["nothing made, again"] = plan(root)
        results["main table alone"] = plan(root, MAIN)
        n_outputs = apart(make_all, root)
        results["all made"] = plan(root)
    print(f"{machine()}\n\n{n_outputs} jobs make everything.\n")
    header = ["dry run", "jobs pending", "seconds", "processor s", "peak MiB"]
    rows = [
        (name, n_jobs, f"{usage.wall:.1f}", f"{usage.cpu:.1f}", f"{usage.peak_mib:.0f}")
        for name, (usage, n_jobs) in results.items()
    ]
    print(table(header, rows))


if __name__ == "__main__":
    main()
