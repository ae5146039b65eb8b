"""Our solver of kernel multi-view CCA against mvlearn's, where that is installed."""

import sys
import types

import numpy as np
import pytest

from repalign.kernels.mcca import fit_mcca
from repalign.kernels.views import decompose


@pytest.fixture(scope="module")
def kmcca() -> type:
    """Return mvlearn's class, mended for a scikit-learn that is newer than it."""
    pytest.importorskip("sklearn")
    # It imports seaborn for plots that are not drawn here.
    sys.modules.setdefault("seaborn", types.ModuleType("seaborn"))
    embed = pytest.importorskip("mvlearn.embed", exc_type=ImportError)
    from mvlearn.compose import SimpleSplitter
    from sklearn.utils import Tags, TargetTags

    tags = Tags(estimator_type=None, target_tags=TargetTags(required=False))
    SimpleSplitter.__sklearn_tags__ = lambda _: tags
    found: type = embed.KMCCA
    return found


@pytest.mark.parametrize(("kappa", "n_voxels"), [(0.9, 120), (0.5, 40), (0.1, 20)])
def test_unscaled_kernels_give_mvlearns_components(kmcca, kappa, n_voxels):
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(60, 3))
    views = [
        latents @ rng.normal(size=(3, n_voxels)) + 2 * rng.normal(size=(60, n_voxels))
        for _ in range(4)
    ]
    theirs = kmcca(n_components=3, regs=kappa, kernel="linear", center=True)
    scores = theirs.fit_transform(views)
    parts = [decompose(view @ view.T, scaled=False) for view in views]
    ours = fit_mcca(parts, 60, regularisation=kappa, n_components=3)
    np.testing.assert_allclose(ours.eigenvalues, theirs.evals_, rtol=1e-8)
    for k in range(3):
        for own, other in zip(ours.scores, scores, strict=True):
            assert abs(np.corrcoef(own[:, k], other[:, k])[0, 1]) > 1 - 1e-8
