"""The atlas of BOLD5000 made by FSL, through Snakemake: jobs, commands and records."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from repalign.tables.provenance import read_record

from ..unit.datasets import fake_fsl
from ..unit.datasets.fake_head import functional_labels, make_images
from .project import Project

ATLASES = [f"results/bold5000/prepared/atlas/sub-{subject:02d}.nii.gz" for subject in (1, 2)]
REGISTERED = ATLASES[0].replace("atlas/", "registered_atlas/")
SETTINGS: dict[str, Any] = {
    "nsd": {"raw": "raw", "source": "other"},
    "bold5000": {
        "raw": "raw",
        "source": "other",
        "subjects": [1, 2],
        "sessions": {1: 1, 2: 1},
        "atlas": "fsl",
        "registration": {"atlas_space": "MNI152NLin6Asym"},
    },
}
BETAS = "bold5000/CSI{}_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-01.nii.gz"


@pytest.fixture
def registering(tmp_path, monkeypatch) -> Project:
    """Two subjects with scans, and a stand-in for FSL with its templates."""
    project = Project.create(tmp_path / "project", SETTINGS)
    images = make_images(tmp_path / "images")
    raw = project.root / "raw"
    places = {"atlas/HCP-MMP1_on_MNI152.nii.gz": images.atlas}
    for subject in (1, 2):
        places |= {
            f"anat/sub-CSI{subject}_T1w.nii.gz": images.t1,
            f"func/sub-CSI{subject}_bold.nii.gz": images.bold,
            BETAS.format(subject): images.betas,
        }
    home = fake_fsl.install(tmp_path / "fsl")
    for name, image in (("1mm", images.template), ("1mm_brain", images.template_brain)):
        places[str(home / f"data/standard/MNI152_T1_{name}.nii.gz")] = image
    for place, image in places.items():
        path = raw / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image.read_bytes())
    monkeypatch.setenv("FSLDIR", str(home))
    return project


def test_a_dry_run_knows_the_jobs_and_needs_no_fsl(registering, monkeypatch):
    monkeypatch.delenv("FSLDIR")
    wanted = {"register_bold5000_atlas": 2, "relabel_bold5000_atlas": 2}
    assert registering.pending(*ATLASES) == wanted
    shown = registering.snakemake("-n", "-p", "--", ATLASES[0])
    (command,) = [
        line for line in shown.stdout.splitlines() if "register_bold5000_atlas.py" in line
    ]
    for part in (
        "--t1 raw/anat/sub-CSI1_T1w.nii.gz --bold raw/func/sub-CSI1_bold.nii.gz",
        f"--betas raw/{BETAS.format(1)} --atlas raw/atlas/HCP-MMP1_on_MNI152.nii.gz",
        "--template --template-brain",
        "--atlas-space MNI152NLin6Asym --template-space MNI152NLin6Asym",
        "--bold-dof 12 --beta-grid header --max-lost-regions 0.05",
        f"--output {REGISTERED}",
    ):
        assert part in command
    # The rule is there with its setting alone.
    registering.set("bold5000", atlas="supplied")
    supplied = registering.root / "raw/preprocessed/atlas/subj-01_HCP_atlas_func_360.nii.gz"
    supplied.parent.mkdir(parents=True)
    supplied.touch()
    assert registering.pending(ATLASES[0]) == {"relabel_bold5000_atlas": 1}
    refused = registering.snakemake("-n", "--", REGISTERED, check=False)
    assert refused.returncode
    assert "MissingRuleException" in refused.stdout + refused.stderr


def test_atlases_are_made_and_a_choice_remakes_them(registering, monkeypatch):
    registering.snakemake("--quiet", "all", "--", *ATLASES)
    for path in ATLASES:
        np.testing.assert_array_equal(
            nib.load(registering.root / path).dataobj, functional_labels()
        )
    record = read_record(registering.root / REGISTERED)
    assert record is not None
    made = record["registration"]
    assert made["fsl"]["versions"] == {"fsl": "6.0.7.99"}
    assert [words[0] for words in made["fsl"]["commands"]][:2] == ["fslreorient2std", "bet"]
    assert str(registering.root.parent) not in str(record)
    assert registering.pending(*ATLASES) == {}
    registering.set("bold5000", registration={"atlas_space": "MNI152NLin6Asym", "bold_dof": 6})
    wanted = {"register_bold5000_atlas": 2, "relabel_bold5000_atlas": 2}
    assert registering.pending(*ATLASES) == wanted
    # Without FSL the job says what to do.
    monkeypatch.delenv("FSLDIR")
    assert registering.snakemake("--quiet", "all", "--", REGISTERED, check=False).returncode
    log = Path(registering.root / "logs" / REGISTERED.removeprefix("results/"))
    text = log.with_name(log.name + ".log").read_text()
    assert "FSLDIR is not set" in text
    assert "Install FSL and set FSLDIR" in text
    assert "or set `bold5000.atlas: supplied`" in text
    assert "Traceback" not in text
