"""DETR from a folder: rows are those of transformers' own processing of its outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from repalign.errors import RepalignError
from repalign.models.detection import decode_queries, detect, load_detector
from repalign.models.images import open_brick
from repalign.models.libraries import deterministic, import_torch, import_transformers
from repalign.models.scene_objects import scene_table
from repalign.models.weight_files import Weights
from repalign.simulate.tiny_detr import N_QUERIES, write_tiny_detr
from repalign.tables.coco_tables import SCENE_OBJECTS
from repalign.tables.parquet import read_table
from repalign.tables.provenance import read_record

from ..digests import digests

SCRIPT = Path(__file__).parents[2] / "workflow/scripts/detect_scene_objects.py"
SIZE = (60, 44)
"""Width and height: pictures that are no squares."""


def local(folder: Path) -> Weights:
    return Weights("local-dir", str(folder), "", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "detr"
    write_tiny_detr(path, seed=3)
    return path


@pytest.fixture(scope="module")
def brick(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("images") / "nsd_stimuli.hdf5"
    pixels = np.random.default_rng(0).integers(0, 256, (6, SIZE[1] // 4, SIZE[0] // 4, 3))
    with h5py.File(path, "w") as file:
        file["imgBrick"] = pixels.astype(np.uint8).repeat(4, axis=1).repeat(4, axis=2)
    return path


@pytest.fixture(scope="module")
def detector(folder):
    return load_detector("tiny-detr", local(folder))


def run(detector, brick, ids, threshold=0.0):
    with deterministic(1):
        return list(detect(detector, open_brick(brick, ids, encoding="exact"), threshold))


def test_threshold_0_gives_a_row_for_each_query(detector, brick):
    found = run(detector, brick, [4, 0, 1])
    assert [one.nsd_id for one in found] == [4, 0, 1]
    assert all(one.size == SIZE for one in found)
    table = scene_table(found, clip=False).to_pandas()
    assert table["object_index"].tolist() == list(range(N_QUERIES)) * 3
    assert table["nsd_id"].tolist() == [0] * N_QUERIES + [1] * N_QUERIES + [4] * N_QUERIES
    assert (table["image_width"] == SIZE[0]).all()
    assert (table["image_height"] == SIZE[1]).all()


@pytest.mark.parametrize("threshold", [0.0, 0.7, 0.95])
def test_objects_are_those_of_transformers(detector, brick, threshold):
    torch = import_torch()
    found = run(detector, brick, range(6), threshold)
    counts = []
    for one in found:
        picture = open_brick(brick, [one.nsd_id], encoding="exact").picture(0)
        with torch.no_grad():
            outputs = detector.module(**detector.processor(images=picture, return_tensors="pt"))
        (wanted,) = detector.processor.post_process_object_detection(
            outputs, threshold=threshold, target_sizes=[(SIZE[1], SIZE[0])]
        )
        assert one.label_ids.tolist() == wanted["labels"].tolist()
        np.testing.assert_allclose(one.confidence, wanted["scores"], rtol=1e-5)
        np.testing.assert_allclose(one.boxes, wanted["boxes"], atol=1e-4)
        assert one.labels == [detector.module.config.id2label[k] for k in one.label_ids.tolist()]
        counts.append(len(one.labels))
    assert 0 < sum(counts) <= 6 * N_QUERIES
    assert (sum(counts) == 6 * N_QUERIES) == (threshold == 0)


def test_a_picture_does_not_depend_on_its_neighbours(detector, brick):
    every = {one.nsd_id: one for one in run(detector, brick, range(6))}
    (alone,) = run(detector, brick, [2])
    np.testing.assert_array_equal(alone.boxes, every[2].boxes)
    np.testing.assert_array_equal(alone.confidence, every[2].confidence)
    assert not np.allclose(every[1].confidence, every[2].confidence)


def test_what_the_detector_sees_counts(detector, brick):
    exact = run(detector, brick, [1])[0]
    with deterministic(1):
        (jpeg,) = detect(detector, open_brick(brick, [1], encoding="jpeg"), 0.0)
    assert not np.array_equal(exact.confidence, jpeg.confidence)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_queries_against_a_loop(dtype):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 200, (30, 8)).astype(dtype)
    logits[3] = 0
    boxes = rng.uniform(0, 1, (30, 4)).astype(dtype)
    labels, confidence, corners = decode_queries(logits, boxes, (50, 20), 0.125)
    wanted = []
    for k in range(30):
        weights = np.exp(logits[k].astype(np.longdouble) - logits[k].max())
        probabilities = (weights / weights.sum())[:-1]
        label = int(np.argmax(probabilities))
        if probabilities[label] > 0.125:
            x, y, width, height = boxes[k].astype(float)
            box = [(x - width / 2) * 50, (y - height / 2) * 20,
                   (x + width / 2) * 50, (y + height / 2) * 20]  # fmt: skip
            wanted.append((label, float(probabilities[label]), *box))
    wanted = np.array(wanted)
    # Query 3 has eight equal probabilities: exactly the threshold, which must be exceeded.
    assert 0 < len(wanted) < 30
    assert labels.tolist() == wanted[:, 0].tolist()
    np.testing.assert_allclose(confidence, wanted[:, 1], rtol=1e-5)
    np.testing.assert_allclose(corners, wanted[:, 2:], rtol=1e-5, atol=1e-5)
    assert np.isfinite(confidence).all()


def test_bytes_of_the_tiny_detector_repeat(folder, tmp_path, detector):
    write_tiny_detr(tmp_path / "again", seed=3)
    write_tiny_detr(tmp_path / "other", seed=4)
    assert digests(tmp_path / "again") == digests(folder)
    assert digests(tmp_path / "other")["model.safetensors"] != digests(folder)["model.safetensors"]
    assert load_detector("x", local(tmp_path / "again")).digest == detector.digest
    assert load_detector("x", local(tmp_path / "other")).digest != detector.digest
    assert detector.labels[18] == "dog"
    assert detector.labels[12] == "N/A"


def copied(folder: Path, to: Path) -> Path:
    to.mkdir()
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def test_broken_detectors_are_named(folder, tmp_path):
    with pytest.raises(RepalignError, match="no such folder") as caught:
        load_detector("x", local(tmp_path / "nowhere"))
    assert "Correct objects.detector" in caught.value.remedy
    bare = copied(folder, tmp_path / "bare")
    (bare / "model.safetensors").unlink()
    with pytest.raises(RepalignError, match="no weights"):
        load_detector("x", local(bare))
    cut = copied(folder, tmp_path / "cut")
    (cut / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:9000])
    with pytest.raises(RepalignError, match="does not load"):
        load_detector("x", local(cut))
    other = copied(folder, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "num_queries": 13}))
    with pytest.raises(RepalignError, match="does not load"):
        load_detector("x", local(other))
    (other / "config.json").write_text(json.dumps({"model_type": "resnet"}))
    with pytest.raises(RepalignError, match="a model of type resnet, not detr"):
        load_detector("x", local(other))


def test_weights_are_not_random_where_the_file_lacks_them(folder, tmp_path):
    """transformers fills gaps with random numbers and a warning."""
    from safetensors.numpy import load_file, save_file

    lacking = copied(folder, tmp_path / "lacking")
    tensors = load_file(lacking / "model.safetensors")
    tensors.pop("class_labels_classifier.weight")
    save_file(tensors, lacking / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(RepalignError, match="class_labels_classifier"):
        load_detector("x", local(lacking))


def test_the_published_sizes_are_those_of_the_architecture():
    """DETR ResNet-50 as its paper has it, on the meta device."""
    torch, transformers = import_torch(), import_transformers()
    backbone = transformers.ResNetConfig(out_features=["stage4"])
    config = transformers.DetrConfig(backbone_config=backbone, num_labels=91)
    with torch.device("meta"):
        module = transformers.DetrForObjectDetection(config)
    parameters = sum(p.numel() for p in module.parameters())
    assert 41.0e6 < parameters < 41.8e6
    assert config.num_queries == 100


def test_the_script(folder, brick, tmp_path):
    """From the options of a command line to the published file."""
    splits = ["train2017"] * 6
    stimuli = {"nsd_id": range(6), "coco_split": splits, "shared": [True, False] * 3}
    pd.DataFrame(stimuli).to_parquet(tmp_path / "stimuli.parquet")
    made = tmp_path / "objects.parquet"
    options = {
        "output": made, "stimuli": tmp_path / "stimuli.parquet", "images": brick,
        "picture-set": "shared", "raw-area": 1, "encoding": "exact", "threshold": 0.7,
        "detector": "tiny-detr", "detector-source": "local-dir", "detector-revision": "",
    }  # fmt: skip
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    files = [str(path) for path in sorted(folder.iterdir())]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words, "--detector-files", *files],
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parents[1])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    detector = load_detector("tiny-detr", local(folder))
    wanted = scene_table(run(detector, brick, [0, 2, 4], 0.7), clip=False)
    assert read_table(made, SCENE_OBJECTS).equals(wanted)
    record = read_record(made)
    assert record is not None
    assert record["detector"] == {"digest": detector.digest, "revision": ""}
    assert record["pictures"] == 3


def test_a_table_in_pandas(detector, brick):
    rows = scene_table(run(detector, brick, range(6)), clip=True).to_pandas()
    assert isinstance(rows, pd.DataFrame)
    assert rows["percent_area"].between(0, 1).all()
    unclipped = scene_table(run(detector, brick, range(6)), clip=False).to_pandas()
    assert (unclipped["percent_area"] >= rows["percent_area"] - 1e-12).all()
    assert (unclipped["box_y0"] < 0).any()
