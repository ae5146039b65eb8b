"""Which scans, subjects and regions a run of mouse scans covers."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from repalign.dag.build import build_workflow, scan_folders
from repalign.dag.mouse_plan import MousePlan
from repalign.errors import RepalignError
from repalign.models.registry import COLUMNS
from repalign.settings import Settings
from repalign.simulate.mouse_settings import MouseSimulation
from repalign.simulate.truth import write_dataset_manifest

ROOT = Path(__file__).parents[3]
GREY, COLOR = "GrayImageNet-94c6", "ColorImageNet-c7f3"
SCANS = [f"static23343-5-17-{GREY}.zip", f"static21067-10-18-{GREY}.zip",
         f"static26872-17-20-{GREY}.zip", f"static9000-1-2-{COLOR}.zip",
         f"static25311-4-6-{COLOR}"]  # fmt: skip
REGISTRY = [
    ("vit_a", "A", "-", "vision", "timm", "hub", "", "", "", "cls", "no", "yes"),
    ("llm", "L", "-", "language", "causal-lm", "hub", "", "", "", "avg", "no", "yes"),
]


@pytest.fixture
def root(tmp_path) -> Path:
    """Five scans: three grey ones, one of them withheld, and two of colour."""
    for name in SCANS:
        path = tmp_path / "raw" / name
        path.parent.mkdir(exist_ok=True)
        (path.touch if path.suffix == ".zip" else path.mkdir)()
    (tmp_path / "raw/static.txt").touch()
    (tmp_path / "config").mkdir()
    for name in ("derivatives.tsv", "prompts.yaml"):
        (tmp_path / "config" / name).write_bytes((ROOT / "config" / name).read_bytes())
    rows = "\n".join("\t".join(row) for row in (COLUMNS, *REGISTRY))
    (tmp_path / "config/models.tsv").write_text(rows + "\n")
    return tmp_path


def settings(**mouse) -> Settings:
    return Settings.model_validate({"mouse": {"raw": "raw", **mouse}})


def plan(root, **mouse) -> MousePlan:
    return MousePlan(settings(**mouse), root)


def test_scans_are_found_and_ordered_by_their_numbers(root):
    keys = ["9000-1-2", "21067-10-18", "23343-5-17", "25311-4-6", "26872-17-20"]
    assert list(plan(root).found) == plan(root).scans == keys
    assert plan(root).place("25311-4-6") == f"raw/static25311-4-6-{COLOR}"


def test_subjects_are_of_one_stimulus_set_without_withheld_scans(root):
    found = plan(root, withheld=["26872-17-20", "9000-1-2"])
    assert found.keys == {2: "21067-10-18", 3: "23343-5-17"}
    assert found.subjects == [2, 3]
    assert found.sessions == {2: 1, 3: 1}
    assert plan(root, stimulus_set="c7f3").keys == {1: "9000-1-2", 4: "25311-4-6"}
    assert plan(root, withheld=[]).keys == {2: "21067-10-18", 3: "23343-5-17", 5: "26872-17-20"}


def test_a_selection_changes_no_number(root):
    assert plan(root, scans=["23343-5-17"]).keys == {3: "23343-5-17"}
    assert plan(root, scans=["23343-5-17"]).scans == ["23343-5-17"]
    with pytest.raises(RepalignError, match=r"scan 21067-10-18[\s\S]*mouse.scans"):
        plan(root, scans=["23343-5-17"]).place("21067-10-18")


def test_of_equal_sets_the_first_is_compared(root):
    assert plan(root).keys == {1: "9000-1-2", 4: "25311-4-6"}


@pytest.mark.parametrize(
    ("mouse", "message"),
    [
        ({"scans": ["1-2-3"]}, r"scans 1-2-3[\s\S]*some of 9000-1-2"),
        ({"scans": []}, "scans none"),
        ({"stimulus_set": "f00"}, r"no scan of stimulus set f00[\s\S]*94c6, c7f3"),
        ({"regions": ["LM"]}, r"regions \['LM'\][\s\S]*some of V1"),
    ],
)
def test_choices_that_do_not_exist_are_refused(root, mouse, message):
    with pytest.raises(RepalignError, match=message):
        _ = (plan(root, **mouse).keys, plan(root, **mouse).regions)


@pytest.mark.parametrize(
    "mouse",
    [{"scans": ["1-2"]}, {"areas": {}}, {"export": {"a b": {"scan": "1-2-3"}}},
     {"min_fev": 1.0}, {"channels": "red"}, {"withheld": ["x"]}],
)  # fmt: skip
def test_values_that_cannot_be_are_refused(mouse):
    with pytest.raises(ValidationError):
        settings(**mouse)


def test_a_zip_file_beside_its_unpacked_folder_is_refused(root):
    (root / "raw" / SCANS[0].removesuffix(".zip")).mkdir()
    with pytest.raises(RepalignError, match=r"both scan 23343-5-17[\s\S]*older zip file"):
        _ = plan(root).found


def test_a_name_without_a_key_needs_one_in_the_settings(root):
    (root / "raw/static-ours.zip").touch()
    with pytest.raises(RepalignError, match=r"static-ours.zip[\s\S]*mouse.files"):
        _ = plan(root).found
    files = {"1-2-3": "static-ours.zip"}
    assert plan(root, files=files).place("1-2-3") == "raw/static-ours.zip"
    named = plan(root, files=files)
    assert named.scan_name("1-2-3") == "static1-2-3-GrayImageNet"
    assert named.scan_name("9000-1-2") == f"static9000-1-2-{COLOR}"


def test_regions_are_areas_and_layers(root):
    found = plan(root, areas={"V1": ["L2/3", "L4"], "LM": []}).region_set
    assert [region.name for region in found.own] == ["V1", "V1 L2/3", "V1 L4", "LM"]
    assert found.rois == (1, 2, 3, 4)
    chosen = plan(root, areas={"V1": ["L2/3", "L4"], "LM": []}, regions=["V1 L4", "LM"])
    assert chosen.regions == [3, 4]
    assert chosen.areas == [3, 4]


def test_repetitions(root):
    assert plan(root).n_repetitions == 10
    assert plan(root, repetitions=7).n_repetitions == 7
    write_dataset_manifest(root / "raw", "mouse", MouseSimulation(), {"1": 1})
    assert plan(root).n_repetitions == MouseSimulation().n_repeats


def test_mice_read_no_captions(root):
    assert [model.model for model in plan(root).feature_plan.registry] == ["vit_a"]
    flow, _ = build_workflow(settings(), root)
    # Language models of others are not forgotten because of mice.
    (root / "nsd").mkdir()
    whole = Settings.model_validate({"mouse": {"raw": "raw"}, "nsd": {"raw": "nsd"}})
    flow, _ = build_workflow(whole, root)
    assert "llm" in flow.constraints["language_model"]


def test_pictures_of_mice_come_from_their_scans(root):
    flow, _ = build_workflow(settings(stimulus_set="94c6"), root)
    job = flow.producer("results/mouse/features/trained/vit_a_pool-cls.h5")
    assert job.step.name == "extract_vision_features"
    assert job.step.external(job.values)["pictures"] == [f"raw/{SCANS[1]}", f"raw/{SCANS[0]}"]
    params = job.step.params(job.values)
    assert params["channels"] == ["luminance"]
    assert params["scans"] == ["21067-10-18", "23343-5-17"]
    assert params["below"] == []


def test_a_least_fev_makes_responses_depend_on_ceilings(root):
    target = "results/mouse/prepared/responses/sub-02"
    for least, n_files in ((None, 0), (0.15, 1)):
        flow, _ = build_workflow(settings(stimulus_set="94c6", min_fev=least), root)
        job = flow.producer(target)
        assert len(job.step.inputs(job.values)["ceilings"]) == n_files
        assert job.step.params(job.values)["min_fev"] == ([] if least is None else [least])


def test_exported_parts(root):
    part = {"scan": "21067-10-18", "tiers": ["train"], "regions": ["V1"]}
    flow, plans = build_workflow(settings(export={"small": part}), root)
    job = flow.producer("results/mouse/exported/small")
    assert job.step.external(job.values)["scan"] == f"raw/{SCANS[1]}"
    assert job.step.params(job.values)["name"] == SCANS[1].removesuffix(".zip")
    with pytest.raises(RepalignError, match=r"named other[\s\S]*one of small"):
        plans.mouse.exported("other")


def test_without_scans_nothing_is_made_and_what_is_asked_for_says_so(root):
    absent = Settings.model_validate({"mouse": {"raw": "away"}})
    flow, plans = build_workflow(absent, root)
    assert scan_folders(plans) == []
    job = flow.producer("results/mouse/scans/21067-10-18")
    with pytest.raises(RepalignError, match="repalign simulate mouse"):
        job.step.external(job.values)
    (root / "empty").mkdir()
    empty = MousePlan(Settings.model_validate({"mouse": {"raw": "empty"}}), root)
    assert not empty.has_recordings()
    assert "recordings" in empty.absent_sources()
    _, plans = build_workflow(settings(stimulus_set="94c6"), root)
    assert len(scan_folders(plans)) == 2 * len(SCANS)
