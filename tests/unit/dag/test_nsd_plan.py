"""What a run of NSD covers: subjects, sessions, regions, and what kind of data it is."""

import json
from pathlib import Path

import pytest

from repalign.dag.nsd import nsd_steps
from repalign.dag.nsd_plan import PUBLISHED_SESSIONS, NsdPlan
from repalign.dag.prepared import prepared_steps
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.truth import write_manifest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path) -> Path:
    """A project whose raw folder is there but empty."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources/hcp_mmp1.tsv").write_bytes(
        (ROOT / "resources/hcp_mmp1.tsv").read_bytes()
    )
    return tmp_path


@pytest.fixture
def simulated(root) -> Path:
    write_manifest(root / "raw", NsdSimulation())
    return root


def plan(root: Path, simulate: dict | None = None, **nsd) -> NsdPlan:
    values = {"nsd": {"raw": "raw", **nsd}, "simulate": {"nsd": simulate or {}}}
    return NsdPlan(Settings.model_validate(values), root)


def test_real_data_have_the_published_sessions(root):
    assert plan(root).source == "real"
    assert plan(root).sessions == PUBLISHED_SESSIONS
    assert plan(root).subjects == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_simulation_has_its_own_sessions(simulated):
    assert plan(simulated).source == "simulated"
    assert list(plan(simulated).sessions.values()) == [6, 6, 5, 4, 6, 5, 6, 4]


def test_subjects_are_chosen_in_ascending_order(simulated):
    assert plan(simulated, subjects=[7, 2]).sessions == {2: 6, 7: 6}


def test_sessions_of_the_settings_come_first(simulated):
    own = plan(simulated, sessions={1: 2, 9: 3})
    assert own.sessions == {1: 2, 9: 3}
    assert plan(simulated, sessions={1: 2, 9: 3}, subjects=[9]).sessions == {9: 3}


@pytest.mark.parametrize(
    ("nsd", "found"),
    [
        ({"subjects": [1, 9]}, "[9]"),
        ({"subjects": []}, "none"),
        ({"subjects": [2], "sessions": {1: 3}}, "[2]"),
        ({"sessions": {}}, "none"),
    ],
)
def test_subjects_that_are_not_there_are_named(root, nsd, found):
    with pytest.raises(RepalignError) as caught:
        _ = plan(root, **nsd).subjects
    assert found in caught.value.found
    assert caught.value.where == "nsd.subjects"


def test_regions_go_by_name_and_keep_their_ids(root):
    assert plan(root).regions == list(range(1, 361))
    assert plan(root, regions=["MST", "V1"]).areas == [1, 2]
    assert plan(root, regions=["MST", "V1", "V1"]).regions == [1, 2, 181, 182]


@pytest.mark.parametrize(
    ("names", "found"), [(["V1", "V9", "L_V1"], "'V9', 'L_V1'"), ([], "none")]
)
def test_regions_that_are_not_there_are_named(root, names, found):
    with pytest.raises(RepalignError, match=r"nsd\.regions") as caught:
        _ = plan(root, regions=names).regions
    assert found in caught.value.found


@pytest.mark.parametrize(
    "damage",
    [lambda text: "", lambda text: text[: len(text) // 9], lambda text: text.replace("area", "x")],
    ids=["empty", "cut short", "another header"],
)
def test_a_damaged_table_of_areas_is_no_wrong_setting(root, damage):
    table = root / "resources/hcp_mmp1.tsv"
    table.write_text(damage(table.read_text()))
    with pytest.raises(RepalignError, match=r"hcp_mmp1\.tsv\n.*areas that can be read"):
        _ = plan(root, regions=["MST", "V1"]).areas


@pytest.mark.parametrize("source", ["real", "simulated", "other"])
def test_the_source_can_be_said(root, source):
    assert plan(root, source=source).source == source


def test_simulated_data_are_never_called_real(simulated):
    with pytest.raises(RepalignError, match=r"simulation\.json"):
        _ = plan(simulated, source="real").source


def test_no_raw_folder_says_what_to_do(root):
    with pytest.raises(RepalignError, match="repalign simulate nsd") as caught:
        _ = plan(root, raw="gone").source
    assert "gone" in caught.value.where


def test_a_simulation_of_other_settings_is_refused(simulated):
    with pytest.raises(RepalignError, match="n_runs, seed"):
        _ = plan(simulated, simulate={"seed": 5, "n_runs": 5}).source


def test_a_broken_marker_is_refused(root):
    (root / "raw/simulation.json").write_text(json.dumps({"simulated": False}))
    with pytest.raises(RepalignError, match=r"simulation\.json"):
        _ = plan(root).source


def test_missing_sessions_are_all_named(root):
    (root / "raw/s1").mkdir()
    for session in (1, 3):
        (root / f"raw/s1/{session}.nii.gz").touch()
    small = plan(
        root, sessions={1: 4}, files={"betas": "s{subject}/{session}.nii.gz", "design": "d.mat"}
    )
    step = {step.name: step for step in nsd_steps(small)}["extract_nsd_session"]
    assert step.external({"subject": "01", "session": "03"}) == {
        "betas": "raw/s1/3.nii.gz",
        "design": "raw/d.mat",
    }
    with pytest.raises(RepalignError) as caught:
        step.external({"subject": "01", "session": "02"})
    assert caught.value.found == "session(s) [2, 4] of subject 1 missing"
    assert caught.value.where == "raw/s1/2.nii.gz"
    assert "nsd.sessions" in caught.value.remedy


def test_every_session_is_gathered_in_order(root):
    steps = {step.name: step for step in prepared_steps([plan(root)])}
    found = steps["gather_responses"].inputs({"scanned": "nsd", "subject": "04"})["sessions"]
    assert len(found) == 30
    assert found == sorted(found)
    assert found[-1].endswith("sub-04/ses-30.npy")


def test_a_new_mask_makes_the_index_stale(root):
    folder = root / "raw/subj01/func1mm/roi"
    folder.mkdir(parents=True)
    step = {s.name: s for s in nsd_steps(plan(root, subjects=[1]))}["index_nsd_masks"]
    (folder / "lh.HCP_MMP1.nii.gz").touch()
    before = step.params({})
    (folder / "floc.nii.gz").touch()
    after = step.params({})
    assert before["masks"] == ["subj01/func1mm/roi/lh.HCP_MMP1.nii.gz"]
    assert after["masks"] == ["subj01/func1mm/roi/floc.nii.gz", *before["masks"]]
    assert after["mask_subjects"] == [1, 1]


def test_region_matrices_are_one_file_a_region(root):
    steps = {s.name: s for s in nsd_steps(plan(root, layout="roi_matrices", regions=["V1"]))}
    assert "extract_nsd_session" not in steps
    assert steps["import_nsd_responses"].external({"subject": "02"})["matrices"] == [
        "raw/betas/sub02/sub-02_roi-001.npy",
        "raw/betas/sub02/sub-02_roi-181.npy",
    ]
