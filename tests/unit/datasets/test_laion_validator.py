"""The validator: a clean tree passes, and every silent failure of the public reader is found."""

import dataclasses
import gzip
import json

import h5py
import nibabel as nib
import numpy as np
import pytest

from repalign.datasets.laion_checks import INVARIANTS, counts
from repalign.datasets.laion_report import report_html, report_json, report_tsv
from repalign.datasets.laion_validator import LaionFiles, validate_laion
from repalign.tables import laion_layout as layout

from .laion_tree import (
    BETAS,
    R2,
    SHAPE,
    SMALL,
    TRIALS,
    copy,
    edit_rows,
    files_of,
    rewrite,
    save_image,
    write_tree,
)

CLIP = layout.EMBEDDINGS.format(label="CLIP")
DINO = layout.EMBEDDINGS.format(label="DINOv2")
FIRST = {"subject": 1, "session": 1}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return write_tree(tmp_path_factory.mktemp("clean") / "laion")


@pytest.fixture
def tree(clean, tmp_path):
    """A copy that a test may break."""
    return copy(clean, tmp_path)


def statuses(root):
    """The worst status of every invariant, and its rows."""
    worst = {}
    for outcome in validate_laion(files_of(root)):
        rank = ("fail", "note", "pass", "skipped").index(outcome.status)
        if outcome.invariant not in worst or rank < worst[outcome.invariant][0]:
            worst[outcome.invariant] = (rank, outcome)
    return {name: outcome for name, (_, outcome) in worst.items()}


def failing(root):
    return {name for name, outcome in statuses(root).items() if outcome.status == "fail"}


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


def test_a_second_model_in_another_order_is_found(tree):
    rewrite(tree / DINO, "image_ids", lambda ids: ids[::-1])
    assert failing(tree) == {"E3"}
    assert statuses(tree)["E3"].file == "task-images_desc-DINOv2_embeddings.h5"


def test_a_sorted_table_of_images_is_found(tree):
    edit_rows(tree / layout.METADATA, lambda rows: sorted(rows, key=lambda r: r["image_name"]))
    assert failing(tree) >= {"J7"}


def test_a_sorted_table_is_found_where_all_pictures_have_one_format(tree):
    """Only the embeddings tell then."""

    def sort(rows):
        jpegs = iter(sorted((r for r in rows if r["image_name"].endswith("jpg")),
                            key=lambda r: r["image_name"]))  # fmt: skip
        return [r if r["image_name"].endswith("png") else next(jpegs) for r in rows]

    edit_rows(tree / layout.METADATA, sort)
    found = statuses(tree)["J7"]
    assert found.status == "fail"
    assert "sorted anew" in found.message


def test_trials_in_another_order_are_found(tree):
    edit_rows(tree / TRIALS.format(**FIRST), lambda rows: rows[::-1], "\t")
    found = statuses(tree)["J3"]
    assert found.status == "fail"
    assert found.rows[0] == "row 0"
    assert failing(tree) == {"J3"}


def test_fewer_trials_than_volumes_are_found(tree):
    edit_rows(tree / TRIALS.format(**FIRST), lambda rows: rows[:-1], "\t")
    assert failing(tree) == {"J2"}
    assert statuses(tree)["J6"].status == "note"


def test_an_unknown_label_is_found(tree):
    edit_rows(tree / TRIALS.format(**FIRST), lambda rows: rows[4].update(label="no.jpg"), "\t")
    found = statuses(tree)["J1"]
    assert (found.status, found.rows) == ("fail", ("row 4: 'no.jpg'",))


def test_a_row_that_is_not_valid_is_found(tree):
    rewrite(tree / CLIP, "valid", lambda valid: np.arange(len(valid)) != 2)
    assert failing(tree) == {"E6"}


def test_nan_is_found(tree):
    rewrite(tree / CLIP, "embedding", lambda v: np.where(np.arange(len(v))[:, None] == 3,
                                                         np.float16(np.nan), v))  # fmt: skip
    assert failing(tree) == {"E4"}


def test_other_numbers_are_found(tree):
    rewrite(tree / CLIP, "embedding", lambda values: values.astype(np.float64))
    assert failing(tree) == {"E1"}


def test_a_file_without_valid_is_found(tree):
    with h5py.File(tree / CLIP, "r+") as file:
        del file["valid"]
    found = statuses(tree)
    assert failing(tree) == {"E1"}
    assert found["E6"].status == "pass"  # of the other three files
    assert counts(validate_laion(files_of(tree)))["fail"] == 1


def test_a_name_twice_is_found(tree):
    rewrite(tree / CLIP, "image_ids", lambda ids: [ids[1], *ids[1:]])
    found = statuses(tree)["E2"]
    assert found.status == "fail"
    assert "2 times" in found.rows[0]
    assert "no " in found.rows[1]


@pytest.mark.parametrize("word", ["None", "NA", "null", "nan", "n/a", "NULL", "#N/A"])
def test_a_caption_that_readers_take_for_missing_is_found(tree, word):
    edit_rows(tree / layout.CAPTIONS, lambda rows: rows[7].update(caption=word))
    found = statuses(tree)["C7"]
    assert (found.status, found.rows) == ("fail", ("row 7",))
    assert failing(tree) == {"C7"}


def test_a_noun_that_readers_take_for_missing_is_found(tree):
    edit_rows(tree / layout.MASK_TABLE, lambda rows: rows[0].update(noun="null"))
    found = statuses(tree)["C7"]
    assert (found.status, found.rows) == ("fail", ("row 0",))
    assert found.file.endswith("segmentations_metadata.csv")


def test_another_spelling_of_the_source_is_found(tree):
    edit_rows(tree / layout.CAPTIONS, lambda rows: rows[0].update(source="Human"))
    assert "C4" in failing(tree)


def test_localized_in_words_is_found(tree):
    def words(rows):
        for row in rows:
            row["localized"] = {"1": "yes", "0": "no"}[row["localized"]]

    edit_rows(tree / layout.MASK_TABLE, words)
    assert failing(tree) == {"S1"}


def test_masks_of_255_are_found(tree):
    with h5py.File(tree / layout.MASKS, "r+") as file:
        file["masks"][2] = file["masks"][2] * 255
    found = statuses(tree)["S4"]
    assert (found.status, found.rows) == ("fail", ("mask 2: 255",))
    assert failing(tree) == {"S4"}


def test_scaled_betas_are_found(tree):
    path = tree / BETAS.format(**FIRST)
    values = np.asarray(nib.load(path).dataobj)
    image = nib.Nifti1Image(values, np.diag([1.778, 1.778, 1.778, 1]))
    image.set_data_dtype(np.int16)
    nib.save(image, path)
    found = statuses(tree)["J8"]
    assert failing(tree) == {"J8"}
    assert found.rows[0].startswith("slope ")
    assert "int16" in found.message


# What the client does not pass over, but only stumbles on later.


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


def test_another_grid_is_found(tree):
    save_image(tree / R2.format(subject=1), np.ones((4, 4, 2), np.float32))
    shifted = np.diag([1.778, 1.778, 1.778, 1])
    shifted[0, 3] = 1
    save_image(tree / R2.format(subject=3), np.ones(SHAPE, np.float32), shifted)
    outcomes = [o for o in validate_laion(files_of(tree)) if o.invariant == "J9"]
    assert [o.status for o in outcomes] == ["fail", "fail"]
    assert "affine" in outcomes[1].rows[0]


def test_betas_without_trials_are_found(tree):
    (tree / TRIALS.format(**FIRST)).unlink()
    found = statuses(tree)["J2"]
    assert (found.status, found.rows) == ("fail", ("ses-01",))


# The rest of the invariants.


def test_rows_that_are_not_of_length_1_are_found(tree):
    rewrite(tree / CLIP, "embedding", lambda v: (v * np.float16(1.01)).astype(np.float16))
    assert failing(tree) == {"E5"}


def test_rows_of_length_1_are_found_where_none_are_published(tree):
    with h5py.File(tree / CLIP) as file:
        unit = file["embedding"][()]
    rewrite(tree / DINO, "embedding", lambda _: unit)
    assert failing(tree) == {"E5"}


def test_zero_rows_fail_and_equal_rows_are_noted(tree):
    rewrite(tree / CLIP, "embedding", lambda v: np.vstack([v[:1] * 0, v[1:]]))
    rewrite(tree / DINO, "embedding", lambda v: np.vstack([v[1:2], v[1:]]))
    found = {o.file: o.status for o in validate_laion(files_of(tree)) if o.invariant == "E7"}
    assert found["task-images_desc-CLIP_embeddings.h5"] == "fail"
    assert found["task-images_desc-DINOv2_embeddings.h5"] == "note"


def test_a_dataset_too_many_is_found(tree):
    with h5py.File(tree / CLIP, "r+") as file:
        file["more"] = [1]
    assert failing(tree) == {"E1"}


@pytest.mark.parametrize(
    ("column", "value", "invariant"),
    [
        ("mask_row", "1", "S2"),
        ("mask_row", "-1", "S1"),
        ("score", "high", "S1"),
        ("box_x0", "", "S1"),
        ("instance_id", "5", "S6"),
        ("box_x1", "400", "S7"),
        ("box_x0", "0.0", "S7"),
        ("localized", "0", "S8"),
        ("image_name", "unique_LAION_other_p01.jpg", "S9"),
    ],
)
def test_a_wrong_value_in_the_table_of_masks_is_found(tree, column, value, invariant):
    edit_rows(tree / layout.MASK_TABLE, lambda rows: rows[0].update({column: value}))
    found = statuses(tree)[invariant]
    assert found.status == "fail"
    assert "0" in found.rows[0] or value in found.rows[0]


def test_a_mask_twice_is_found(tree):
    def twice(rows):
        for key in ("image_name", "noun", "instance_id"):
            rows[1][key] = rows[0][key]

    edit_rows(tree / layout.MASK_TABLE, twice)
    assert failing(tree) >= {"S3", "S6"}


def test_scores_that_rise_are_found(tree):
    with h5py.File(tree / layout.MASKS) as file:
        n_masks = len(file["masks"])
    assert n_masks > 10

    def swap(rows):
        pair = next(r for r in rows if r["instance_id"] == "1")
        pair["score"] = "0.9999"

    edit_rows(tree / layout.MASK_TABLE, swap)
    assert failing(tree) == {"S6"}


def test_a_mask_of_nearly_everything_is_not_localised(tree):
    with h5py.File(tree / layout.MASKS, "r+") as file:
        mask = np.ones(file["masks"].shape[1:], np.uint8)
        mask[0, 0] = 0
        file["masks"][0] = mask
    assert failing(tree) == {"S7", "S8"}


def test_other_storage_of_masks_is_found(tree):
    rewrite(tree / layout.MASKS, "masks", lambda masks: masks)
    assert failing(tree) == {"S10"}


def test_masks_of_another_size_are_found(tree):
    with h5py.File(tree / layout.MASKS, "r+") as file:
        old = file["masks"][()]
        del file["masks"]
        wider = np.pad(old, ((0, 0), (0, 0), (0, 2)))
        file.create_dataset("masks", data=wider, compression="gzip", shuffle=True,
                            chunks=(1, *wider.shape[1:]))  # fmt: skip
    assert "S5" in failing(tree)


@pytest.mark.parametrize(
    ("change", "invariant"),
    [
        (lambda rows: rows[:-1], "C2"),
        (lambda rows: rows[0].update(caption_idx="9"), "C3"),
        (lambda rows: next(r for r in rows if r["source"] == "ai").update(caption_idx="1"), "C3"),
        (lambda rows: next(r for r in rows if r["source"] == "ai").update(ai_model=""), "C5"),
        (lambda rows: next(r for r in rows if r["source"] == "human").update(ai_model="x"), "C5"),
        (lambda rows: rows[3].update(caption="  "), "C6"),
        (lambda rows: rows[3].update(image_name="no.jpg"), "C2"),
    ],
)
def test_a_wrong_value_in_the_table_of_captions_is_found(tree, change, invariant):
    edit_rows(tree / layout.CAPTIONS, change)
    assert invariant in failing(tree)


def test_text_that_is_no_utf8_is_found(tree):
    path = tree / layout.CAPTIONS
    path.write_bytes(path.read_bytes() + "caf\xe9,1\n".encode("latin-1"))
    assert failing(tree) == {"C8"}


def test_a_line_break_that_is_not_quoted_is_found(tree):
    path = tree / layout.CAPTIONS
    lines = path.read_text().splitlines(keepends=True)
    plain = next(k for k, line in enumerate(lines) if k and '"' not in line and ",human," in line)
    lines[plain] = lines[plain].replace(" ", "\n", 1)
    path.write_text("".join(lines))
    assert failing(tree) == {"C8"}


def test_an_image_of_another_subject_is_found(tree):
    own = next(r for r in _labels(tree, subject=3) if "_p04." in r)
    path = tree / TRIALS.format(**FIRST)
    edit_rows(path, lambda rows: rows[0].update(label=own), "\t")
    found = statuses(tree)["J4"]
    assert found.status == "fail"
    # The number in the name is an older one: p04 is sub-03.
    assert found.rows[0] == f"{own} of sub-03"


def test_a_shared_image_that_one_subject_is_not_shown_is_found(tree):
    lost = next(r for r in _labels(tree, subject=1) if r.startswith("shared"))
    for session in (1, 2):
        path = tree / TRIALS.format(subject=1, session=session)
        own = next(r for r in _labels(tree, subject=1) if "_p01." in r)

        def replace(rows, own=own):
            for row in rows:
                row["label"] = own if row["label"] == lost else row["label"]

        edit_rows(path, replace, "\t")
    found = statuses(tree)
    assert found["J5"].rows == (f"sub-01: no {lost}",)
    assert found["J6"].status == "fail"


def _labels(root, subject):
    lines = (root / TRIALS.format(subject=subject, session=1)).read_text().splitlines()[1:]
    return [line.split("\t")[3] for line in lines]


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
