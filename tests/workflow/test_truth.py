"""The default simulation, through the whole workflow: what was planted comes out."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from .project import SHIFT_1, Project

pytestmark = pytest.mark.long


def test_planted_similarity_is_recovered_and_nothing_else(tmp_path):
    project = Project.create(tmp_path / "project", {})
    project.repalign("simulate", "nsd")
    project.snakemake(SHIFT_1)
    table = pd.read_parquet(project.root / SHIFT_1)
    assert len(table) == 64 * 180**2
    same = table.query("roi_x == roi_y and subject_i != subject_j")
    observed = same.groupby("roi_x")["similarity"].mean()
    truth = pd.read_csv(
        project.root / "resources/simulated/nsd/truth/areas.tsv",
        sep="\t",
        dtype={"name": str},
        keep_default_na=False,
        index_col="roi",
    )["planted_similarity"]
    planted = truth[truth > 0].index
    assert len(planted) == 45
    assert spearmanr(truth[planted], observed[planted]).statistic > 0.9
    np.testing.assert_allclose(observed[planted], truth[planted], rtol=0.2, atol=0.01)

    nothing = truth.index.difference(planted)
    once = same[(same["subject_i"] < same["subject_j"]) & same["roi_x"].isin(nothing)]
    by_region = once.groupby("roi_x")["similarity"]
    standard_error = by_region.std() / np.sqrt(by_region.count())
    assert (by_region.mean().abs() < 3 * standard_error).all()
    # The regions share nothing, so their spread is another estimate of the same error.
    assert abs(observed[nothing].mean()) < 3 * observed[nothing].std() / np.sqrt(len(nothing))
