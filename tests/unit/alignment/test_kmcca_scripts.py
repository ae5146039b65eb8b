"""From prepared responses to published tables and partial RSA, script by script.

Four subjects see 30 shared images three times; the responses of all areas hold two latents. The
first one orders the images by how much the scene dominates.
"""

import argparse
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.spatial.distance import pdist

from repalign.datasets.response_folder import region_file
from repalign.errors import RepalignError
from repalign.models.controls import read_controls
from repalign.models.kmcca_tables import PROJECTIONS, TOP_WORDS
from repalign.models.partitions import SUPERCATEGORIES
from repalign.tables.coco_tables import COCO_OBJECTS, SCENE_OBJECTS
from repalign.tables.columns import table_of
from repalign.tables.gram_store import read_grams
from repalign.tables.hubs import HUBS, ROIS, control_names
from repalign.tables.token_tables import write_tokens

SCRIPTS = Path(__file__).parents[3] / "workflow/scripts"
SUBJECTS = ["1", "2", "3", "4"]
N_IMAGES = 30
IDS = 900 - 3 * np.arange(N_IMAGES)
"""nsd_id of each stimulus: another number, and in another order."""
RNG = np.random.default_rng(0)
LATENTS = RNG.normal(size=(N_IMAGES, 2)) * [1.0, 0.7]
AREAS = [area for areas in HUBS.values() for area in areas] + ["p24"]
ANSWERS = ("object-dominated", "object-in-scene", "scene-dominated")
LEVEL = np.argsort(np.argsort(LATENTS[:, 0])) * 3 // N_IMAGES


def run(name: str, **options) -> None:
    """Call a script as its rule does."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    words = []
    for option, value in options.items():
        words.append("--" + option.replace("_", "-"))
        words += map(str, value if isinstance(value, list) else [value])
    parsed: argparse.Namespace = module.parser().parse_args([*words, "--spec", "{}"])
    module.main(parsed)


def write_recordings(folder: Path) -> None:
    """Trials, stimuli, regions and responses. Subject 4 was shown the last image twice only."""
    order = RNG.permutation(np.repeat(np.arange(N_IMAGES), 3))
    repetition = pd.Series(order).groupby(order).cumcount().to_numpy()
    sides = [(k + 180 * right, area, "lr"[right] + "h")
             for right in (0, 1) for k, area in enumerate(AREAS, start=1)]  # fmt: skip
    regions = pd.DataFrame(sides, columns=["roi", "name", "hemisphere"]).assign(area="x")
    regions.to_csv(folder / "regions.tsv", sep="\t", index=False)
    frames = []
    for subject in map(int, SUBJECTS):
        kept = ~((subject == 4) & (order == N_IMAGES - 1) & (repetition == 2))
        shown = {"stimulus": order[kept], "repetition": repetition[kept], "shared": True}
        trial = {"subject": subject, "trial": np.arange(kept.sum()), "session": 1}
        frames.append(pd.DataFrame({**trial, **shown}))
        (folder / f"sub-{subject:02d}").mkdir()
        for roi in regions["roi"]:
            signal = LATENTS @ RNG.normal(size=(2, 12)) + 0.3 * RNG.normal(size=(N_IMAGES, 12))
            noise = 0.5 * RNG.normal(size=(kept.sum(), 12))
            values = np.round(100 * (signal[order[kept]] + noise)).astype(np.int16)
            np.save(folder / f"sub-{subject:02d}" / region_file(roi), values)
    pd.concat(frames).to_parquet(folder / "trials.parquet")
    pd.DataFrame({"stimulus": np.arange(N_IMAGES), "nsd_id": IDS}).to_parquet(
        folder / "stimuli.parquet"
    )


def write_annotations(folder: Path) -> None:
    """A person in every second image; the answers follow the first latent."""
    for question, answers in {
        "motion": ["motion" if k % 3 else "static" for k in range(N_IMAGES)],
        "indoor": ["indoor"] * N_IMAGES,
        "scene": [ANSWERS[level] for level in LEVEL[:-2]] + ["unparsed", ANSWERS[LEVEL[-1]]],
    }.items():
        table = pd.DataFrame({"nsd_id": IDS, "answer": answers, "text": "x"})
        table.sample(frac=1, random_state=1).to_csv(folder / f"{question}.csv", index=False)
    people = IDS[::2]
    pd.DataFrame({"nsd_id": people, "supercategory": "person", "category": "person"}).to_csv(
        folder / "objects.csv", index=False
    )
    values = {name: np.zeros(len(people)) for name in COCO_OBJECTS.names}
    texts = {"coco_split": "train2017", "category": "person", "supercategory": "person"}
    columns = {**values, **texts, "nsd_id": people, "crowd": np.zeros(len(people), dtype=bool)}
    pq.write_table(table_of(COCO_OBJECTS, columns), folder / "areas.parquet")
    pq.write_table(SCENE_OBJECTS.empty_table(), folder / "detected.parquet")
    tokens = [["mountain"] if level == 2 else ["cup", "table"] for level in LEVEL]
    ids = np.sort(IDS)
    write_tokens(folder / "words.parquet", ids, [tokens[k] for k in np.argsort(IDS)], {})


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with all files, from recordings to control matrices."""
    folder = tmp_path_factory.mktemp("kmcca")
    write_recordings(folder)
    write_annotations(folder)
    finish(folder, "complete")
    return folder


def finish(folder: Path, images: str) -> None:
    prepared = {name: folder / f"{name}.parquet" for name in ("trials", "stimuli")}
    which = {"subjects": SUBJECTS, "repetitions": 3, "images": images}
    grams = [folder / f"grams_{subject}.h5" for subject in SUBJECTS]
    for subject, path in zip(SUBJECTS, grams, strict=True):
        responses = folder / f"sub-{int(subject):02d}"
        run("compute_grams", output=path, subject=subject, responses=responses,
            regions=folder / "regions.tsv", **prepared, **which)  # fmt: skip
    run("fit_components", output=folder / "components.parquet", grams=grams, regularisation=0.9,
        kernel="linear", n_components=3, signal_rank=0, folds=5, seed=0)  # fmt: skip
    answers = {name: folder / f"{name}.csv" for name in ("motion", "indoor", "scene")}
    run("annotate_images", output=folder / "annotations.parquet", objects=folder / "objects.csv",
        areas=folder / "areas.parquet", detected=folder / "detected.parquet", **answers,
        **prepared, **which)  # fmt: skip
    described = {name: folder / f"{name}.parquet" for name in ("components", "annotations")}
    run("join_kmcca_projections", output=folder / "projections.parquet", **described)
    tables = {name: folder / f"{name}.parquet" for name in ("projections", "words")}
    run("score_words", output=folder / "top_words.parquet", min_images=5, permutations=200,
        seed=0, **tables)  # fmt: skip
    for name in control_names(tuple(HUBS)):
        path = folder / f"control_{name}.parquet"
        run("build_control_matrix", output=path, control=name, **described)


# ------------------------------------------------------------------ published tables


def test_projections_have_the_published_form(made):
    table = pq.read_table(made / "projections.parquet")
    assert table.schema.equals(PROJECTIONS)
    assert table.schema.names == [
        "nsd_id", "cca_1", "cca_2", *SUPERCATEGORIES, "motion", "static", "image_category",
        "image_color", "roi", "environment", "environment2", "scene_dominated", "life",
        "category2", "biology", "scene_dominated2",
    ]  # fmt: skip
    frame = table.to_pandas()
    assert frame["roi"].tolist() == list(np.repeat(ROIS, N_IMAGES - 1))
    assert frame["nsd_id"].tolist() == sorted(set(IDS) - {IDS[-1]}) * len(ROIS)
    assert len(frame.columns) == 27


def test_components_hold_the_planted_latents_of_the_right_images(made):
    frame = pd.read_parquet(made / "projections.parquet")
    latents = pd.DataFrame(LATENTS, index=IDS)
    for roi, part in frame.groupby("roi", observed=True):
        x = np.column_stack([np.ones(len(part)), part["cca_1"], part["cca_2"]])
        y = latents.loc[part["nsd_id"]].to_numpy()
        rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
        assert (1 - rest.var(axis=0) / y.var(axis=0) > 0.9).all(), roi


def test_signs_go_with_the_scene_and_areas_with_their_hub(made):
    frame = pd.read_parquet(made / "projections.parquet")
    level = frame["scene_dominated2"].map(
        {"Scene-dominated": 2, "Elements-in-Scene": 1, "Element-dominated": 0}
    )
    known = frame.assign(level=level.astype(float)).dropna()
    wide = known.pivot_table(index="nsd_id", columns="roi", values="cca_1", observed=True)
    levels = known.drop_duplicates("nsd_id").set_index("nsd_id")["level"]
    for hub, areas in HUBS.items():
        assert wide[hub].corr(levels) > 0.5
        assert all(wide[area].corr(wide[hub]) > 0 for area in areas)


def test_annotations_are_those_of_the_image(made):
    frame = pd.read_parquet(made / "projections.parquet").drop_duplicates("nsd_id")
    stimulus = frame["nsd_id"].map({image: k for k, image in enumerate(IDS)}).to_numpy()
    np.testing.assert_array_equal(frame["person"], stimulus % 2 == 0)
    np.testing.assert_array_equal(frame["life"], stimulus % 2 == 0)
    np.testing.assert_array_equal(frame["motion"], stimulus % 3 > 0)
    expected = [ANSWERS[level] for level in LEVEL[stimulus]]
    known = (stimulus != N_IMAGES - 2).tolist()
    found = frame["scene_dominated"].tolist()
    assert [a for a, k in zip(found, known, strict=True) if k] == [
        a for a, k in zip(expected, known, strict=True) if k
    ]


def test_words_of_scenes_are_at_the_upper_end(made):
    table = pq.read_table(made / "top_words.parquet")
    assert table.schema.equals(TOP_WORDS)
    frame = table.to_pandas()
    assert frame["hub"].tolist() == ["EVC"] * 3 + ["Ventral"] * 3 + ["LOTC"] * 3
    assert frame["token"].tolist() == ["mountain", "cup", "table"] * 3
    assert (frame["pvalue"][::3] < 0.05).all()
    projections = pd.read_parquet(made / "projections.parquet")
    evc = projections[projections["roi"] == "visual_cortex"].set_index("nsd_id")["cca_1"]
    own = evc[evc.index.isin(IDS[LEVEL == 2])]
    assert frame["score"][0] == pytest.approx(own.mean())
    assert frame["n_images"][0] == len(own)


def test_an_image_set_of_all_subjects_has_more_images(made, tmp_path):
    for path in made.iterdir():
        (tmp_path / path.name).symlink_to(path)
    for path in tmp_path.glob("*"):
        if path.suffix in (".h5", ".json") or path.stem in (
            "components", "annotations", "projections", "top_words",
        ) or path.stem.startswith("control_"):  # fmt: skip
            path.unlink()
    finish(tmp_path, "union")
    frame = pd.read_parquet(tmp_path / "projections.parquet")
    assert frame["nsd_id"].nunique() == N_IMAGES
    assert len(read_grams(tmp_path / "grams_4.h5").images) == N_IMAGES


# ------------------------------------------------------------------ partial RSA


def corr(vectors: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Correlation of each vector with a control."""
    return np.array([np.corrcoef(vector, control)[0, 1] for vector in vectors])


def test_control_matrices_are_held_constant_in_partial_rsa(made, tmp_path):
    controls = [made / f"control_{name}.parquet" for name in control_names(tuple(HUBS))]
    # Trials and controls are matched by image, so stimuli have their nsd_id here.
    trials = pd.read_parquet(made / "trials.parquet")
    trials.assign(stimulus=IDS[trials["stimulus"]]).to_parquet(tmp_path / "trials.parquet")
    run(
        "select_controlled",
        output=tmp_path / "controlled.parquet",
        controls=controls,
        control_id="nsd_id",
    )
    common = {"repetitions": 3, "hemispheres": "joined", "drop_same_image_pairs": 0, "shift": 0}
    for subject, partner in ((1, 2), (2, 1)):
        run("compute_rdms", output=tmp_path / f"rdms_{subject}", subject=subject, partner=partner,
            responses=made / f"sub-{subject:02d}", trials=tmp_path / "trials.parquet",
            regions=made / "regions.tsv", subset=tmp_path / "controlled.parquet", role="x",
            measure="rdm", clip_quantile=0, min_trials=3, memory_mb=500, **common)  # fmt: skip
    run("compare_rdms_partial", control_id="nsd_id", output=tmp_path / "part.parquet",
        x=tmp_path / "rdms_1", y=tmp_path / "rdms_2", subject_i=1, subject_j=2, controls=controls,
        control_names=control_names(tuple(HUBS)), **common)  # fmt: skip
    frame = pd.read_parquet(tmp_path / "part.parquet")
    assert list(frame["control"].unique()) == ["uncontrolled", *control_names(tuple(HUBS))]
    x, y = (np.load(tmp_path / f"rdms_{k}/vectors.npy").astype(float) for k in (1, 2))
    stimuli = np.load(tmp_path / "rdms_1/keys.npy") // 3
    for name, control in read_controls(controls).items():
        c = pdist(control.rows(stimuli))
        r_xy, r_xc, r_yc = np.corrcoef(x, y)[: len(x), len(x) :], corr(x, c), corr(y, c)
        spread = np.sqrt(np.outer(1 - r_xc**2, 1 - r_yc**2))
        expected = (r_xy - np.outer(r_xc, r_yc)) / spread
        found = frame.loc[frame["control"] == name, "similarity"].to_numpy()
        np.testing.assert_allclose(found, expected.ravel(), atol=1e-4, err_msg=name)
    # Components of a hub hold some of what the subjects share; biology holds none of it.
    mean = frame.groupby("control", observed=True)["similarity"].mean()
    assert mean["visual_cortex_cca_1-3"] < mean["uncontrolled"] - 0.05
    assert abs(mean["biology"] - mean["uncontrolled"]) < 0.02
    assert len(read_controls(controls)["scene"].ids) == N_IMAGES - 2


# ------------------------------------------------------------------ bad input


def test_a_file_of_other_images_is_named(made, tmp_path):
    table = pq.read_table(made / "annotations.parquet")
    pq.write_table(table.slice(3), tmp_path / "annotations.parquet")
    with pytest.raises(RepalignError, match=r"annotations\.parquet(.|\n)*3 are missing"):
        run("join_kmcca_projections", output=tmp_path / "x.parquet",
            components=made / "components.parquet",
            annotations=tmp_path / "annotations.parquet")  # fmt: skip
    assert not (tmp_path / "x.parquet").exists()


def test_responses_that_are_not_finite_are_refused(made, tmp_path):
    (tmp_path / "sub").mkdir()
    for path in (made / "sub-01").glob("roi-*.npy"):
        values = np.load(path).astype(np.float32)
        values[::2, 3] = np.nan
        np.save(tmp_path / "sub" / path.name, values)
    with pytest.raises(RepalignError, match="area MT"):
        run("compute_grams", output=tmp_path / "x.h5", subject=1, responses=tmp_path / "sub",
            subjects=SUBJECTS, repetitions=3, images="complete", regions=made / "regions.tsv",
            trials=made / "trials.parquet", stimuli=made / "stimuli.parquet")  # fmt: skip
    assert not (tmp_path / "x.h5").exists()


def test_annotations_of_another_form_are_refused(made, tmp_path):
    pq.write_table(pa.table({"nsd_id": [1]}), tmp_path / "annotations.parquet")
    with pytest.raises(RepalignError, match="columns nsd_id"):
        run("build_control_matrix", output=tmp_path / "x.parquet", control="scene",
            components=made / "components.parquet",
            annotations=tmp_path / "annotations.parquet")  # fmt: skip
