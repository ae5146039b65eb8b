"""The validator of LAION-fMRI's stimuli: a clean tree passes, and any fault is a finding."""

import dataclasses
import gzip
import json

import h5py
import pytest

from repalign.datasets.laion_checks import INVARIANTS
from repalign.datasets.laion_report import report_html, report_json, report_tsv
from repalign.datasets.laion_validator import LaionFiles, validate_laion
from repalign.tables import laion_layout as layout

from .laion_tree import (
    BETAS,
    CLIP,
    FIRST,
    SMALL,
    TRIALS,
    edit_rows,
    failing,
    files_of,
    statuses,
    write_tree,
)


def test_there_are_the_31_invariants_of_the_layout_and_three_more():
    assert len(INVARIANTS) == 34
    groups = {"E": 7, "S": 10, "C": 8, "J": 9}
    assert list(INVARIANTS) == [f"{k}{n}" for k, count in groups.items()
                                for n in range(1, count + 1)]  # fmt: skip


def test_a_clean_tree_passes_everything(clean):
    found = statuses(clean)
    assert set(found) == set(INVARIANTS)
    assert {outcome.status for outcome in found.values()} == {"pass"}
    assert "p = 0.001" in found["J7"].message


def test_words_that_readers_take_for_missing_are_all_that_fails_of_the_default(tmp_path):
    root = write_tree(tmp_path / "laion", SMALL.model_copy(update={"null_words": True}))
    assert failing(root) == {"C7"}
    files = {o.file: o for o in validate_laion(files_of(root)) if o.invariant == "C7"}
    assert len(files) == 2
    assert all(outcome.status == "fail" and outcome.rows for outcome in files.values())


# One test for each row of what the public client passes over in silence.


def test_a_missing_file_is_a_finding_and_no_error(tree):
    for name in (CLIP, layout.MASKS, layout.CAPTIONS):
        (tree / name).unlink()
    assert failing(tree) == {"E1", "S4", "C1"}


def test_a_cut_file_is_a_finding_and_no_error(tree):
    for name in (CLIP, layout.MASKS):
        (tree / name).write_bytes((tree / name).read_bytes()[:3000])
    betas = tree / BETAS.format(**FIRST)
    betas.write_bytes(betas.read_bytes()[:10])
    assert failing(tree) == {"E1", "S4", "J2", "J9"}


def test_no_files_at_all_fail_or_are_skipped():
    outcomes = validate_laion(LaionFiles(embeddings=dict.fromkeys(layout.WIDTHS)))
    assert {o.invariant for o in outcomes} == set(INVARIANTS)
    assert {o.status for o in outcomes} == {"fail", "skipped"}


def test_public_files_alone_are_validated_without_the_gated_ones(tree):
    for name in (layout.STIMULI, layout.METADATA):
        (tree / name).unlink()
    found = statuses(tree)
    assert failing(tree) == set()
    skipped = {name for name, outcome in found.items() if outcome.status == "skipped"}
    assert skipped == {"S5", "S9", "C2", "J1", "J5", "J6", "J7"}


@pytest.mark.parametrize("name", ["embedding", "image_ids"])
def test_a_misnamed_dataset_is_found(tree, name):
    with h5py.File(tree / CLIP, "r+") as file:
        file.move(name, name + "s")
    assert failing(tree) == {"E1"}


def test_a_misnamed_column_is_found(tree):
    for name, old in ((layout.CAPTIONS, "caption_idx"), (layout.MASK_TABLE, "mask_row")):
        path = tree / name
        path.write_text(path.read_text().replace(old, "index", 1))
    assert failing(tree) == {"C1", "S1"}


def test_an_absent_session_is_no_error(tree):
    for pattern in (TRIALS, BETAS):
        (tree / pattern.format(subject=1, session=2)).unlink()
    assert failing(tree) == set()
    found = statuses(tree)
    assert found["J6"].status == "note"
    assert found["J5"].status in ("pass", "note")


def test_stand_ins_fail_where_the_data_are_real(clean):
    files = dataclasses.replace(files_of(clean), is_real=True)
    failed = [o for o in validate_laion(files) if o.status == "fail"]
    assert {o.invariant for o in failed} == {"E1"}
    assert len(failed) == 4
    assert all("not a model" in o.message for o in failed)


# The report.


def test_reports_hold_neither_captions_nor_workers_nor_pictures(tree):
    edit_rows(tree / layout.CAPTIONS, lambda rows: [
        {**r, "participant_id": "", "caption": "a secret text", "source": "Human"} for r in rows
    ])  # fmt: skip
    workers = (tree / "sourcedata/human_captions.csv").read_text()
    assert "worker-" in workers
    outcomes = validate_laion(files_of(tree))
    facts = {"data": "simulated <b>"}
    html = report_html(outcomes, facts)
    for text in (html, report_json(outcomes, facts), report_tsv(outcomes)):
        assert "secret" not in text
        assert "worker-" not in text
        assert str(tree) not in text
    assert "<img" not in html
    assert "http" not in html
    assert "src=" not in html
    assert "simulated &lt;b&gt;" in html


def test_the_report_for_programs_lists_every_invariant(clean):
    outcomes = validate_laion(files_of(clean))
    content = json.loads(report_json(outcomes, {}))
    assert content["counts"] == {"fail": 0, "note": 0, "pass": 34, "skipped": 0}
    assert {o["invariant"] for o in content["outcomes"]} == set(INVARIANTS)
    lines = report_tsv(outcomes).splitlines()
    assert len(lines) == len(content["outcomes"]) + 1
    assert lines[0].split("\t")[:3] == ["invariant", "status", "file"]


def test_masks_are_read_one_at_a_time(tree, monkeypatch):
    """Memory stays that of one mask, however many there are."""
    asked = []
    read = h5py.Dataset.__getitem__

    def spy(self, key, *args):
        if self.name == "/masks":
            asked.append(key)
        return read(self, key, *args)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", spy)
    validate_laion(files_of(tree))
    assert asked
    assert all(isinstance(key, int) for key in asked)


def test_betas_are_never_read(tree):
    path = tree / BETAS.format(**FIRST)
    with gzip.open(path) as file:
        header = file.read(360)
    with gzip.open(path, "wb") as file:
        file.write(header)
    assert failing(tree) == set()


def test_a_table_of_images_with_a_name_twice_fails_the_join(tree):
    edit_rows(tree / layout.METADATA,
              lambda rows: rows[1].update(image_name=rows[0]["image_name"]))  # fmt: skip
    found = statuses(tree)["J7"]
    assert found.status == "fail"
    assert "a second time" in found.message
