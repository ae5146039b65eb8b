"""What the fault tests ask of a run: what it said, what it left, and whether it recovers."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..workflow.project import SHIFT_1, Project

SMALL: dict[str, Any] = {
    "nsd": {"subjects": [1, 2], "regions": ["V1", "V2", "MST", "PHA1", "p24"]},
    "simulate": {
        "nsd": {
            "sessions": [3, 2],
            "n_planned_sessions": 3,
            "n_trials_per_session": 30,
            "n_runs": 2,
            "n_slots": 18,
            "n_shared": 20,
            "image_size": 32,
            "volume_shape": [26, 30, 26],
            "voxels_per_region": [8, 12],
        }
    },
}
"""Two subjects of 3 and 2 sessions, five areas."""

RAW = "resources/simulated/nsd"
BETAS = "subj{:02d}/func1mm/betas_fithrf_GLMdenoise_RR/betas_session{:02d}.nii.gz"
LEFT = "subj{:02d}/func1mm/roi/lh.HCP_MMP1.nii.gz"
RIGHT = "subj{:02d}/func1mm/roi/rh.HCP_MMP1.nii.gz"
DESIGN = f"{RAW}/nsd_expdesign.mat"
STIMULUS_INFO = f"{RAW}/nsd_stim_info_merged.csv"

PREPARED = "results/nsd/prepared"
TRIALS = f"{PREPARED}/trials.parquet"
STIMULI = f"{PREPARED}/stimuli.parquet"
REGIONS = f"{PREPARED}/regions.tsv"
QUALITY = f"{PREPARED}/quality.tsv"
SESSION = PREPARED + "/sessions/sub-{:02d}/ses-{:02d}.npy"
ATLAS = PREPARED + "/atlas/sub-{:02d}.nii.gz"
RESPONSES = PREPARED + "/responses/sub-{:02d}"
RDMS = "results/nsd/rdms/all/shift-1_joined/sub-01_x_sub-02"
PAIR = "results/nsd/parts/subject_subject/all_shift-1_joined_pearson/sub-01_sub-02.parquet"
SEPARATED = SHIFT_1.replace("joined", "separated")
STIMULI_INDEX = "results/datasets/nsd/nsd_stimuli.csv"


def fails(project: Project, *targets: str, words: Iterable[str] = ()) -> str:
    """Run a command that must fail, in words that a user understands; return what it printed."""
    done = project.snakemake(*words, "--", *targets, check=False)
    text = done.stdout + done.stderr
    assert done.returncode != 0, text
    assert "Traceback (most recent call last)" not in text, text
    return text


def says(text: str, *parts: str) -> None:
    """Check that a message has all its parts."""
    missing = [part for part in parts if part not in text]
    assert not missing, f"{missing} not in\n{text}"


def forget(project: Project, *outputs: str) -> None:
    """Delete outputs and the records beside them."""
    for output in outputs:
        path = project.root / output
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.with_name(path.name + ".provenance.json").unlink(missing_ok=True)


def left_over(project: Project) -> list[str]:
    """List the temporary files of jobs that did not end well."""
    found = project.root.glob("results/**/.writing-*")
    return sorted(str(path.relative_to(project.root)) for path in found)


def nothing_half_made(project: Project, *outputs: str) -> None:
    """Check that the outputs of a failed job are not there, whole or in part."""
    assert [name for name in outputs if (project.root / name).exists()] == []
    assert left_over(project) == []


def recovers(project: Project, undisturbed: Project, *targets: str) -> None:
    """Check that the plain command finishes and gives what an undisturbed run gives."""
    project.snakemake("--quiet", "all", "--", *targets)
    for target in targets:
        assert same(project.root / target, undisturbed.root / target), target


def same(one: Path, other: Path) -> bool:
    """Say whether two files, or all files of two folders, have the same bytes."""
    if not one.is_dir():
        return filecmp.cmp(one, other, shallow=False)
    names = [{p.name for p in folder.iterdir()} for folder in (one, other)]
    return names[0] == names[1] and all(same(one / name, other / name) for name in names[0])
