"""RDMs are computed once for all partners whose trials are the same, and never for others."""

from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repalign.dag.catalogue import read_catalogue, select
from repalign.dag.nsd_plan import PUBLISHED_SESSIONS, NsdPlan
from repalign.dag.plans import Plans
from repalign.dag.published import published_steps
from repalign.dag.rsa import part_of, representative, rsa_steps
from repalign.datasets.matching import trial_set
from repalign.settings import Settings

ROOT = Path(__file__).parents[3]
SUBJECTS = list(PUBLISHED_SESSIONS)
CHOICES = {"dataset": "nsd", "shift": "1", "hemispheres": "joined", "comparison": "pearson"}


def make_plan(trial_sets: str = "shared", subjects: list[int] | None = None) -> NsdPlan:
    values = {
        "nsd": {"source": "other", "subjects": subjects or "all"},
        "rsa": {"trial_sets": trial_sets},
    }
    return NsdPlan(Settings.model_validate(values))


def steps(plan: NsdPlan):
    catalogue, plans = read_catalogue(ROOT / "config/derivatives.tsv"), Plans.of(plan.settings)
    return {step.name: step for step in (*rsa_steps(plans), *published_steps(plans, catalogue))}


def rdm_sets(plan: NsdPlan, **choices: str) -> set[str]:
    """All folders of RDMs that the comparisons of a table read."""
    compare = steps(plan)["compare_rdms"]
    found = set()
    for i, j in product(plan.subjects, plan.subjects):
        part = {**CHOICES, **choices, "subject_i": f"{i:02d}", "subject_j": f"{j:02d}"}
        if part["shift"] != "0" or i <= j:
            inputs = compare.inputs(part)
            found |= {inputs["x"], inputs["y"]}
    return found


@pytest.mark.parametrize(
    ("trial_sets", "shift", "count"),
    [("shared", "1", 48), ("shared", "0", 18), ("per_pair", "1", 128), ("per_pair", "0", 64)],
)
def test_distinct_sets_of_rdms(trial_sets, shift, count):
    plan = make_plan(trial_sets)
    assert list(plan.sessions.values()) == [40, 40, 32, 30, 40, 32, 40, 30]
    assert len(rdm_sets(plan, shift=shift)) == count


def test_ranks_have_sets_of_their_own():
    plan = make_plan()
    spearman, pearson = rdm_sets(plan, comparison="spearman"), rdm_sets(plan)
    assert not spearman & pearson
    assert {name.replace("ranked_rdms", "rdms") for name in spearman} == pearson


@pytest.fixture(scope="module")
def common_order() -> pd.DataFrame:
    """40 planned sessions of 12 trials in one order; every subject did some of them."""
    rng = np.random.default_rng(0)
    n_images, n_shared, per_session = 160, 90, 12
    order = rng.permutation(np.repeat(np.arange(n_images), 3))
    repetition = pd.Series(order).groupby(order).cumcount().to_numpy()
    frames = []
    for subject, sessions in PUBLISHED_SESSIONS.items():
        done = slice(sessions * per_session)
        shared = order[done] < n_shared
        frames.append(
            pd.DataFrame(
                {
                    "subject": subject,
                    "trial": np.arange(sessions * per_session),
                    "stimulus": np.where(shared, order[done], order[done] + 1000 * subject),
                    "repetition": repetition[done],
                    "shared": shared,
                }
            )
        )
    return pd.concat(frames)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_the_representative_has_the_trials_of_all_that_it_stands_for(common_order, shift):
    plan = make_plan()
    for subject, role in product(SUBJECTS, ("x", "y")):
        sets = {p: trial_set(common_order, subject, p, shift, role) for p in SUBJECTS}
        for partner in SUBJECTS:
            chosen = representative(plan, subject, partner, shift)
            for own, its in zip(sets[partner], sets[chosen], strict=True):
                np.testing.assert_array_equal(own, its)
        # Not one set too many: different representatives have different trials.
        chosen = {representative(plan, subject, p, shift) for p in SUBJECTS}
        distinct = {(keys.tobytes(), rows.tobytes()) for keys, rows in sets.values()}
        assert len(chosen) == len(distinct)


def test_both_sides_of_a_pair_without_a_shift_have_the_same_trials(common_order):
    """So that role x can stand for role y, and part (j, i) is the transpose of (i, j)."""
    for i, j in product(SUBJECTS, SUBJECTS):
        for x, y in zip(
            trial_set(common_order, i, j, 0, "x"),
            trial_set(common_order, i, j, 0, "y"),
            strict=True,
        ):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("trial_sets", ["shared", "per_pair"])
@pytest.mark.parametrize("shift", ["0", "1"])
def test_both_sides_of_every_comparison_have_the_same_keys(common_order, trial_sets, shift):
    plan = make_plan(trial_sets)
    compare = steps(plan)["compare_rdms"]

    def keys(folder: str) -> np.ndarray:
        subject, role, partner = Path(folder).name.replace("sub-", "").split("_")
        return trial_set(common_order, int(subject), int(partner), int(shift), role)[0]

    for i, j in product(SUBJECTS, SUBJECTS):
        part = {**CHOICES, "shift": shift, "subject_i": f"{i:02d}", "subject_j": f"{j:02d}"}
        inputs = compare.inputs(part)
        assert f"sub-{i:02d}_x" in inputs["x"]
        assert f"sub-{j:02d}_" in inputs["y"]
        np.testing.assert_array_equal(keys(inputs["x"]), keys(inputs["y"]))
        np.testing.assert_array_equal(
            keys(inputs["x"]), trial_set(common_order, i, j, int(shift), "x")[0]
        )


def test_representatives_are_among_the_chosen_subjects():
    plan = make_plan(subjects=[3, 4, 6])
    for i, j, shift in product([3, 4, 6], [3, 4, 6], [0, 1]):
        assert representative(plan, i, j, shift) in (3, 4)
    assert len(rdm_sets(plan)) == 3 * 2 * 2


def parts(shift: str) -> dict[tuple[int, int], str]:
    return {
        (i, j): part_of({**CHOICES, "shift": shift}, i, j) for i, j in product(SUBJECTS, SUBJECTS)
    }


def test_parts_of_shift_2_are_those_of_shift_1_with_swapped_subjects():
    one, two = parts("1"), parts("2")
    assert len(set(one.values())) == 64
    assert {(i, j): one[j, i] for i, j in one} == two


def test_parts_without_a_shift_stand_for_both_orders():
    zero = parts("0")
    assert len(set(zero.values())) == 36
    assert all(zero[i, j] == zero[j, i] for i, j in zero)
    assert zero[3, 1].endswith("all_shift-0_joined_pearson/sub-01_sub-03.parquet")


def test_a_table_asks_for_its_parts_in_the_order_of_the_published_rows():
    plan = make_plan(subjects=[1, 2])
    name = "rsa_subject_subject_alignment_separated_1_spearman"
    inputs = steps(plan)["join_rsa_subject_subject"].inputs(
        {"dataset": "nsd", "rsa_subject_subject_table": name}
    )
    assert [Path(part).stem for part in inputs["parts"]] == [
        "sub-01_sub-01", "sub-01_sub-02", "sub-02_sub-01", "sub-02_sub-02",
    ]  # fmt: skip
    assert all("shift-1_separated_spearman" in part for part in inputs["parts"])


def test_all_tables_together_make_no_part_twice():
    """Eight tables, 64 pairs each, of which shift 2 and half of shift 0 come for free."""
    rows = select(read_catalogue(ROOT / "config/derivatives.tsv"), "nsd", "rsa_subject_subject")
    counts = Counter(
        part_of({"dataset": "nsd", **row.parameters}, i, j)
        for row in rows
        for i, j in product(SUBJECTS, SUBJECTS)
    )
    assert counts.total() == 8 * 64
    assert len(counts) == 4 * 64 + 2 * 36
