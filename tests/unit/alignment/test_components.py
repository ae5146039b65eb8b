"""Shared components of regions: which are fitted, from what, with which signs."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from repalign.alignment.components import FitOptions, shared_components
from repalign.alignment.orientation import oriented
from repalign.errors import RepalignError
from repalign.kernels.mcca import fit_mcca
from repalign.kernels.mcca_folds import heldout_correlation
from repalign.kernels.views import decompose, linear_gram, rbf_gram
from repalign.models.kmcca_tables import COMPONENTS
from repalign.tables.gram_store import Grams

OPTIONS = FitOptions(0.9, "linear", 3, None, 5, 0)
IDS = np.array([4, 7, 9, 12, 15, 16, 20, 21, 30, 33, 40, 41])
RNG = np.random.default_rng(0)
LATENTS = RNG.normal(size=(12, 3)) * [1.0, 0.7, 0.4]
AREAS = ("V1", "V2", "MST")
PATTERNS = {
    (subject, area): LATENTS @ RNG.normal(size=(3, 20)) + 0.5 * RNG.normal(size=(12, 20))
    for subject in range(3)
    for area in AREAS
}


def subjects(areas=AREAS, rows=(slice(None),) * 3, empty=()) -> list[Grams]:
    """Three subjects; `rows`: each one's images; `empty`: (subject, area) without voxels."""
    found = []
    for subject, own in enumerate(rows):
        grams = {
            a: linear_gram(PATTERNS[subject, a][own] * ((subject, a) not in empty)) for a in areas
        }
        found.append(
            Grams(
                IDS[own],
                {a: g for a, (g, _) in grams.items()},
                {a: n for a, (_, n) in grams.items()},
            )
        )
    return found  # fmt: skip


def fitted(given=None, **changes) -> dict[str, pd.DataFrame]:
    options = FitOptions(**{**OPTIONS.__dict__, **changes})
    tables = list(shared_components(given or subjects(), options))
    assert all(table.schema.equals(COMPONENTS) for table in tables)
    return {table["roi"][0].as_py(): table.to_pandas() for table in tables}


def wide(frame: pd.DataFrame) -> np.ndarray:
    """(n_images, n_components)"""
    return frame.pivot_table(index="nsd_id", columns="component", values="score").to_numpy()


def direct(patterns: list[np.ndarray], kernel=lambda gram: gram):
    kernels = [kernel(linear_gram(p)[0]) for p in patterns]
    parts = [decompose(k) for k in kernels]
    rows = [np.arange(12)] * len(kernels)
    choices = {"regularisation": 0.9, "n_components": 3}
    return fit_mcca(parts, 12, **choices), heldout_correlation(kernels, rows, 12, **choices)


@pytest.mark.parametrize(
    ("roi", "areas"), [("MST", ["MST"]), ("visual_cortex", ["V1", "V2"]), ("dorsal_hub", ["MST"])]
)
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_a_region_is_the_voxels_of_its_areas(roi, areas, kernel):
    found = fitted(kernel=kernel)[roi]
    joined = [np.hstack([PATTERNS[s, area] for area in areas]) for s in range(3)]
    fit, heldout = direct(joined, rbf_gram if kernel == "rbf" else lambda gram: gram)
    assert_allclose(wide(found), fit.projections, atol=1e-10)
    first = found.drop_duplicates("component")
    assert_allclose(first["eigenvalue"], fit.eigenvalues)
    assert_allclose(first["shared_percent"], fit.shared_percent)
    assert_allclose(first["heldout_correlation"], heldout, rtol=1e-8)
    assert found["areas"].unique().tolist() == [" ".join(areas)]
    assert found["nsd_id"].tolist() == IDS.tolist() * 3


def test_what_is_not_selected_is_said(caplog):
    assert list(fitted()) == ["MST", "V1", "V2", "visual_cortex", "dorsal_hub"]
    assert "visual_cortex is INCOMPLETE: nsd.regions has no V3, V4" in caplog.text
    assert "does not select them: MT, V4t" in caplog.text
    assert "ventral_hub" in caplog.text


def test_a_subject_without_voxels_is_left_out_of_that_region(caplog):
    found = fitted(subjects(empty={(1, "MST")}))
    assert found["MST"]["n_subjects"].unique().tolist() == [2]
    assert found["V1"]["n_subjects"].unique().tolist() == [3]
    assert_allclose(
        wide(found["MST"]), direct([PATTERNS[0, "MST"], PATTERNS[2, "MST"]])[0].projections,
        atol=1e-10,
    )  # fmt: skip
    assert "MST: 2 of 3 subjects" in caplog.text


def test_a_region_of_one_subject_is_left_out(caplog):
    found = fitted(subjects(empty={(0, "MST"), (1, "MST")}))
    assert "MST" not in found
    assert "MST: left out" in caplog.text


def test_without_any_region_there_is_nothing_to_share():
    empty = {(s, area) for s in range(3) for area in AREAS}
    with pytest.raises(RepalignError, match="no region with responses in two subjects"):
        fitted(subjects(empty=empty))


def test_subjects_may_lack_images():
    rows = (slice(0, 10), slice(2, 12), slice(None))
    found = fitted(subjects(rows=rows))["V1"]
    assert found["nsd_id"].unique().tolist() == IDS.tolist()
    parts = [
        decompose(linear_gram(PATTERNS[s, "V1"][own])[0], np.arange(12)[own])
        for s, own in enumerate(rows)
    ]
    expected = fit_mcca(parts, 12, regularisation=0.9, n_components=3).projections
    assert_allclose(wide(found), expected, atol=1e-10)


def test_no_regularisation_names_the_setting():
    with pytest.raises(RepalignError) as caught:
        fitted(regularisation=0.0)
    assert caught.value.where == "kmcca.regularisation: 0, region MST"
    assert "whatever the data" in caught.value.found


def test_no_regularisation_works_with_a_small_rank():
    assert list(fitted(regularisation=0.0, signal_rank=3, n_folds=12))


def test_too_few_images_are_refused():
    few = subjects(rows=(slice(0, 4),) * 3)
    with pytest.raises(RepalignError, match="4 images for 3 components"):
        fitted(few)


def test_a_fold_without_variation_is_refused():
    """Voxels that respond to one image alone are constant where that is held out."""
    spike = np.zeros((12, 5))
    spike[3] = 1
    given = [Grams(IDS, {"V1": linear_gram(spike)[0]}, {"V1": 5})] * 2
    with pytest.raises(RepalignError, match=r"region V1(.|\n)*kmcca\.folds"):
        fitted(given, n_components=1)


# ------------------------------------------------------------------ signs


def components(**scores: list[list[float]]) -> pd.DataFrame:
    """Rows of components; each region has a list of values an image of IDS, by component."""
    rows = [
        {"roi": roi, "component": k, "nsd_id": image, "score": value}
        for roi, columns in scores.items()
        for k, column in enumerate(columns, start=1)
        for image, value in zip(IDS[: len(column)], column, strict=True)
    ]
    return pd.DataFrame(rows)


LEVEL = np.array([2.0, 1.0, 0.0, np.nan])
UP, DOWN, FLAT = [3.0, 1.0, -2.0, 9.0], [-3.0, -1.0, 2.0, 9.0], [1.0, -2.0, 1.0, 0.0]


def signs(found: pd.DataFrame, roi: str, given: list[list[float]]) -> list[float]:
    return [found.loc[roi][k].iloc[0] / column[0] for k, column in enumerate(given, start=1)]


def test_hubs_go_with_the_scene_level():
    found = oriented(components(dorsal_hub=[UP, DOWN, FLAT]), IDS[:4], LEVEL)
    assert signs(found, "dorsal_hub", [UP, DOWN, FLAT]) == [1, -1, 1]


def test_areas_go_with_their_hub():
    """Whatever they have to do with the scene level themselves."""
    hub, area = [DOWN, UP], [[-1.0, 0.0, 1.0, 2.0], [1.0, 0.0, -2.0, -9.0]]
    found = oriented(components(V1=area, visual_cortex=hub, MST=[UP, UP]), IDS[:4], LEVEL)
    assert signs(found, "visual_cortex", hub) == [-1, 1]
    for k in (1, 2):
        both = np.column_stack([found.loc["V1"][k], found.loc["visual_cortex"][k]])
        assert np.corrcoef(both.T)[0, 1] > 0
    # The hub of MST is not there.
    assert signs(found, "MST", [UP, UP]) == [1, 1]


def test_without_a_level_signs_stay():
    found = oriented(components(dorsal_hub=[DOWN]), IDS[:4], np.full(4, np.nan))
    assert signs(found, "dorsal_hub", [DOWN]) == [1]


def test_levels_are_found_by_image():
    turned = oriented(components(dorsal_hub=[DOWN]), IDS[:4][::-1], LEVEL[::-1])
    assert signs(turned, "dorsal_hub", [DOWN]) == [-1]


def test_regions_come_in_the_published_order():
    given = components(visual_cortex=[UP], V1=[UP], MT=[UP])
    found = oriented(given.sample(frac=1, random_state=0), IDS[:4], LEVEL)
    assert list(dict.fromkeys(found.index.get_level_values("roi"))) == [
        "MT",
        "V1",
        "visual_cortex",
    ]
    assert found.loc["V1"].index.tolist() == IDS[:4].tolist()
