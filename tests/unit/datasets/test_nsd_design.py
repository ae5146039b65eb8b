import numpy as np
import pytest

from repalign.datasets.nsd_design import read_design
from repalign.datasets.nsd_stim_info import check_agreement, read_stim_info
from repalign.errors import RepalignError

from .conftest import assert_error


def test_design(tmp_path, experiment):
    design = read_design(experiment.write_mat(tmp_path))
    np.testing.assert_array_equal(design.order, experiment.order)
    np.testing.assert_array_equal(design.images, experiment.images)
    assert (design.n_sessions, design.n_trials_per_session) == (4, 15)
    assert (design.n_trials, design.n_subjects, design.n_repetitions) == (60, 3, 3)
    assert design.run.tolist() == [1] * 5 + [2] * 5 + [3] * 5 + design.run[15:].tolist()
    np.testing.assert_array_equal(design.trial_images(2), experiment.images[1][experiment.order])


def changed(experiment, name):
    """Each way to break a design: what is written, and what the message must hold."""
    mat = {k: v.astype(np.int64) for k, v in experiment.mat().items()}
    order, images, pattern = mat["masterordering"], mat["subjectim"], mat["stimpattern"]
    if name == "no sharedix":
        return {"sharedix": None}, ("sharedix", "no such variable")
    if name == "0-based order":
        return {"masterordering": order - 1}, ("masterordering", "0-based")
    if name == "0-based images":
        return {"subjectim": images - images.min()}, ("subjectim", "0-based")
    if name == "uneven":
        order[0, np.flatnonzero(order[0] == 4)[0]] = 9
        return {"masterordering": order}, ("masterordering", "position 4 shown 2", "3 times")
    if name == "position too high":
        order[0, 0] = 21
        return {"masterordering": order}, ("masterordering", "21", "1 to 20")
    if name == "shared differ":
        images[1, 2] += 1
        return {"subjectim": images}, ("column 3", "subject 2", f"image {images[0, 2]},")
    if name == "image twice":
        images[1, 9] = images[1, 8]
        return {"subjectim": images}, ("subjectim", f"image {images[1, 8]} twice", "subject 2")
    if name == "unshared in common":
        images[1, 9] = images[2, 9]
        return {"subjectim": images}, ("subjectim", f"image {images[1, 9]} for 2 subjects")
    if name == "short session":
        pattern[2, 0, 0] = 0
        return {"stimpattern": pattern}, ("session 3", "14 trials", "15 trials")
    if name == "pattern of twos":
        return {"stimpattern": pattern * 2}, ("stimpattern", "zeros and ones")
    if name == "sessions":
        return {"stimpattern": np.ones((7, 3, 5))}, ("stimpattern", "60 trials in 7 sessions")
    if name == "basiccnt":
        return {"basiccnt": np.ones((3, 7))}, ("basiccnt", "7 sessions", "4 sessions")
    if name == "text":
        return {"subjectim": "abc"}, ("subjectim", "numbers on 2 axes")
    assert name == "fractions"
    return {"subjectim": images + 0.5}, ("subjectim", "whole")


@pytest.mark.parametrize(
    "name",
    ["no sharedix", "0-based order", "0-based images", "uneven", "position too high",
     "shared differ", "image twice", "unshared in common", "short session", "pattern of twos",
     "sessions", "basiccnt", "text", "fractions"],
)  # fmt: skip
def test_broken_designs(tmp_path, experiment, name):
    content, parts = changed(experiment, name)
    path = experiment.write_mat(tmp_path, **content)
    with pytest.raises(RepalignError) as error:
        read_design(path)
    assert_error(error.value, path, *parts)


def test_unreadable_designs(tmp_path, experiment):
    path = experiment.write_mat(tmp_path)
    path.write_bytes(path.read_bytes()[:300])
    for bad in (path, tmp_path / "none.mat"):
        with pytest.raises(RepalignError) as error:
            read_design(bad)
        assert_error(error.value, bad)
    path.write_text("not a MATLAB file")
    with pytest.raises(RepalignError, match="cannot be read"):
        read_design(path)


def test_agreement(tmp_path, experiment):
    design, info = experiment.write(tmp_path)
    check_agreement(read_design(design), read_stim_info(info))


def disagreement(tmp_path, experiment, table=None, **mat):
    design = read_design(experiment.write_mat(tmp_path, **mat))
    path = experiment.write_table(tmp_path, experiment.table() if table is None else table)
    with pytest.raises(RepalignError) as error:
        check_agreement(design, read_stim_info(path))
    assert str(path) in str(error.value)
    return error.value


def test_disagreement_names_subject_trial_and_images(tmp_path, experiment):
    images = experiment.images + 1
    images[1, [10, 11]] = images[1, [11, 10]]
    error = disagreement(tmp_path, experiment, subjectim=images)
    trials = experiment.images[1][experiment.order]
    first = np.flatnonzero(np.isin(experiment.order, (10, 11)))[0]
    other = images[1][experiment.order][first] - 1
    assert_error(
        error,
        f"image {trials[first]} at trial {first + 1} of subject 2 (6 of 60",
        f"image {other} (0-based)",
    )


def test_ids_of_the_design_one_too_high(tmp_path, experiment):
    images = experiment.images + 2
    error = disagreement(tmp_path, experiment, subjectim=images, sharedix=images[:1, :6])
    assert_error(error, "one too high", "nsdId + 1")


def test_zero_based_design_without_the_first_image(tmp_path, experiment):
    """Image 0 of the table is shown to nobody, so that the design alone looks 1-based."""
    table = experiment.table()
    table = table.iloc[[0, *range(len(table))]].reset_index(drop=True)
    table["nsdId"] = np.arange(len(table))
    table.loc[0, [name for name in table if name.startswith("subject")]] = 0
    table.loc[0, "shared1000"] = False
    images = experiment.images + 1  # due: + 2
    error = disagreement(tmp_path, experiment, table, subjectim=images, sharedix=images[:1, :6])
    assert_error(error, "0-based where 1-based", "add 1")


def test_one_based_table(tmp_path, experiment):
    design, path = experiment.write(tmp_path)
    info = read_stim_info(path)
    info["nsdId"] += 1
    with pytest.raises(RepalignError) as error:
        check_agreement(read_design(design), info)
    assert_error(error.value, path, "1-based where 0-based", "subtract 1")


def test_other_disagreements(tmp_path, experiment):
    table = experiment.table()
    dropped = table.drop(columns=[c for c in table if c.startswith("subject3")])
    assert_error(disagreement(tmp_path, experiment, dropped), "subjects [1, 2]", "[1, 2, 3]")
    flagged = table.assign(shared1000=False)
    assert_error(disagreement(tmp_path, experiment, flagged), "shared1000", "6 images")
    # Trial numbers shifted by one, cyclically: every trial holds the image of the next one.
    rolled = table.copy()
    for s in (1, 2, 3):
        columns = [f"subject{s}_rep{r}" for r in range(3)]
        shown = table[f"subject{s}"] == 1
        numbers = table.loc[shown, columns].to_numpy()
        rolled.loc[shown, columns] = np.sort((numbers - 2) % 60 + 1, axis=1)
    assert_error(disagreement(tmp_path, experiment, rolled), "trial numbers are shifted")


@pytest.mark.parametrize(
    ("edit", "parts"),
    [
        (lambda t: t.drop(columns="nsdId"), ("no column nsdId",)),
        (lambda t: t.assign(nsdId=t.nsdId + 1), ("nsdId", "1-based")),
        (lambda t: t.drop(index=7), ("data row 8", "nsdId 8")),
        (lambda t: t.assign(flagged="perhaps"), ("data row 1", "'perhaps'", "flagged")),
        (lambda t: t.assign(subject1=2), ("data row 1", "subject1")),
        (lambda t: t.assign(cocoId=t.cocoId - 1000.5), ("data row 1", "cocoId")),
    ],
)
def test_broken_tables(tmp_path, experiment, edit, parts):
    path = experiment.write_table(tmp_path, edit(experiment.table()))
    with pytest.raises(RepalignError) as error:
        read_stim_info(path)
    assert_error(error.value, path, *parts)


@pytest.mark.parametrize("content", [None, "", 'a,b\n"1,2\n1,2,3,4'])
def test_unreadable_tables(tmp_path, content):
    path = tmp_path / "nsd_stim_info_merged.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RepalignError) as error:
        read_stim_info(path)
    assert_error(error.value, path, "nsd_stim_info_merged.csv")


@pytest.mark.parametrize(
    ("edit", "parts"),
    [
        (lambda n: n - 1, ("0-based", "subject2_rep0")),
        (lambda n: np.where(n == 7, 8, n), ("[8]", "subject2_rep0", "each once")),
        (lambda n: n[:, ::-1], ("chronological", "subject2_rep0")),
    ],
)
def test_broken_trial_numbers(tmp_path, experiment, edit, parts):
    table = experiment.table()
    columns = [f"subject2_rep{r}" for r in range(3)]
    shown = table["subject2"] == 1
    table.loc[shown, columns] = edit(table.loc[shown, columns].to_numpy())
    design = read_design(experiment.write_mat(tmp_path))
    info = read_stim_info(experiment.write_table(tmp_path, table))
    with pytest.raises(RepalignError) as error:
        check_agreement(design, info)
    assert_error(error.value, "nsd_stim_info_merged.csv", *parts)
