"""The register of external data, and what the settings choose of it."""

import csv
import io
from pathlib import Path

import pytest

from repalign.dag.plans import Plans
from repalign.dag.retrieval import REGISTER, SCANS, retrieval_command, retrieval_plan, value_of
from repalign.errors import RepalignError
from repalign.retrieval.plan import RetrievalPlan
from repalign.retrieval.register import AGREEMENTS, COLUMNS, read_register
from repalign.settings import Settings
from repalign.settings.retrieval import RetrievalSettings

from .conftest import make_entry

ROOT = Path(__file__).parents[3]
ENTRIES = read_register(ROOT / REGISTER)
DATASETS = ("nsd", "bold5000", "things", "laion", "mouse", "atlas")
ROW = {
    "dataset": "nsd", "item": "x", "version": "-", "kind": "file", "source": "s3://bucket/key",
    "target": "x", "when": "default", "agreement": "-", "terms": "CC0", "size": "unknown",
    "checksum": "unknown", "description": "A thing",
}  # fmt: skip


def plan_of(dataset, **settings):
    given = {"retrieval": {"accepted": list(AGREEMENTS), **settings.pop("retrieval", {})}}
    own = {"raw": "data/here", **settings.pop(dataset, {})}
    section = {} if dataset == "atlas" else {dataset: own}
    checked = Settings.model_validate({**given, **section, **settings})
    return retrieval_plan(Plans.of(checked), dataset, ENTRIES)


def items(plan):
    return [entry.item for entry in plan.entries]


def write(tmp_path, *rows, columns=COLUMNS):
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    (tmp_path / "register.tsv").write_text(text.getvalue())
    return tmp_path / "register.tsv"


WRONG = {
    "kind": ({"kind": "folder"}, "kind 'folder'"),
    "source": ({"source": "ftp://host/x"}, "source"),
    "bucket": ({"source": "s3://../x"}, "source"),
    "figshare": ({"source": "figshare://name/x"}, "source"),
    "when": ({"when": "always"}, "when 'always'"),
    "agreement": ({"agreement": "mine"}, "agreement 'mine'"),
    "checksum": ({"checksum": "md5:12"}, "checksum"),
    "algorithm": ({"checksum": "crc32:" + "0" * 8}, "checksum"),
    "size": ({"size": "1 GB"}, "size"),
    "nothing": ({"terms": " "}, "nothing in terms"),
    "size of a pattern": ({"source": "s3://bucket/{subject}", "size": "1"}, "of a pattern"),
    "sum of a pattern": ({"source": "s3://bucket/*", "checksum": f"md5:{0:032d}"}, "of a pattern"),
    "files without a base": ({"kind": "files"}, "/./"),
    "a base of one file": ({"source": "s3://bucket/./key"}, "/./"),
    "an unknown placeholder": ({"source": "s3://bucket/{run}"}, r"\{run\} in the source"),
    "an unknown one of the target": ({"target": "a/{ses}"}, r"\{ses\} in the target"),
    "a placeholder without a name": ({"target": "a/{}"}, r"\{\} in the target"),
    "a part of a placeholder": ({"target": "a/{subject.x}"}, r"\{subject.x\} in the target"),
    "half a pair of braces": ({"target": "a/{subject"}, "target 'a/{subject'"),
    "a pattern of archives": (
        {"kind": "archive", "source": "s3://bucket/{subject}.zip"}, r"source 's3://bucket/\{subject\}.zip'"),
    "a path as an item": ({"item": "../x"}, "item '../x'"),
    "files of the web": ({"kind": "files", "source": "https://host/./x"}, "s3://"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_rows_are_named(tmp_path, change, message):
    path = write(tmp_path, ROW.values(), {**ROW, "item": "y", **change}.values())
    with pytest.raises(RepalignError, match=message) as caught:
        read_register(path)
    assert "row 3" in caught.value.where


def test_other_forms_of_the_table_are_refused(tmp_path):
    with pytest.raises(RepalignError, match="nsd/x twice"):
        read_register(write(tmp_path, ROW.values(), ROW.values()))
    with pytest.raises(RepalignError, match="11 fields"):
        read_register(write(tmp_path, list(ROW.values())[:-1]))
    with pytest.raises(RepalignError, match="columns a, b"):
        read_register(write(tmp_path, columns=["a", "b"]))
    with pytest.raises(RepalignError, match="no register"):
        read_register(tmp_path / "none")


def test_every_rule_has_rows_and_every_row_a_rule():
    assert {entry.dataset for entry in ENTRIES} == set(DATASETS)
    text = (ROOT / "workflow/rules/retrieval.smk").read_text()
    for dataset in DATASETS:
        assert f"rule retrieve_{dataset}:" in text
        assert f"    retrieve_{dataset},\n" in text, "a local rule: other machines may be offline"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: f"{e.dataset}/{e.item}")
def test_rows_fit_the_settings(entry):
    """Settings that rows name are there, and have the placeholders of the source."""
    settings = Settings()
    if entry.target.startswith("@"):
        assert isinstance(value_of(settings, entry.target[1:]), str)
    key, is_condition, value = entry.when.partition("=")
    if is_condition:
        assert value in type(value_of(settings, key)).__name__ or value_of(settings, key)
        section, name = key.rsplit(".", 1)
        Settings.model_validate({section: {name: value, **({"registration": {
            "atlas_space": "MNI152NLin2009aAsym"}} if value == "fsl" else {})}})  # fmt: skip
    assert "://" in entry.terms or entry.kind == "by-hand"


@pytest.mark.parametrize("dataset", DATASETS)
def test_everything_that_can_be_fetched_has_a_place_of_its_own(dataset):
    plan = plan_of(dataset, retrieval={"items": ["*"]})
    wanted = list(plan.wanted())
    # Patterns of files share a folder.
    single = [one.target for one in wanted if one.kind != "files"]
    assert len(set(single)) == len(single)
    assert len({one.source for one in wanted}) == len(wanted)
    assert not any("{" in one.source + one.target for one in wanted)
    assert plan.dataset == dataset


def test_subjects_sessions_and_paths_are_those_of_the_settings():
    chosen = {
        "subjects": [2, 7],
        "sessions": {2: 3, 7: 1},
        "files": {"betas": "{session}/{subject}"},
    }
    wanted = list(plan_of("nsd", nsd=chosen, retrieval={"items": ["betas"]}).wanted())
    assert [one.target for one in wanted] == ["1/2", "2/2", "3/2", "1/7"]
    start = "s3://natural-scenes-dataset/nsddata_betas/ppdata/subj02/func1mm/"
    assert wanted[0].source == start + "betas_fithrf_GLMdenoise_RR/betas_session01.nii.gz"


@pytest.mark.parametrize(
    ("dataset", "count"),
    [("nsd", 284 + 2 * 8 + 3), ("bold5000", 54 + 1), ("things", 1), ("mouse", 7), ("atlas", 2),
     ("laion", 5 * (30 * 2 + 3) + 7)],
)  # fmt: skip
def test_the_default_is_what_the_main_tables_need(dataset, count):
    assert len(list(plan_of(dataset).wanted())) == count


def test_conditions_follow_the_settings():
    fsl = {"atlas": "fsl", "registration": {"atlas_space": "MNI152NLin2009aAsym"}}
    assert items(plan_of("bold5000")) == ["betas", "stimuli", "atlas"]
    chosen = items(plan_of("bold5000", bold5000=fsl))
    assert chosen == ["betas", "stimuli", "t1", "bold", "atlas_volume"]
    assert "events" in items(plan_of("things", things={"trial_order": "events"}))
    (one, *_) = plan_of("bold5000", bold5000={"beta_type": "B"}).wanted()
    assert one.source.endswith("CSI1_GLMbetas-TYPEB-FITHRF_ses-01.nii.gz")


def test_scans_follow_the_settings():
    wanted = list(plan_of("mouse", mouse={"scans": [SCANS[1]]}).wanted())
    assert [one.target[:18] for one in wanted] == ["static22846-10-16-"]
    with pytest.raises(RepalignError, match="1-2-3"):
        plan_of("mouse", mouse={"scans": ["1-2-3"]})


def test_items_are_names_or_patterns():
    assert items(plan_of("nsd", retrieval={"items": ["atlas_l*", "behaviour"]})) == [
        "atlas_left", "behaviour",
    ]  # fmt: skip
    with pytest.raises(RepalignError, match="no item betes of nsd") as caught:
        plan_of("nsd", retrieval={"items": ["betas", "betes"]})
    assert "betas_mni" in caught.value.expected


def test_agreements_stop_the_rule_and_can_be_left_out():
    with pytest.raises(RepalignError, match="eT4jHxaWwYUDEf2i9"):
        plan_of("nsd", retrieval={"accepted": []})
    plan = plan_of("nsd", retrieval={"accepted": [], "items": ["coco_*"]})
    assert items(plan) == ["coco_annotations"]
    with pytest.raises(RepalignError, match="humanconnectome"):
        plan_of("atlas", retrieval={"accepted": ["nsd"]})


def test_names_of_agreements_are_those_of_the_settings():
    annotation = RetrievalSettings.model_fields["accepted"].annotation
    assert sorted(annotation.__args__[0].__args__) == sorted(AGREEMENTS)
    assert {entry.agreement for entry in ENTRIES} == {None, *AGREEMENTS}


def test_unknown_subjects_are_refused():
    with pytest.raises(RepalignError, match=r"subjects \[9\]"):
        plan_of("nsd", nsd={"subjects": [1, 9]})


def test_the_folder_of_simulations_is_refused():
    with pytest.raises(RepalignError, match="of the simulation"):
        retrieval_plan(
            Plans.of(Settings.model_validate({"retrieval": {"accepted": ["nsd"]}})), "nsd", ENTRIES
        )


@pytest.mark.parametrize("path", ["{scan}", "{}", "{0}", "{", "{session:q}", "{subject.x}"])
def test_paths_that_cannot_be_filled_in_are_named(path):
    entry = make_entry("s3://bucket/{subject}/{session}", f"a/{path}", item="betas")
    plan = RetrievalPlan("nsd", [entry], sessions={2: 1})
    with pytest.raises(RepalignError, match="cannot be filled in") as caught:
        list(plan.wanted())
    assert caught.value.where == "nsd/betas"
    assert f"'a/{path}'" in caught.value.found


def test_a_plan_survives_the_command_line():
    plan = plan_of("nsd", retrieval={"endpoints": {"s3://": "http://127.0.0.1:9/x"}, "wait": 0.5})
    assert RetrievalPlan.from_json(plan.to_json()) == plan
    for text in ("", "[]", "{}", '{"entries": [1]}'):
        with pytest.raises(RepalignError, match="no plan"):
            RetrievalPlan.from_json(text)


def test_no_command_is_too_long_for_the_system(monkeypatch):
    """Linux takes 128 KiB in one argument."""
    monkeypatch.chdir(ROOT)
    settings = {"retrieval": {"accepted": ["nsd"], "items": ["*"]}, "nsd": {"raw": "data/nsd"}}
    command = retrieval_command(Plans.of(Settings.model_validate(settings)), "nsd")
    assert "retrieve_data.py" in command
    assert command.endswith("data/nsd/retrieved.tsv")
    assert len(command) < 20_000
