"""The scripts that make feature files: from folders of weights to files that say what they are."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image

from repalign.errors import RepalignError
from repalign.models import shards
from repalign.models.features import Features, open_features
from repalign.models.identity import FeatureIdentity, check_same_stimuli
from repalign.models.images import open_brick
from repalign.models.language import Language
from repalign.models.loading import Weights, load_language, load_timm
from repalign.models.texts import Texts
from repalign.models.vision import Vision
from repalign.simulate.scenes import make_scene
from repalign.tables.parquet import write_table

SCRIPTS = Path(__file__).parents[3] / "workflow/scripts"
N_IMAGES = 22
SPEC = json.dumps({"step": "test", "params": {"source": "simulated"}})
VISION, LANGUAGE = "vit_sim_plain", "sim-llama"


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(shards, "SHARD_ROWS", 8)


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder with pictures, their captions and their table."""
    ids = np.arange(N_IMAGES)
    write_table(tmp_path / "stimuli.parquet", pa.table({"stimulus": ids.astype(np.uint32)}), {})
    rng = np.random.default_rng(3)
    with h5py.File(tmp_path / "nsd_stimuli.hdf5", "w") as file:
        small = rng.integers(0, 256, (N_IMAGES, 6, 6, 3), np.uint8)
        large = [Image.fromarray(picture).resize((60, 60)) for picture in small]
        file["imgBrick"] = np.stack([np.asarray(picture) for picture in large])
    write_captions(tmp_path, ids, captions())
    return tmp_path


def captions() -> list[str]:
    texts = [make_scene(1, number).captions[0] for number in range(N_IMAGES)]
    texts[3], texts[4] = "None", "NA"
    return texts


def write_captions(folder: Path, ids, texts) -> None:
    frame = pd.DataFrame({"nsd_id": ids, "coco_id": 1, "cocoSplit": "val2017"})
    frame["captions"] = [f"{text};Another." for text in texts]
    frame.to_csv(folder / "captions.csv", index=False)


def script(name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def extract(modality: str, data: Path, tiny: Path, output: str, **changes) -> Path:
    """Run a script in this process, with some options changed."""
    model = VISION if modality == "vision" else LANGUAGE
    options = {
        "model": Path(output).stem,
        "dataset": "nsd",
        "model-id": model,
        "weights": "trained",
        "weights-source": "local-dir",
        "hub-id": "",
        "weight-files": sorted(str(path) for path in (tiny / model).rglob("*")),
        "revision": "",
        "sha256": "",
        "pool": "cls",
        "store": "float32",
        "batch-size": 4,
        "model-threads": 1,
        "stimuli": data / "stimuli.parquet",
        "spec": SPEC,
        "output": data / output,
    }
    if modality == "vision":
        options |= {"pictures": data / "nsd_stimuli.hdf5", "images": "exact"}
    else:
        options |= {"captions": data / "captions.csv", "captions-source": "coco", "pool": "avg",
                    "kind": "causal-lm", "precision": "float32", "max-empty-share": 0}  # fmt: skip
    words = []
    for name, value in (options | changes).items():
        words += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    module = script(f"extract_{modality}_features")
    module.main(module.parser().parse_args(words))
    return data / output


def values(path: Path) -> np.ndarray:
    with open_features(path) as features:
        rows = [features.rows(layer, features.ids) for layer in range(features.n_layers)]
    return np.stack(rows, axis=1)


def attributes(path: Path) -> dict:
    with open_features(path) as features:
        return dict(features.attributes)


def test_pictures_become_the_features_of_the_model(data, tiny):
    path = extract("vision", data, tiny, "vit_pool-cls.h5")
    loaded = load_timm(VISION, Weights("local-dir", str(tiny / VISION), "", ""))
    images = open_brick(data / "nsd_stimuli.hdf5", encoding="exact")
    pictures = [images.picture(k) for k in range(N_IMAGES)]
    expected = Vision(loaded.module, loaded.data_config, "cls").features(pictures)
    np.testing.assert_allclose(values(path), expected, rtol=1e-4, atol=1e-5)
    said = attributes(path)
    assert said["model"] == "vit_pool-cls"
    assert (said["modality"], said["weights"], said["dataset"]) == ("vision", "trained", "nsd")
    assert (said["pool"], said["images"], said["precision"]) == ("cls", "exact", "float32")
    assert said["weights_digest"] == loaded.digest
    assert said["n_parameters"] == loaded.n_parameters
    assert json.loads(said["transform"])["input_size"] == [3, 48, 48]
    assert {"torch", "timm"} <= set(json.loads(said["versions"]))
    assert json.loads(said["provenance"])["spec"]["step"] == "test"
    assert "seed" not in said


def test_captions_become_the_features_of_the_model(data, tiny):
    path = extract("language", data, tiny, "llm_pool-avg_prompt-coco.h5")
    weights = Weights("local-dir", str(tiny / LANGUAGE), "", "")
    loaded = load_language(LANGUAGE, "causal-lm", weights, "float32")
    language = Language(loaded.module, loaded.tokenizer, "avg")
    texts = Texts(np.arange(N_IMAGES), tuple(captions()))
    expected = language.features(language.encode(texts))
    np.testing.assert_allclose(values(path), expected, rtol=1e-4, atol=1e-5)
    said = attributes(path)
    assert (said["modality"], said["captions"], said["pool"]) == ("language", "coco", "avg")
    assert said["stimuli_digest"] == texts.digest()
    assert "final norm" in said["hidden_states"]


@pytest.mark.parametrize("modality", ["vision", "language"])
def test_a_stopped_job_goes_on_to_the_same_bytes(data, tiny, modality, monkeypatch):
    owner = Vision if modality == "vision" else Language
    original = owner.features
    calls = []

    def counted(self, batch):
        calls.append(len(batch))
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        return original(self, batch)

    monkeypatch.setattr(owner, "features", counted)
    stop_at = 0
    whole = extract(modality, data, tiny, "whole/m_pool-cls.h5", model="m_pool-cls")
    # 22 stimuli are shards of 8, 8 and 6, in batches of at most 4: two batches a shard.
    assert (len(calls), sum(calls)) == (6, N_IMAGES)
    calls.clear()
    stop_at = 4
    with pytest.raises(KeyboardInterrupt):
        extract(modality, data, tiny, "m_pool-cls.h5")
    assert not (data / "m_pool-cls.h5").exists()
    calls.clear()
    stop_at = 0
    path = extract(modality, data, tiny, "m_pool-cls.h5")
    # The first shard was finished; the second, half computed, is computed again.
    assert (len(calls), sum(calls)) == (4, N_IMAGES - 8)
    assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("modality", ["vision", "language"])
def test_batches_change_rounding_alone(data, tiny, modality):
    files = [
        extract(modality, data, tiny, f"{size}_pool-cls.h5", **{"batch-size": size})
        for size in (1, 3, 64)
    ]
    first = values(files[0])
    for path in files[1:]:
        np.testing.assert_allclose(values(path), first, rtol=1e-4, atol=1e-5)


def test_features_follow_ids_and_not_the_order_of_the_captions(data, tiny):
    usual = extract("language", data, tiny, "m_prompt-coco.h5")
    order = np.random.default_rng(1).permutation(N_IMAGES)
    write_captions(data, order, [captions()[k] for k in order])
    mixed = extract("language", data, tiny, "again/m_prompt-coco.h5")
    assert mixed.read_bytes() == usual.read_bytes()


def test_captions_given_to_other_images_are_noticed(data, tiny):
    usual = extract("language", data, tiny, "m_prompt-coco.h5")
    write_captions(data, np.arange(N_IMAGES), captions()[::-1])
    swapped = extract("language", data, tiny, "swapped_prompt-coco.h5")
    np.testing.assert_allclose(values(swapped), values(usual)[::-1], rtol=1e-4, atol=1e-5)
    digest = attributes(usual)["stimuli_digest"]
    with pytest.raises(RepalignError, match="stimuli_digest"):
        open_features(swapped, expected=FeatureIdentity(stimuli_digest=digest))
    with pytest.raises(RepalignError, match="features of other stimuli"):
        check_same_stimuli([open_features(usual), open_features(swapped)])


def test_a_changed_picture_is_noticed(data, tiny):
    usual = attributes(extract("vision", data, tiny, "m_pool-cls.h5"))
    with h5py.File(data / "nsd_stimuli.hdf5", "a") as file:
        file["imgBrick"][[2, 5]] = file["imgBrick"][()][[5, 2]]
    changed = attributes(extract("vision", data, tiny, "other_pool-cls.h5"))
    assert changed["stimuli_digest"] != usual["stimuli_digest"]


@pytest.mark.parametrize("modality", ["vision", "language"])
def test_untrained_weights_depend_on_their_seed_alone(data, tiny, modality):
    key = {"vision": "m_pool-cls", "language": "m_pool-avg_prompt-coco"}[modality]

    def of(weights: str, output: str) -> Features:
        return open_features(extract(modality, data, tiny, output, weights=weights))

    trained = of("trained", f"trained/{key}.h5")
    one = of("random-seed-1", f"1/{key}-untrained.h5")
    again = of("random-seed-1", f"again/{key}-untrained.h5")
    two = of("random-seed-2", f"2/{key}-untrained.h5")
    assert one.path.read_bytes() == again.path.read_bytes()
    assert (one.attributes["weights"], one.attributes["seed"]) == ("random", 1)
    digests = {features.attributes["weights_digest"] for features in (trained, one, two)}
    assert len(digests) == 3
    layers = [features.rows(1, features.ids) for features in (trained, one, two)]
    assert np.abs(layers[0] - layers[1]).max() > 1e-3
    assert np.abs(layers[1] - layers[2]).max() > 1e-3
    open_features(one.path, expected=FeatureIdentity.of(f"{key}-untrained", "nsd", seed=1))
    with pytest.raises(RepalignError, match="weights random"):
        open_features(one.path, expected=FeatureIdentity(weights="trained"))


def test_pictures_are_seen_as_jpeg_files_where_asked(data, tiny):
    exact = extract("vision", data, tiny, "exact_pool-cls.h5")
    jpeg = extract("vision", data, tiny, "jpeg_pool-cls.h5", images="jpeg")
    difference = np.abs(values(exact) - values(jpeg)).max()
    assert 1e-4 < difference < np.abs(values(exact)).max()
    assert attributes(jpeg)["images"] == "jpeg"


def test_float16_files_hold_rounded_numbers(data, tiny):
    full = values(extract("vision", data, tiny, "full_pool-cls.h5"))
    path = extract("vision", data, tiny, "half_pool-cls.h5", store="float16")
    np.testing.assert_array_equal(values(path), full.astype(np.float16).astype(np.float32))
    with h5py.File(path) as file:
        assert file["layers/000"].dtype == np.float16


def test_a_picture_file_with_too_few_pictures_is_refused(data, tiny):
    with h5py.File(data / "nsd_stimuli.hdf5", "w") as file:
        file["imgBrick"] = np.zeros((N_IMAGES - 1, 8, 8, 3), np.uint8)
    with pytest.raises(RepalignError, match=f"{N_IMAGES - 1} pictures"):
        extract("vision", data, tiny, "m_pool-cls.h5")


def test_empty_captions_stop_the_job_before_the_model_is_loaded(data, tiny, monkeypatch):
    texts = captions()
    texts[7] = " "
    write_captions(data, np.arange(N_IMAGES), texts)
    with pytest.raises(RepalignError, match="1 of 22 texts are empty: ids 7"):
        extract("language", data, tiny / "absent", "m_prompt-coco.h5")
