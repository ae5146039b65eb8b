"""Assemblies of a small simulated NSD pass the tests of `in_brainscore.py`, in Brain-Score itself.

`make test-clients` makes its environment and names its Python in BRAINSCORE_PYTHON.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

from ..workflow.project import SOURCE, Project

HERE = Path(__file__).parent
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


def test_brain_score_loads_and_scores_our_files(tmp_path):
    python = Path(os.environ["BRAINSCORE_PYTHON"]).absolute()
    project = Project.create(tmp_path / "project", SETTINGS)
    project.repalign("simulate", "nsd")
    project.snakemake("--quiet", "all", "--", *TARGETS)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "ASSEMBLIES": str(project.root / FILES),
        # Plugins of Brain-Score would install what they need by themselves.
        "BS_INSTALL_DEPENDENCIES": "no",
    }
    words = ["-m", "pytest", "-c", str(HERE / "brainscore.ini"), str(HERE / "in_brainscore.py")]
    done = subprocess.run(
        [str(python), *words], cwd=SOURCE, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
