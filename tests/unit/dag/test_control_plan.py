"""Where control matrices come from, and how the steps that read them take them."""

from pathlib import Path

import pytest

from repalign.dag.build import absent_sources, build_workflow, control_matrices
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.tables.hubs import HUBS, control_names

ROOT = Path(__file__).parents[3]
READERS = {
    "select_controlled": {"dataset": "nsd"},
    "compare_rdms_partial": {
        "dataset": "nsd", "shift": "1", "hemispheres": "joined", "subject_i": "01",
        "subject_j": "02",
    },
    "compare_model_partial": {
        "dataset": "nsd", "hemispheres": "joined", "model": "a_pool-cls", "subject": "01",
    },
}  # fmt: skip
TWELVE = [
    f"results/nsd/control_matrices/control_{name}.parquet" for name in control_names(tuple(HUBS))
]


@pytest.fixture
def root(tmp_path):
    (tmp_path / "config").mkdir()
    for name in ("config/derivatives.tsv", "config/models.tsv", "config/prompts.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name in (
        "features/a_pool-cls.h5",
        "control_matrices/control_b_1.parquet",
        "control_matrices/control_b.parquet",
        "control_matrices/control_b-1.parquet",
        "nsd_stim_info_merged.csv",
        "nsd_stimuli.hdf5",
        *(f"annotations/{kind}_{split}2017.json" for kind in ("captions", "instances")
          for split in ("train", "val")),
    ):  # fmt: skip
        (tmp_path / "raw" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "raw" / name).touch()
    return tmp_path


def build(root, controls="control_matrices", **nsd):
    settings = {"raw": "raw", "source": "simulated", "sessions": {1: 1, 2: 1},
                "controls": controls, **nsd}  # fmt: skip
    return build_workflow(Settings.model_validate({"nsd": settings}), root)


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_is_external(root, reader):
    flow, plan = build(root)
    step = flow[reader]
    assert "controls" not in step.inputs(READERS[reader])
    expected = [f"raw/control_matrices/control_{n}.parquet" for n in ("b-1", "b", "b_1")]
    assert step.external(READERS[reader])["controls"] == expected
    assert plan.nsd.control_plan.names == ["b-1", "b", "b_1"]


@pytest.mark.parametrize("reader", READERS)
def test_computed_ones_are_inputs(root, reader):
    flow, plan = build(root, "computed")
    step = flow[reader]
    assert step.inputs(READERS[reader])["controls"] == TWELVE
    assert "controls" not in step.external(READERS[reader])
    makers = {flow.producer(path).step.name for path in TWELVE}
    assert makers == {"build_control_matrix"}
    params = step.params(READERS[reader])
    if "control_names" in params:
        assert params["control_names"] == plan.nsd.control_plan.names == control_names(tuple(HUBS))


def test_without_regions_of_a_hub_it_has_no_control(root):
    _, plan = build(root, "computed", regions=["V1", "p24", "MST"])
    names = plan.nsd.control_plan.names
    assert len(names) == 9
    assert not any(name.startswith("ventral_hub") for name in names)
    assert control_matrices(plan) == list(plan.nsd.control_plan.computed.values())


@pytest.mark.parametrize("controls", ["elsewhere", "."])
def test_a_folder_without_any_is_named(root, controls):
    flow, plan = build(root, controls)
    assert "controls" in absent_sources(plan)
    with pytest.raises(RepalignError, match=r"no control_<name>\.parquet(.|\n)*`computed`"):
        flow["select_controlled"].external({"dataset": "nsd"})


@pytest.mark.parametrize("missing", ["annotations/instances_val2017.json", "nsd_stimuli.hdf5"])
def test_computed_ones_need_annotations_and_pictures(root, missing):
    _, plan = build(root, "computed")
    assert "controls" not in absent_sources(plan)
    (root / "raw" / missing).unlink()
    _, plan = build(root, "computed")
    assert "controls" in absent_sources(plan)
    assert control_matrices(plan) == []


def test_they_are_made_whoever_reads_them(root):
    """Under any setting of nsd.controls, as files to look at."""
    assert control_matrices(build(root)[1]) == TWELVE


def test_the_choice_of_controls_is_in_the_spec_of_readers_alone(root):
    one, other = (build(root, controls)[0] for controls in ("control_matrices", "computed"))
    for name, wildcards in (("fit_components", {}), ("compute_grams", {"subject": "01"})):
        assert one[name].params(wildcards) == other[name].params(wildcards)
        assert one[name].inputs(wildcards) == other[name].inputs(wildcards)
