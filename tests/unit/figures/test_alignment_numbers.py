"""Numbers of figures of alignment: read from tables, averaged and tested."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import false_discovery_control, pearsonr, spearmanr, ttest_rel

from repalign.alignment.observed import inter_subject_means, model_means
from repalign.errors import RepalignError
from repalign.figures.attenuation import MEASURES, fit_measures, latex
from repalign.figures.comparisons import check_shifts, shift_panels
from repalign.figures.hemispheres import HUB_FAMILY, asymmetry, halves_of, hub_asymmetry
from repalign.figures.hubs import hub_columns, hub_values
from repalign.figures.model_scatter import fit_law
from repalign.figures.model_values import read_models
from repalign.figures.numbers import Numbers
from repalign.figures.pair_values import PairValues, read_pairs
from repalign.figures.region_boxes import read_null_test
from repalign.figures.rows import mean_of_known
from repalign.figures.scatter import correlations
from repalign.tables.alignment_tables import RSA_SUBJECT_MODEL
from repalign.tables.rsa_table import RSA_SUBJECT_SUBJECT

from ...alignment_tables import (
    LANGUAGE,
    SUBJECTS,
    VISION,
    model_values,
    pair_values,
    rois_of,
    without,
    write_cka,
    write_models,
    write_pairs,
    write_pvalues,
)

ROIS = [1, 2, 3, 4, 5, 6]
N = len(SUBJECTS)
OTHER = ~np.eye(N, dtype=bool)


@pytest.fixture
def pairs(tmp_path):
    """A table of six joined regions, and its similarities; one is undefined."""
    value = pair_values(6, 1)
    value[0, 1, 2, 2] = np.nan
    return write_pairs(tmp_path / "nsd/pairs.parquet", value, ROIS, joined=True, shift=1), value


def test_pairs_are_read_where_they_belong(pairs):
    path, value = pairs
    found = read_pairs(path, ROIS, SUBJECTS, shift=1, joined=True)
    own = np.diagonal(value, axis1=2, axis2=3).astype(float)
    np.testing.assert_array_equal(found.value, own)
    between = np.where(OTHER[..., None], own, np.nan)
    np.testing.assert_allclose(found.between_subjects(), np.nanmean(between, axis=1))
    np.testing.assert_array_equal(found.within_subjects(), own[np.arange(N), np.arange(N)])
    assert found.pairs().shape == (N * (N - 1), 6)


def test_means_over_pairs_are_those_that_are_tested(pairs):
    path, _ = pairs
    found = read_pairs(path, ROIS, SUBJECTS, shift=1, joined=True)
    np.testing.assert_allclose(mean_of_known(found.pairs()), inter_subject_means(path, ROIS))


def test_partners_are_other_regions_of_the_other_subject(pairs):
    path, value = pairs
    found = read_pairs(path, ROIS, SUBJECTS, shift=1, joined=True, partners=[4, 5, 6, 1, 2, 3])
    np.testing.assert_array_equal(found.value[:, :, 0], value[:, :, 0, 3].astype(float))
    np.testing.assert_array_equal(found.value[:, :, 5], value[:, :, 5, 2].astype(float))


def test_cka_is_read_by_its_own_columns(tmp_path):
    value = pair_values(6, 1, 4)
    path = write_cka(tmp_path / "cka.parquet", value, ROIS)
    found = read_pairs(path, ROIS, SUBJECTS, shift=1, joined=True)
    np.testing.assert_array_equal(found.value, np.diagonal(value, axis1=2, axis2=3).astype(float))


@pytest.mark.parametrize(
    ("options", "message"),
    [({"shift": 2}, "another shift"), ({"joined": False}, "another shift"),
     ({"subjects": [1, 2]}, "subject_. [35]"), ({"subjects": [1, 2, 3, 4, 5]}, "missing"),
     ({"rois": [1, 2, 3, 4, 5, 6, 7]}, "missing")],
)  # fmt: skip
def test_tables_of_something_else_are_refused(pairs, options, message):
    wanted = {"rois": ROIS, "subjects": SUBJECTS, "shift": 1, "joined": True, **options}
    with pytest.raises(RepalignError, match=message):
        read_pairs(pairs[0], wanted.pop("rois"), wanted.pop("subjects"), **wanted)


def test_a_table_that_lacks_rows_is_refused(pairs):
    short = without(pairs[0], RSA_SUBJECT_SUBJECT, 1)
    with pytest.raises(RepalignError, match="missing or doubled"):
        read_pairs(short, ROIS, SUBJECTS, shift=1, joined=True)


@pytest.fixture
def models(tmp_path):
    """A table of models; one value of one session, and one session of all layers, undefined."""
    value = model_values(6)
    value[0, 0, 1, 2, 0] = np.nan
    value[1, 2, 3, :, 1] = np.nan
    return write_models(tmp_path / "models.parquet", value, ROIS, joined=True), value


def test_layers_are_reduced_session_by_session(models):
    path, value = models
    found = read_models(path, ROIS, SUBJECTS, joined=True)
    assert found.models == ("llm", "vit_a", "vit_b")
    for m, s, r in np.ndindex(found.value.shape):
        sessions = []
        for layers in value[m, s, r].T.astype(float):
            known = layers[~np.isnan(layers)]
            sessions += [known[np.argmax(np.abs(known))]] if known.size else []
        assert found.value[m, s, r] == pytest.approx(np.mean(sessions), rel=1e-12)
    plain = read_models(path, ROIS, SUBJECTS, joined=True, layers="largest")
    expected = np.nanmean(np.where(np.isnan(value).all(3), np.nan, np.nanmax(
        np.where(np.isnan(value), -9, value), axis=3)).astype(float), axis=3)  # fmt: skip
    np.testing.assert_allclose(plain.value, expected)


def test_means_over_models_are_those_that_are_tested(models):
    path, _ = models
    found = read_models(path, ROIS, SUBJECTS, joined=True)
    language, vision = model_means(path, ROIS)
    np.testing.assert_allclose(mean_of_known(found.of(VISION)), vision)
    np.testing.assert_allclose(mean_of_known(found.of(LANGUAGE)), language)
    assert np.isnan(found.of([])).all()


def test_models_that_lack_rows_or_subjects_are_refused(models):
    path, _ = models
    with pytest.raises(RepalignError, match="no rows of llm, subject 4"):
        read_models(path, ROIS, [1, 4], joined=True)
    with pytest.raises(RepalignError, match="another hemisphere mode"):
        read_models(path, ROIS, SUBJECTS, joined=False)
    with pytest.raises(RepalignError, match="rows of"):
        read_models(without(path, RSA_SUBJECT_MODEL, 1), ROIS, SUBJECTS, joined=True)
    with pytest.raises(RepalignError, match="roi 6"):
        read_models(path, ROIS[:5], SUBJECTS, joined=True)


def test_a_doubled_row_in_the_place_of_another_is_refused(models):
    """The number of rows alone would not tell."""
    path, _ = models
    table = pq.read_table(path)
    rows = [*range(len(table) - 1), len(table) - 2]
    pq.write_table(table.take(rows), path)
    with pytest.raises(RepalignError, match="rows of"):
        read_models(path, ROIS, SUBJECTS, joined=True)


def test_regions_of_models_are_in_the_order_asked_for(models):
    path, _ = models
    ascending = read_models(path, ROIS, SUBJECTS, joined=True)
    turned = read_models(path, ROIS[::-1], SUBJECTS, joined=True)
    np.testing.assert_array_equal(turned.value, ascending.value[..., ::-1])


def test_nulls_are_those_of_their_comparison(tmp_path):
    path = write_pvalues(tmp_path / "p.parquet", ROIS, ("intersubject",))
    found = read_null_test(path, "intersubject", ROIS)
    assert found.stars[:3] == ("***",) * 3
    np.testing.assert_allclose(found.sd, 0.004)
    assert np.isnan(read_null_test(path, "vision", ROIS).p).all()
    with pytest.raises(RepalignError, match="6 regions"):
        read_null_test(path, "intersubject", ROIS[:4])


# ------------------------------------------------------------------ hubs and hemispheres


def test_hubs_are_means_of_their_areas_and_tested_over_subjects(regions):
    rng = np.random.default_rng(0)
    values = {m: rng.normal(0.1, 0.05, (N, 6)) for m in ("intersubject", "vision", "language")}
    found = hub_values(values, regions, ROIS, SUBJECTS)
    # There is no area of the ventral hub among the six.
    assert found.hubs == ("visual_cortex", "dorsal_hub")
    assert found.members == (("V1", "V2"), ("MT", "MST"))
    first = values["vision"][:, [0, 3]].mean(axis=1), values["language"][:, [0, 3]].mean(axis=1)
    expected = ttest_rel(*first)
    assert found.test.t[0] == pytest.approx(expected.statistic)
    assert found.p_bonferroni[0] == pytest.approx(min(1, 2 * expected.pvalue))


def test_hubs_of_one_hemisphere(regions):
    rois = rois_of(regions, joined=False)
    left, right = (
        hub_columns(regions, rois, joined=False, hemisphere=side) for side in ("lh", "rh")
    )
    assert [rois[k] for k in left["visual_cortex"]] == [1, 4]
    assert [rois[k] for k in right["visual_cortex"]] == [181, 184]


def test_halves_pair_the_hemispheres_of_each_area(regions):
    one_sided = regions[~((regions["name"] == "MT") & (regions["hemisphere"] == "lh"))]
    halves = halves_of(one_sided)
    assert halves.areas == (1, 2, 3, 4, 5)
    assert halves.right == (181, 182, 183, 184, 185)
    assert halves.partners([1, 181, 186]) == [181, 1, 186]
    with pytest.raises(RepalignError, match="both hemispheres"):
        halves_of(regions[regions["hemisphere"] == "lh"])


@pytest.mark.parametrize("correction", ["fdr_bh", "none"])
def test_marks_of_asymmetry_are_corrected_or_not(correction):
    rng = np.random.default_rng(1)
    left, right = rng.normal(0.1, 0.02, (8, 30)), rng.normal(0.1, 0.02, (8, 30))
    left[:, :3] += 0.1
    found = asymmetry(left, right, np.full(30, 0.01), correction)
    plain = ttest_rel(left, right).pvalue
    expected = false_discovery_control(plain) if correction == "fdr_bh" else plain
    np.testing.assert_allclose(found.p, expected)
    assert found.marked.sum() == (expected <= 0.05).sum() >= 3
    assert (plain <= 0.05).sum() > (false_discovery_control(plain) <= 0.05).sum()


def test_asymmetry_of_hubs_is_corrected_over_its_family(regions):
    rois = rois_of(regions, joined=False)
    rng = np.random.default_rng(5)
    values = {m: rng.normal(0.1, 0.05, (N, 12)) for m in ("intersubject", "vision", "language")}
    found = hub_asymmetry(values, regions, rois)
    assert found.hubs == ("visual_cortex", "dorsal_hub")
    family = [key for key in HUB_FAMILY if key[1] in found.hubs]
    assert len(HUB_FAMILY) == 7
    assert np.isnan(found.p["language", "visual_cortex"])
    expected = false_discovery_control([float(found.test[key].p) for key in family])
    np.testing.assert_allclose([found.p[key] for key in family], expected)
    value = values["vision"]
    difference = value[:, [0, 3]].mean(axis=1) - value[:, [6, 9]].mean(axis=1)
    np.testing.assert_allclose(found.difference["vision", "visual_cortex"], difference)


# ------------------------------------------------------------------ laws, shifts, attenuation


def pairs_of(shift: int) -> PairValues:
    value = np.diagonal(pair_values(6, shift), axis1=2, axis2=3).astype(float)
    return PairValues(tuple(ROIS), tuple(SUBJECTS), value)


def test_shift_2_is_shift_1_of_swapped_subjects():
    check = check_shifts(pairs_of(1), pairs_of(2))
    assert check.group < 1e-15
    assert check.mirrored == 0
    assert check.pairs > 0.01
    wrong = PairValues(tuple(ROIS), tuple(SUBJECTS), pairs_of(2).value + 0.01)
    assert check_shifts(pairs_of(1), wrong).group == pytest.approx(0.01)
    panels, _ = shift_panels(mean_of_known(pairs_of(0).pairs()), pairs_of(1), pairs_of(2), 5, 0)
    assert "largest difference of a region" in panels[1].note
    np.testing.assert_allclose(panels[1].x, panels[1].y, atol=1e-15)


def test_a_law_is_bootstrapped_with_its_seed():
    x = np.linspace(0.01, 0.3, 12)
    one, same, other = (fit_law(x, 0.3 * x**0.5 + 0.01 * np.sin(40 * x), 10, seed)
                        for seed in (0, 0, 1))  # fmt: skip
    np.testing.assert_array_equal(one.samples[0], same.samples[0])
    assert not np.array_equal(one.samples[0], other.samples[0])


def test_correlations_leave_nan_out():
    x, y = np.array([1.0, 2, 3, 4, np.nan]), np.array([1.0, 4, 2, 8, 3])
    r, rho, n = correlations(x, y)
    assert (r, rho, n) == pytest.approx(
        (pearsonr(x[:4], y[:4]).statistic, spearmanr(x[:4], y[:4]).statistic, 4)
    )
    assert np.isnan(correlations(np.ones(5), y)[0])


def test_attenuation_takes_the_regions_that_have_all_measures():
    reliability = np.linspace(0.1, 0.5, 9)
    values = np.array([0.85, 0.6, 1.0, 0.3]) * reliability[:, None] ** np.array([1.6, 1.2, 2, 1])
    values[4, 2] = np.nan
    found = fit_measures(values, 2, 0)
    assert found.kept.sum() == len(found.values) == 8
    assert (found.r_squared > 0.9999).all()
    assert found.converged >= 1
    table = latex(found)
    assert table.count(r"\\") == 1 + len(MEASURES)
    assert "inter-subject, shift 1 (IS-1) & 1.00 &" in table
    few = fit_measures(values[:2], 2, 0)
    assert few.fit is None
    assert "-- & -- & --" in latex(few)


def test_numbers_are_tidy_and_can_be_found_again():
    numbers = Numbers()
    numbers.columns("panel", ["V1", "V2"], {"x": np.array([1 / 3, np.nan]), "mark": ["*", ""]})
    numbers.add("law", "all", "a", 2.0)
    frame = numbers.frame()
    assert list(frame.columns) == ["panel", "item", "x", "mark", "a"]
    assert frame["item"].tolist() == ["V1", "V2", "all"]
    np.testing.assert_array_equal(frame["x"], [1 / 3, np.nan, np.nan])
    assert frame["mark"].tolist() == ["*", "", ""]
    assert numbers.value("panel", "V1", "mark") == "*"
    with pytest.raises(ValueError, match="a of all in law twice"):
        numbers.add("law", "all", "a", 3.0)
