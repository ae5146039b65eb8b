"""Assemblies and stimulus sets of a small simulated NSD, for the tests in Brain-Score itself.

Run in the environment of the workflow, from the root of the repository::

    python -m tests.clients.prepare_brainscore FOLDER
"""

import argparse
from pathlib import Path
from typing import Any

from tests.workflow.project import Project

SETTINGS: dict[str, Any] = {
    "nsd": {"regions": ["V1"]},
    "assemblies": {"variants": {}},
    "simulate": {
        "nsd": {
            "sessions": [3, 3, 3],
            "n_planned_sessions": 3,
            "n_trials_per_session": 60,
            "n_runs": 4,
            "n_shared": 60,
            "image_size": 32,
            "volume_shape": [26, 30, 26],
            "voxels_per_region": [8, 12],
        }
    },
}
"""Three subjects and 60 images, which all of them saw three times: 48 for training."""
FILES = "results/nsd/assemblies"
TARGETS = [f"{FILES}/packaged/packages.tsv"] + [
    f"{FILES}/Allen2022.{region}.nc" for region in ("V1", "V2", "V4", "IT")
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="project folder to make, or to bring up to date")
    project = Project.create(parser.parse_args().folder.absolute(), SETTINGS)
    project.repalign("simulate", "nsd")
    project.snakemake("--quiet", "all", "--", *TARGETS)


if __name__ == "__main__":
    main()
