"""What a changed seed, model, control or setting makes again among all files of NSD."""

import shutil

import h5py
import numpy as np
import pandas as pd
import pytest

from .oracle import RAW
from .project import CONTROLS, EIGHT, REST, Project

ALL = [*EIGHT, *REST]
PARTIAL = {
    "compare_rdms_partial": 18,
    "join_rsa_partial": 2,
    "compare_model_partial": 18,
    # The joined and the separated table.
    "join_rsa_subject_model": 2,
}
CONTROLLED = {
    "select_controlled": 1,
    "compute_control_rdms": 6,
    # Twelve sets of trials, joined and separated.
    "compute_rdms": 24,
    **PARTIAL,
}
NULLS = {
    "compute_subject_null": 1,
    "join_subject_null": 1,
    "compute_model_null": 9,
    "join_model_null": 2,
    "compute_rsa_pvalues": 1,
}


@pytest.fixture
def everything(finished_all, tmp_path) -> Project:
    """A copy of all results that a test may change."""
    return finished_all.copy(tmp_path / "project")


def test_nothing_is_pending_after_a_finished_run(finished_all):
    assert finished_all.pending(*ALL) == {}


@pytest.mark.parametrize("values", [{"seed": 1}, {"scheme": "independent"}, {"unit": "image"}])
def test_the_draws_concern_nulls_and_pvalues_alone(everything, values):
    everything.set("permutation", **values)
    assert everything.pending(*ALL) == NULLS


def test_another_model_computes_that_model_alone(everything):
    folder = everything.root / RAW / "features"
    shutil.copy(folder / "sim-vit-small_pool-cls.h5", folder / "sim-vit-other_pool-cls.h5")
    jobs = everything.pending_jobs(*ALL)
    assert everything.pending(*ALL) == {
        # Three subjects, joined and separated.
        "compare_model": 6,
        "compare_model_partial": 6,
        "compute_model_null": 3,
        # Both tables, with and without controls.
        "join_rsa_subject_model": 4,
        # That of vision models.
        "join_model_null": 1,
        "compute_rsa_pvalues": 1,
    }
    parts = [job["output"] for job in jobs if "/parts/" in job["output"]]
    assert all("sim-vit-other_pool-cls" in part for part in parts)


def test_other_features_of_a_model_rerun_that_model_alone(everything):
    with h5py.File(everything.root / RAW / "features/sim-vit-small_pool-cls.h5", "a") as file:
        layer = file["layers/001"]
        layer[:] = np.roll(layer[()], 1, axis=0)
    parts = [job["output"] for job in everything.pending_jobs(*ALL) if "/parts/" in job["output"]]
    assert len(parts) == 6 + 6 + 3
    assert all("sim-vit-small_pool-cls" in part for part in parts)


def test_a_changed_control_reruns_partial_rsa_alone(everything):
    path = everything.root / RAW / "control_matrices/control_scene.parquet"
    table = pd.read_parquet(path)
    table["scene_level"] += 1
    table.to_parquet(path)
    assert everything.pending(*ALL) == CONTROLLED


def test_a_renamed_control_reruns_what_names_it(everything):
    """The name is in the tables, though the content of no file changed."""
    path = everything.root / RAW / f"control_matrices/control_{CONTROLS[2]}.parquet"
    path.rename(path.with_name("control_setting.parquet"))
    assert everything.pending(*ALL) == PARTIAL


def test_clipping_concerns_everything_from_responses_on(everything):
    everything.set("rsa", clip_quantile=0.01)
    assert everything.pending(*ALL) == {
        **NULLS,
        **PARTIAL,
        # All, controlled, animate and inanimate trials; shift 0 has 5 of its own.
        "compute_rdms": 12 * (2 + 2 + 2 + 1) + 2 * 5,
        "rank_rdms": 24,
        "compare_rdms": 9 * (2 + 2 + 1 + 2) + 2 * 6,
        "compute_session_rdms": 6,
        "compute_control_rdms": 6,
        "compare_model": 18,
        "compare_group": 6,
        "join_rsa_subject_subject": 8,
        "join_cka_subject_subject": 1,
        "join_rsa_partitions": 1,
        "join_rsa_subject_group": 2,
        "join_rsa_subject_model": 4,
    }
