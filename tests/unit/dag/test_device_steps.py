"""The device reaches the jobs that use it, and only a GPU is part of what made a result."""

from __future__ import annotations

import pytest

from repalign.dag.nulls import null_steps
from repalign.dag.plans import Plans
from repalign.dag.rsa import rsa_steps
from repalign.dag.subject_model import subject_model_steps
from repalign.settings import Settings

VALUES = {
    "dataset": "nsd", "subject": "01", "subject_i": "01", "subject_j": "02", "shift": "1",
    "hemispheres": "joined", "comparison": "pearson", "model": "vit", "permutations": "100",
    "block": "00", "vectors": "rdms", "partner": "02", "role": "x", "partition": "animate",
    "subset": "all",
}  # fmt: skip
WITH_DEVICE = {
    "compare_rdms",
    "compare_subject_sessions",
    "compare_model",
    "compute_subject_null",
    "compute_model_null",
}


def places(device: str | None) -> dict[str, tuple[object, object]]:
    """The device among the parameters and among the limits of every step that has it."""
    values = {"nsd": {"source": "other", "subjects": [1, 2]}}
    if device:
        values["resources"] = {"device": device}
    plans = Plans.of(Settings.model_validate(values))
    steps = [*rsa_steps(plans), *subject_model_steps(plans), *null_steps(plans)]
    steps = [step for step in steps if step.name in WITH_DEVICE]
    assert {step.name for step in steps} == WITH_DEVICE
    return {s.name: (s.params(VALUES).get("device"), s.limits.get("device")) for s in steps}


@pytest.mark.parametrize("device", [None, "cpu"])
def test_the_cpu_is_no_part_of_a_spec_so_that_results_stay_current(device):
    assert set(places(device).values()) == {(None, "cpu")}


def test_a_gpu_is_part_of_the_spec():
    assert set(places("cuda").values()) == {("cuda", None)}


def test_other_devices_are_no_setting():
    for device in ("gpu", "torch-cpu", "cuda:0"):
        with pytest.raises(ValueError, match=r"resources\.device"):
            Settings.model_validate({"resources": {"device": device}})
