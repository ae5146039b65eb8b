"""Steps of the curated set: what depends on what, which sessions are needed, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from repalign.dag.build import build_workflow, targets
from repalign.dag.catalogue import read_catalogue
from repalign.dag.curated_3mm import kept_sessions
from repalign.dag.nsd_plan import NsdPlan
from repalign.dag.steps import Workflow, as_list
from repalign.errors import RepalignError
from repalign.settings import Settings

ROOT = Path(__file__).parents[3]
SET = "results/nsd/curated_3mm/"
BETAS = "mni/s{subject}/betas_session{session}.nii.gz"
SESSIONS = {1: 12, 2: 11}


@pytest.fixture
def root(tmp_path) -> Path:
    """A project with all raw files of the set, empty; sessions are not padded with zeros."""
    for name in ("config/derivatives.tsv", "config/models.tsv", "resources/hcp_mmp1.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    names = [BETAS.format(subject=s, session=k) for s, n in SESSIONS.items()
             for k in range(1, n + 1)]  # fmt: skip
    names += [f"annotations/instances_{split}.json" for split in ("train2017", "val2017")]
    for name in ("nsd_expdesign.mat", "nsd_stim_info_merged.csv", *names):
        path = tmp_path / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def settings(**curated) -> Settings:
    nsd = {"raw": "raw", "source": "other", "subjects": [1, 2], "sessions": SESSIONS}
    files = {"betas_mni": BETAS}
    return Settings.model_validate({"nsd": {**nsd, "files": files}, "curated_3mm": curated})


def build(root: Path, **curated) -> Workflow:
    return build_workflow(settings(**curated), root)[0]


def specs(flow: Workflow, *paths: str) -> list[str]:
    """What the files depend on."""
    jobs = [flow.producer(path) for path in paths]
    assert all(jobs)
    return [flow.spec_text(job) for job in jobs if job is not None]


SESSION = "results/nsd/prepared/curated_3mm/sub-02/ses-10.npy"
FILES = {
    "labels": SET + "coco_labels.parquet",
    "trials": SET + "trials.parquet",
    "mask": SET + "mask.nii.gz",
    "session": SESSION,
    "subject": SET + "sub-02_betas.npy",
}


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        ({"label_rule": "in_crop"}, {"labels", "trials", "subject"}),
        ({"include_crowd": False}, {"labels", "trials", "subject"}),
        ({"id_lookup": "list_position"}, {"labels", "trials", "subject"}),
        ({"label_level": "category"}, {"trials", "subject"}),
        ({"max_trials": 5}, {"trials", "subject"}),
        ({"equalise": {"pick": "earliest"}}, {"trials", "subject"}),
        ({"equalise": {"seed": 1}}, {"trials", "subject"}),
        ({"scale": "stored"}, {"subject"}),
        ({"invalid_voxels": "drop"}, {"subject"}),
        ({"interpolation": "nearest"}, {"session", "subject"}),
        ({"order": "mask_then_resample"}, {"session", "subject"}),
        ({"gm_threshold": 0.3}, {"mask", "session", "subject"}),
        ({"gm_closing": 0}, {"mask", "session", "subject"}),
        ({"resolution_mm": 2.0}, {"mask", "session", "subject"}),
        ({"keep_resampled": False}, set()),
    ],
)
def test_a_choice_reaches_what_it_changes_and_nothing_else(root, change, stale):
    before, after = (specs(build(root, **own), *FILES.values()) for own in ({}, change))
    changed = {name for name, a, b in zip(FILES, before, after, strict=True) if a != b}
    assert changed == stale


def test_one_step_alone_looks_at_all_subjects(root):
    flow = build(root)
    values = {"subject": "01", "session": "02"}
    of_subjects = ("resample_mni_session", "curate_responses", "curate_trials")
    for name in of_subjects:
        step = flow[name]
        files = [*step.inputs(values).values(), *step.external(values).values()]
        assert not [path for own in files for path in as_list(own) if "sub-02" in path]
    assert list(flow["choose_trials"].inputs({})) == ["labelled"]


def test_sessions_are_in_the_order_of_their_numbers(root):
    """Read from a folder, session 10 of these names would come before session 2."""
    inputs = build(root)["curate_responses"].inputs({"subject": "01"})
    numbers = [int(path[-6:-4]) for path in inputs["sessions"]]
    assert numbers == list(range(1, 12)), "all that every subject did"
    assert [path.replace("_valid", "") for path in inputs["valid"]] == inputs["sessions"]
    external = build(root)["resample_mni_session"].external({"subject": "01", "session": "10"})
    assert external["betas"] == "raw/" + BETAS.format(subject=1, session=10)


def test_a_gap_in_the_sessions_is_refused(root):
    (root / "raw" / BETAS.format(subject=2, session=4)).unlink()
    with pytest.raises(RepalignError) as error:
        build(root)["resample_mni_session"].external({"subject": "02", "session": "04"})
    assert "session(s) [4] of subject 2 missing" in str(error.value)
    assert "without a gap" in error.value.expected


def test_maps_and_tables_that_are_there_are_used(root):
    flow, values = build(root), {"subject": "01", "session": "02"}
    assert flow["resample_mni_session"].external(values)["valid_map"] == []
    assert flow["label_trials"].external({})["responses"] == []
    files = settings().nsd.files
    valid = files.valid_mni.format(subject=1, session=2)
    for name in (valid, files.behaviour.format(subject=2)):
        (root / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "raw" / name).touch()
    assert flow["resample_mni_session"].external(values)["valid_map"] == [f"raw/{valid}"]
    assert flow["label_trials"].params({})["response_subjects"] == [2]
    assert len(flow["label_trials"].external({})["responses"]) == 1


def plan(root: Path, source: str, **curated) -> NsdPlan:
    nsd = {"raw": "raw", "source": source, "subjects": [1, 4]}
    return NsdPlan(Settings.model_validate({"nsd": nsd, "curated_3mm": curated}), root)


def test_only_sessions_that_can_hold_kept_trials_are_needed(root):
    assert [kept_sessions(plan(root, "real"), s) for s in (1, 4)] == [30, 30]
    few = plan(root, "real", max_trials=22_500)
    assert [kept_sessions(few, s) for s in (1, 4)] == [30, 30]
    more = plan(root, "real", max_trials=22_501)
    assert [kept_sessions(more, s) for s in (1, 4)] == [31, 30]
    assert kept_sessions(plan(root, "other", max_trials=10), 1) == 40, "of unknown length"


def test_region_matrices_have_no_curated_set(root):
    values = {"raw": "raw", "layout": "roi_matrices", "source": "other", "subjects": [1]}
    flow, _ = build_workflow(Settings.model_validate({"nsd": values}), root)
    assert flow.producer(SET + "trials.parquet") is None


def test_the_crop_of_an_unrelated_picture_is_refused():
    with pytest.raises(ValidationError, match="in_crop needs the picture"):
        settings(label_rule="in_crop", id_lookup="list_position")


@pytest.mark.parametrize("absent", ["mni", "instances"])
def test_what_cannot_be_made_is_left_out(root, absent):
    for path in (root / "raw").rglob("*_session1.nii.gz" if absent == "mni" else "instances_*"):
        path.unlink()
    flow, plans = build_workflow(settings(), root)
    wanted = targets(flow, plans, read_catalogue(root / "config/derivatives.tsv"))
    assert SET + "curation.json" not in wanted
    assert (SET + "trials.parquet" in wanted) == (absent == "mni")


def test_the_report_knows_every_choice(root):
    choices = json.loads(build(root)["report_curation"].params({})["choices"])
    own = settings().curated_3mm.model_dump()
    flat = {**own, **{f"equalise_{key}": value for key, value in own["equalise"].items()}}
    assert choices == {k: v for k, v in flat.items() if k not in ("equalise", "keep_resampled")}
