"""Settings and steps of multi-view CCA: bounds, and which job depends on which choice."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from repalign.dag.build import build_workflow
from repalign.settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.fixture
def steps(tmp_path):
    """Return a maker of the steps' parameters under some settings of `kmcca`."""
    (tmp_path / "config").mkdir()
    for name in ("config/derivatives.tsv", "config/models.tsv", "config/prompts.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "raw").mkdir()

    def make(**kmcca):
        nsd = {"raw": "raw", "source": "other", "subjects": [1, 2]}
        flow, _ = build_workflow(Settings.model_validate({"nsd": nsd, "kmcca": kmcca}), tmp_path)
        wildcards = {
            "compute_grams": {"subject": "01"},
            "fit_components": {},
            "annotate_images": {},
            "join_kmcca_projections": {
                "dataset": "nsd", "kmcca_projections_table": "kmcca_projections",
            },
            "score_words": {
                "dataset": "nsd", "kmcca_top_words_table": "kmcca_top_words_dimension",
            },
        }  # fmt: skip
        return {name: flow[name].params(w) for name, w in wildcards.items()}

    return make


@pytest.mark.parametrize(
    ("choice", "changed"),
    [
        ({"regularisation": 0.5}, {"fit_components"}),
        ({"kernel": "rbf"}, {"fit_components"}),
        ({"signal_rank": 50}, {"fit_components"}),
        ({"components": 5}, {"fit_components"}),
        ({"folds": 3}, {"fit_components"}),
        ({"seed": 1}, {"fit_components", "score_words"}),
        ({"images": "union"}, {"compute_grams", "annotate_images"}),
        ({"min_images": 2}, {"score_words"}),
        ({"permutations": 10}, {"score_words"}),
    ],
)
def test_a_choice_repeats_the_jobs_that_it_is_about(steps, choice, changed):
    """Responses are read again for other images alone."""
    before, after = steps(), steps(**choice)
    assert {name for name in before if before[name] != after[name]} == changed


def test_no_regularisation_is_for_the_data_to_refuse():
    assert Settings.model_validate({"kmcca": {"regularisation": 0.0}}).kmcca.regularisation == 0


@pytest.mark.parametrize(
    "choice",
    [
        {"regularisation": -0.1}, {"regularisation": 1.1}, {"kernel": "poly"},
        {"signal_rank": 0}, {"components": 2}, {"folds": 1}, {"min_images": 0},
        {"permutations": 0}, {"images": "all"}, {"seed": -1},
    ],
)  # fmt: skip
def test_choices_out_of_bounds_are_refused(choice):
    with pytest.raises(ValidationError):
        Settings.model_validate({"kmcca": choice})
