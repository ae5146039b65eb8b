"""The published RSA, computed here from the written files with NumPy alone, finds the truth.

Standard errors of null areas. Under the null the RDMs of different subjects are independent and
centred, so the similarities of the 56 ordered pairs are uncorrelated, even where pairs have a
subject in common (measured over null areas, seeds 0 and 5: mean correlation within 0.006 for
pairs with a subject in common, within 0.014 for a pair and its reverse). So an area's own
standard error is the standard deviation over pairs / sqrt(56); the pooled one is the standard
deviation of the area means over null areas. Both are near 0.0011. With 135 null areas the largest
|z| of a sound simulation exceeds 3 for about a third of the seeds; that of the default seed does
not.
"""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from repalign.simulate.nsd import simulate_nsd
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.truth import read_simulation

N_SUBJECTS = 8


def read_subject(folder, subject, n_sessions):
    home = folder / f"subj{subject:02d}/func1mm"
    left, right = (
        np.asarray(nib.load(home / f"roi/{side}.HCP_MMP1.nii.gz").dataobj) for side in ("lh", "rh")
    )
    roi = np.where(left > 0, left, np.where(right > 0, right + 180, 0))
    sessions = [
        np.asarray(
            nib.load(home / f"betas_fithrf_GLMdenoise_RR/betas_session{s:02d}.nii.gz").dataobj
        )[roi > 0].T
        for s in range(1, n_sessions + 1)
    ]
    return np.concatenate(sessions).astype(float), roi[roi > 0]


def unit_rdm(patterns):
    low, high = np.quantile(patterns, [0.003, 0.997])
    patterns = np.clip(patterns, low, high)
    patterns = patterns - patterns.mean(axis=1, keepdims=True)
    patterns /= np.linalg.norm(patterns, axis=1, keepdims=True)
    rdm = 1 - (patterns @ patterns.T)[np.triu_indices(len(patterns), 1)]
    rdm -= rdm.mean()
    return (rdm / np.linalg.norm(rdm)).astype(np.float32)


def similarities(folder, shift=1, separated=None):
    """Similarity of every ordered pair of subjects; shape (56, n_regions)."""
    facts = read_simulation(folder)
    subjects = range(1, N_SUBJECTS + 1)
    table = pd.read_csv(folder / "nsd_stim_info_merged.csv", index_col=0)
    table = table[table.shared1000]
    trials, data = {}, {}
    for s in subjects:
        n_sessions = facts["sessions"][str(s)]
        data[s] = read_subject(folder, s, n_sessions)
        trials[s] = {
            (image, r): trial - 1
            for r in range(3)
            for image, trial in table[f"subject{s}_rep{r}"].items()
            if trial <= n_sessions * facts["n_trials_per_session"]
        }
    groups = [[k, k + 180] for k in range(1, 181)] if separated is None else separated
    cache = {}

    def rdms(s, rows):
        if (s, rows) not in cache:
            responses, roi = data[s]
            responses = responses[list(rows)]
            cache[s, rows] = np.stack(
                [unit_rdm(responses[:, np.isin(roi, group)]) for group in groups]
            )
        return cache[s, rows]

    found = []
    for i in subjects:
        for j in subjects:
            if i == j:
                continue
            matched = sorted(
                (row, trials[j][image, (r - shift) % 3])
                for (image, r), row in trials[i].items()
                if (image, (r - shift) % 3) in trials[j]
            )
            rows_i, rows_j = zip(*matched, strict=True)
            found.append((rdms(i, rows_i) * rdms(j, rows_j)).sum(axis=1, dtype=float))
    return np.array(found)


def check_recovery(folder):
    areas = pd.read_csv(folder / "truth/areas.tsv", sep="\t", dtype={"name": str})
    pairs = similarities(folder)
    assert pairs.shape == (56, 180)
    areas["observed"] = pairs.mean(axis=0)
    planted, null = areas[areas.family != "none"], areas[areas.family == "none"]
    ratio = planted.observed / planted.planted_similarity
    strong = planted.planted_similarity > 0.2
    assert spearmanr(planted.observed, planted.planted_similarity)[0] > 0.97
    assert ratio[strong].between(0.88, 1.12).all()
    assert ratio.between(0.75, 1.25).all()
    # No family is off as a whole, so strengths compare across families.
    assert ratio.groupby(planted.family).mean().between(0.95, 1.05).all()
    assert 0.9 * 0.0011 < null.observed.std() < 1.3 * 0.0011
    standard_error = null.observed.std() / np.sqrt(len(null))
    assert abs(null.observed.mean()) < 3 * standard_error
    own = pairs[:, null.index].std(axis=0, ddof=1) / np.sqrt(56)
    return null.observed / null.observed.std(), null.observed / own


def test_the_truth_tables(default_folder):
    areas = pd.read_csv(default_folder / "truth/areas.tsv", sep="\t", dtype={"name": str})
    regions = pd.read_csv(default_folder / "truth/regions.tsv", sep="\t", dtype={"name": str})
    assert areas.columns.tolist() == ["roi", "name", "family", "planted_similarity"]
    assert regions.columns.tolist() == [
        "roi", "name", "hemisphere", "family", "planted_similarity",
    ]  # fmt: skip
    assert areas.roi.tolist() == list(range(1, 181))
    assert regions.roi.tolist() == list(range(1, 361))
    assert regions.hemisphere.tolist() == ["lh"] * 180 + ["rh"] * 180
    assert regions.name.tolist() == areas.name.tolist() * 2
    assert areas.name.tolist()[:5] == ["V1", "MST", "V6", "V2", "V3"]
    assert areas.family.value_counts()["none"] == 135
    assert (areas.planted_similarity[areas.family == "none"] == 0).all()
    planted = areas.planted_similarity[areas.family != "none"]
    assert 0.05 < planted.min() < 0.065
    assert 0.5 < planted.max() < 0.6
    strongest = areas.set_index("name").planted_similarity.sort_values().index[-4:]
    assert set(strongest) == {"V1", "V2", "V3", "V4"}


def test_the_published_rsa_recovers_the_planted_similarities(default_folder):
    pooled, own = check_recovery(default_folder)
    assert (pooled.abs() < 3).all()
    assert (own.abs() < 3).all()


def test_hemispheres_can_be_told_apart(default_folder):
    regions = pd.read_csv(default_folder / "truth/regions.tsv", sep="\t")
    regions = regions[regions.family != "none"]
    groups = [[roi] for roi in regions.roi]
    observed = similarities(default_folder, separated=groups).mean(axis=0)
    assert spearmanr(observed, regions.planted_similarity)[0] > 0.97
    left, right = regions.planted_similarity.to_numpy().reshape(2, -1)
    tilted = left > 1.2 * right
    assert tilted.sum() >= 10
    assert (left >= right).all()
    seen_left, seen_right = observed.reshape(2, -1)
    assert (seen_left > seen_right)[tilted].all()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_recover_the_truth_as_well(tmp_path, seed):
    simulate_nsd(tmp_path / "nsd", NsdSimulation(seed=seed))
    for z in check_recovery(tmp_path / "nsd"):
        assert (z.abs() < 3).mean() > 0.97
        assert z.abs().max() < 4.5


@pytest.mark.long
def test_session_offsets_show_at_shift_0_only(default_folder):
    areas = pd.read_csv(default_folder / "truth/areas.tsv", sep="\t")
    null = np.flatnonzero(areas.family == "none")
    same_trials = similarities(default_folder, shift=0)[:, null].mean(axis=0)
    assert same_trials.mean() > 4 * same_trials.std() / np.sqrt(null.size)
