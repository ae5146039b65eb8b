"""Exactly what depends on a change is made again: counted with Snakemake's own API."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from .project import EIGHT, SHIFT_1, Project, copy_sources

# Three subjects with 3, 3 and 2 sessions have two classes of partners (3 and 2 sessions), each in
# two roles: 3 * 2 * 2 sets of RDMs for shift 1, and 9 ordered pairs.
ALL_RDMS = {"compute_rdms": 12, "compare_rdms": 9, "join_rsa_subject_subject": 1}
RAW = "resources/simulated/nsd"
SESSION = f"{RAW}/subj02/func1mm/betas_fithrf_GLMdenoise_RR/betas_session02.nii.gz"


def touch_everything(root: Path) -> None:
    for path in root.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path)


@pytest.mark.parametrize("target", EIGHT)
def test_nothing_is_pending_after_a_finished_run(finished, target):
    assert finished.pending(target) == {}


def test_touching_every_file_reruns_nothing(project):
    touch_everything(project.root)
    assert project.pending(*EIGHT) == {}


def test_a_fresh_clone_beside_old_results_reruns_nothing(project):
    settings = project.settings
    copy_sources(project.root)
    project.write_settings(settings)
    assert project.pending(*EIGHT) == {}


def test_results_without_records_rerun_nothing_and_verify(project):
    shutil.rmtree(project.root / ".snakemake")
    (project.root / "results/raw_manifest.tsv").unlink()
    assert project.pending(*EIGHT) == {}
    assert "stale" not in project.repalign("why", "results").stdout


def test_moving_the_project_reruns_nothing(project, tmp_path):
    moved = tmp_path / "elsewhere"
    project.root.rename(moved)
    assert Project(moved).pending(*EIGHT) == {}


def test_moving_the_raw_data_reruns_nothing(project):
    (project.root / RAW).rename(project.root / "resources/moved")
    project.set("nsd", raw="resources/moved")
    assert project.pending(*EIGHT) == {}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("workflow/repalign/kernels/rdm.py", "from __future__", "# a comment\nfrom __future__"),
        ("workflow/repalign/kernels/rdm.py", '    """', '    """Indeed. '),
        ("workflow/scripts/compare_rdms.py", '"""RSA of', '"""The RSA of'),
        ("workflow/rules/rsa.smk", "# Inter-subject RSA", "# RSA between subjects"),
    ],
    ids=["comment", "docstring", "script docstring", "comment in rules"],
)
def test_comments_and_docstrings_rerun_nothing(project, path, old, new):
    project.edit(path, old, new)
    assert project.pending(*EIGHT) == {}


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("resources", {"memory_mb": 2048}),
        ("resources", {"threads": 1}),
        ("storage", {"keep_sessions": False}),
        ("", None),
    ],
)
def test_settings_that_change_no_number_rerun_nothing(project, section, values):
    if values is None:
        settings = project.settings
        project.write_settings(dict(reversed(list(settings.items()))))
    else:
        project.set(section, **values)
    assert project.pending(*EIGHT) == {}


def test_a_setting_reruns_what_depends_on_it(project):
    project.set("rsa", clip_quantile=0.01)
    assert project.pending(SHIFT_1) == ALL_RDMS


def test_the_tie_rule_concerns_spearman_alone(project):
    project.set("rsa", spearman_ties="ordinal")
    assert project.pending(SHIFT_1) == {}
    assert project.pending(EIGHT[4]) == {
        "rank_rdms": 12,
        "compare_rdms": 9,
        "join_rsa_subject_subject": 1,
    }


def test_a_kernel_reruns_its_users(project):
    project.edit(
        "workflow/repalign/kernels/rdm.py", "from __future__", "CHANGED = 1\nfrom __future__"
    )
    project.edit(
        "workflow/repalign/kernels/rdm.py", "CHANGED = 1\nfrom __future__ import annotations",
        "from __future__ import annotations\n\nCHANGED = 1\n",
    )  # fmt: skip
    assert project.pending(SHIFT_1) == {**ALL_RDMS}


def test_a_line_three_imports_deep_reruns_its_users_even_with_an_old_time(project):
    # extract_nsd_session.py -> datasets.responses -> datasets.nifti -> datasets.nifti_header
    path = project.root / "workflow/repalign/datasets/nifti_header.py"
    stat = path.stat()
    path.write_text(path.read_text() + "\n\nCHANGED = 1\n")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    pending = project.pending(SHIFT_1)
    assert pending["extract_nsd_session"] == 8
    assert pending["gather_responses"] == 3
    assert "prepare_nsd_trials" not in pending


def test_one_raw_session_reruns_its_subject_and_its_pairs(project):
    other = f"{RAW}/subj02/func1mm/betas_fithrf_GLMdenoise_RR/betas_session03.nii.gz"
    shutil.copy2(project.root / other, project.root / SESSION)
    jobs = project.pending_jobs(SHIFT_1)
    outputs = sorted(job["output"] for job in jobs)
    assert project.pending(SHIFT_1) == {
        "extract_nsd_session": 1,
        "gather_responses": 1,
        "select_shared_responses": 1,
        "summarise_quality": 1,
        "compute_rdms": 4,
        "compare_rdms": 5,
        "join_rsa_subject_subject": 1,
    }
    concerned = [o for o in outputs if "quality" not in o and o != SHIFT_1]
    assert all("sub-02" in output for output in concerned)


def test_two_swapped_sessions_rerun_both(project):
    first, second = project.root / SESSION, project.root / SESSION.replace("n02", "n03")
    spare = first.with_name("spare")
    first.rename(spare)
    second.rename(first)
    spare.rename(second)
    assert project.pending(SHIFT_1)["extract_nsd_session"] == 2


def test_two_swapped_inputs_rerun(project):
    files = {
        "atlas_left": "subj{subject:02d}/func1mm/roi/rh.HCP_MMP1.nii.gz",
        "atlas_right": "subj{subject:02d}/func1mm/roi/lh.HCP_MMP1.nii.gz",
    }
    project.set("nsd", files=files)
    pending = project.pending(SHIFT_1)
    assert pending["merge_nsd_atlas"] == 3
    assert pending["compare_rdms"] == 9


def test_switching_to_real_data_makes_everything_stale(project):
    (project.root / RAW / "simulation.json").unlink()
    project.set("nsd", sessions={1: 3, 2: 3, 3: 2}, source="other")
    pending = project.pending(SHIFT_1)
    assert pending["extract_nsd_session"] == 8
    assert pending["compare_rdms"] == 9


def test_a_changed_table_is_the_same_as_a_new_run(project, fresh):
    """After a change, the rerun gives the bytes that a run from nothing gives."""
    project.set("rsa", clip_quantile=0.02)
    project.snakemake("--quiet", "all", "--", SHIFT_1)
    anew = fresh(project.settings)
    anew.snakemake("--quiet", "all", "--cores", "1", "--", SHIFT_1)
    assert (project.root / SHIFT_1).read_bytes() == (anew.root / SHIFT_1).read_bytes()
    assert project.pending(SHIFT_1) == {}


def test_why_names_the_key_and_what_it_affects(project):
    project.set("rsa", clip_quantile=0.01)
    done = project.repalign("why", SHIFT_1, check=False)
    assert done.returncode == 1
    assert "clip_quantile: 0.003 → 0.01" in done.stdout
    done = project.repalign("why", "results/", check=False)
    assert "clip_quantile: 0.003 → 0.01" in done.stdout
    assert "stale" in done.stdout


def test_why_names_the_raw_file_and_the_module(project):
    other = project.root / SESSION.replace("n02", "n03")
    shutil.copy2(other, project.root / SESSION)
    project.edit(
        "workflow/repalign/kernels/comparison.py", "DEFAULT_BLOCK = ", "DEFAULT_BLOCK = 8 + "
    )
    text = project.repalign("why", SHIFT_1, check=False).stdout
    assert "content of" in text
    assert "betas_session02.nii.gz" in text
    assert "code repalign.kernels.comparison" in text


def test_why_agrees_with_snakemake_without_its_records(project):
    """The files alone tell what the records tell."""
    project.set("rsa", clip_quantile=0.01)
    pending = {job["output"] for job in project.pending_jobs(SHIFT_1)}
    shutil.rmtree(project.root / ".snakemake")
    listed = project.repalign("why", "--list", "results", check=False).stdout.split()
    shift_1 = {path for path in listed if "ranked" not in path and "shift-0" not in path}
    tables = {path for path in shift_1 if path.startswith("results/nsd/rsa_")}
    rest = {p for p in shift_1 - tables if "separated" not in p and "spearman" not in p}
    assert rest == pending - {SHIFT_1}
    assert SHIFT_1 in tables
    assert {job["output"] for job in project.pending_jobs(SHIFT_1)} == pending
    stale = project.repalign("why", "--list", SHIFT_1, check=False).stdout.split()
    assert stale == [SHIFT_1]


def test_why_sees_damage(project):
    table = project.root / SHIFT_1
    table.write_bytes(table.read_bytes()[:-100])
    done = project.repalign("why", SHIFT_1, check=False)
    assert "damaged" in done.stdout
    assert "cut short" in done.stdout


def test_settings_in_another_order_are_the_same_settings(project):
    text = yaml.safe_dump(project.settings, sort_keys=True, default_flow_style=True)
    (project.root / "config/config.yaml").write_text(text)
    assert project.pending(*EIGHT) == {}
