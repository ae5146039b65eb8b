"""What a user gets for each published name."""

import csv

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from repalign.tables.provenance import read_record

from .project import EIGHT, SOURCE, TINY, Project

N_SUBJECTS = 3
N_AREAS = len(TINY["nsd"]["regions"])
COLUMNS = {
    "roi_x": "uint16",
    "roi_y": "uint16",
    "similarity": "float32",
    "subject_i": "uint8",
    "subject_j": "uint8",
    "join_hemispheres": "bool",
    "rep_shift": "uint8",
}


def load(project: Project, target: str) -> pd.DataFrame:
    return pd.read_parquet(project.root / target)


def cube(frame: pd.DataFrame) -> np.ndarray:
    """(n_subjects, n_subjects, n_rois, n_rois)"""
    n_rois = frame["roi_x"].nunique()
    return frame["similarity"].to_numpy().reshape(N_SUBJECTS, N_SUBJECTS, n_rois, n_rois)


@pytest.mark.parametrize("target", EIGHT)
def test_schema_rows_and_order(finished, target):
    frame = load(finished, target)
    assert frame.dtypes.astype(str).to_dict() == COLUMNS
    joined = "joined" in target
    n_rois = N_AREAS if joined else 2 * N_AREAS
    assert len(frame) == N_SUBJECTS**2 * n_rois**2
    keys = frame[["subject_i", "subject_j", "roi_x", "roi_y"]]
    assert keys.equals(keys.sort_values(list(keys), kind="stable").reset_index(drop=True))
    assert not keys.duplicated().any()
    shift = 1 if "_1" in target else 2 if "_2" in target else 0
    assert set(frame["rep_shift"]) == {shift}
    assert set(frame["join_hemispheres"]) == {joined}
    assert frame["similarity"].between(-1, 1 + 1e-6).all()


def test_separated_regions_are_left_then_right(finished):
    frame = load(finished, EIGHT[1])
    rois = sorted(frame["roi_x"].unique())
    assert rois == sorted([1, 2, 4, 126, 180, 181, 182, 184, 306, 360])


def test_shift_2_is_shift_1_from_the_other_side(finished):
    for one, two in ((EIGHT[0], EIGHT[6]), (EIGHT[1], EIGHT[7])):
        expected = cube(load(finished, one)).transpose(1, 0, 3, 2)
        np.testing.assert_array_equal(cube(load(finished, two)), expected)


def test_shift_0_is_symmetric_with_a_unit_diagonal(finished):
    for target in (EIGHT[2], EIGHT[3]):
        values = cube(load(finished, target))
        np.testing.assert_array_equal(values, values.transpose(1, 0, 3, 2))
        own = np.einsum("iikk->ik", values)
        np.testing.assert_allclose(own, 1, atol=1e-6)


def test_spearman_is_another_number_close_by(finished):
    pearson, spearman = cube(load(finished, EIGHT[0])), cube(load(finished, EIGHT[4]))
    assert not np.array_equal(pearson, spearman)
    assert np.corrcoef(pearson.ravel(), spearman.ravel())[0, 1] > 0.9


def test_the_table_says_how_it_was_made(finished):
    record = read_record(finished.root / EIGHT[0])
    assert record["dataset_source"] == "simulated"
    assert record["spec"]["params"]["shift"] == 1
    assert set(record["versions"]) >= {"numpy", "pyarrow", "python", "repalign", "scipy"}
    assert str(finished.root) not in str(record)


def test_row_groups_are_pairs_so_readers_can_stream(finished):
    assert pq.ParquetFile(finished.root / EIGHT[0]).num_row_groups == N_SUBJECTS**2


def test_the_values_follow_the_published_procedure(finished):
    """A plain float64 transcription of the published steps, from the raw files up."""
    import nibabel as nib

    raw = finished.root / "resources/simulated/nsd"
    info = pd.read_csv(raw / "nsd_stim_info_merged.csv", index_col=0)
    frame = load(finished, EIGHT[0])
    clip = (0.003, 0.997)

    def trials(subject: int, sessions: int) -> pd.DataFrame:
        shared = info[info["shared1000"].astype(bool)]
        rows = [
            (row["nsdId"], rep, row[f"subject{subject}_rep{rep}"] - 1)
            for _, row in shared.iterrows()
            for rep in range(3)
        ]
        table = pd.DataFrame(rows, columns=["image", "rep", "trial"])
        return table[table["trial"] < 30 * sessions]

    def patterns(subject: int, sessions: int, area: int) -> np.ndarray:
        home = raw / f"subj{subject:02d}/func1mm"
        voxels = []
        for side in ("lh", "rh"):
            atlas = np.asarray(nib.load(home / f"roi/{side}.HCP_MMP1.nii.gz").dataobj) == area
            blocks = [
                np.asarray(
                    nib.load(
                        home / f"betas_fithrf_GLMdenoise_RR/betas_session{k:02d}.nii.gz"
                    ).dataobj
                )[atlas].T
                for k in range(1, sessions + 1)
            ]
            voxels.append(np.concatenate(blocks))
        return np.concatenate(voxels, axis=1).astype(np.float64)

    def rdm(x: np.ndarray) -> np.ndarray:
        low, high = np.quantile(x, clip)
        x = (np.clip(x, low, high) - low) / (high - low)
        distance = 1 - np.corrcoef(x)
        return distance[np.triu_indices(len(x), 1)]

    sessions = {1: 3, 2: 3, 3: 2}
    for i, j in ((1, 1), (1, 3), (3, 2)):
        matched = trials(i, sessions[i]).merge(
            trials(j, sessions[j]).assign(rep=lambda t: (t["rep"] + 1) % 3), on=["image", "rep"]
        )
        for roi_x, roi_y in ((1, 1), (1, 126), (180, 4)):
            a = rdm(patterns(i, sessions[i], roi_x)[matched["trial_x"]])
            b = rdm(patterns(j, sessions[j], roi_y)[matched["trial_y"]])
            expected = np.corrcoef(a, b)[0, 1]
            found = frame.query(
                "subject_i == @i and subject_j == @j and roi_x == @roi_x and roi_y == @roi_y"
            )["similarity"].item()
            assert abs(found - expected) < 1e-5


def test_the_catalogue_has_the_published_names(finished):
    with (SOURCE / "config/derivatives.tsv").open(newline="") as file:
        names = {f"results/{row['path']}" for row in csv.DictReader(file, delimiter="\t")}
    assert set(EIGHT) <= names


def test_index_files(project):
    indexes = [f"results/datasets/nsd/{name}" for name in (
        "nsd.csv", "nsd_stimuli.csv", "nsd_masks.csv", "nsd_stim_info_merged.csv", "info/hcp.csv",
    )]  # fmt: skip
    project.snakemake("--quiet", "all", "--", *indexes, "results/metadata/hcp.csv")
    raw = project.root / "resources/simulated/nsd"
    folder = project.root / "results/datasets/nsd"
    copied = (folder / "nsd_stim_info_merged.csv").read_bytes()
    assert copied == (raw / "nsd_stim_info_merged.csv").read_bytes()
    assert (folder / "info/hcp.csv").read_bytes() == (
        project.root / "results/metadata/hcp.csv"
    ).read_bytes()
    images = pd.read_csv(folder / "nsd.csv")
    assert list(images) == ["nsd_id", "name", "path"]
    trials = pd.read_csv(folder / "nsd_stimuli.csv")
    assert len(trials) == 3 * 90
    assert trials.groupby("subject")["exists"].sum().to_dict() == {1: 90, 2: 90, 3: 60}
    masks = pd.read_csv(folder / "nsd_masks.csv")
    assert list(masks) == ["subject", "roi", "hemisphere", "mask_path"]
    assert masks["roi"].tolist() == ["both.HCP_MMP1", "lh.HCP_MMP1", "rh.HCP_MMP1"] * 3


def test_quality_table_has_every_subject_and_region(finished):
    quality = pd.read_csv(finished.root / "results/nsd/prepared/quality.tsv", sep="\t")
    assert len(quality) == N_SUBJECTS * 2 * N_AREAS
    assert set(quality["status"]) == {"ok"}


def test_a_dataset_is_a_target_and_one_that_is_not_there_is_named(finished):
    planned = finished.snakemake("--dry-run", "nsd").stdout
    assert "rule join_rsa_subject_group" in planned
    assert "results/bold5000" not in planned
    done = finished.snakemake("--dry-run", "things", check=False)
    assert done.returncode != 0
    for part in ("things.raw: resources/simulated/things", "repalign simulate things"):
        assert part in done.stdout + done.stderr
