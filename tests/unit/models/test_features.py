"""Feature files: rows come by id from either format, and nothing wrong is read in silence."""

from __future__ import annotations

import sys

import h5py
import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models import feature_files
from repalign.models.features import modality_of, open_features, write_features

IDS = np.array([7, 3, 12, 0, 45, 9])
NAME = "vit_base_patch16_224.mae_pool-cls"


def layers(dtype=np.float32, dims=(4, 4, 6)):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(IDS.size, dim)).astype(dtype) for dim in dims]


def fails(call, *parts):
    with pytest.raises(RepalignError) as caught:
        call()
    error = caught.value
    for part in parts:
        assert str(part) in str(error)
    assert all((error.found, error.where, error.expected, error.remedy))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / f"{NAME}.h5"
    write_features(path, layers(), IDS, {"provenance": "{}", "pool": "cls"})
    return path


@pytest.mark.parametrize(
    ("stem", "modality"),
    [
        (NAME, "vision"),
        ("vit_tiny_patch16_224.augreg_in21k_pool-cls-untrained", "vision"),
        ("huggyllama_llama-7b_pool-avg_prompt-coco", "language"),
        ("google_gemma-2-2b_pool-avg_prompt-coco-untrained", "language"),
        ("cls", "language"),
    ],
)
def test_modality(stem, modality):
    assert modality_of(stem) == modality


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_rows_come_by_id(tmp_path, dtype):
    content = layers(dtype)
    write_features(tmp_path / f"{NAME}.h5", iter(content), IDS, {})
    with open_features(tmp_path / f"{NAME}.h5") as features:
        assert features.model == NAME
        assert features.modality == "vision"
        assert (features.n_layers, features.n_stimuli) == (3, 6)
        assert features.dims == (4, 4, 6)
        np.testing.assert_array_equal(features.ids, IDS)
        for layer, values in enumerate(content):
            rows = features.rows(layer, [0, 45, 3, 0])
            assert rows.dtype == np.float32
            np.testing.assert_array_equal(rows, values[[3, 4, 1, 3]])
            np.testing.assert_array_equal(features.rows(layer, IDS), values)
            assert features.rows(layer, []).shape == (0, values.shape[1])


def test_the_documented_layout(path):
    with h5py.File(path) as file:
        assert set(file) == {"ids", "layers"}
        assert list(file["layers"]) == ["000", "001", "002"]
        assert file["ids"].dtype == np.int32
        assert file["layers/002"].shape == (6, 6)
        assert file["layers/002"].chunks == (6, 6)
        attributes = dict(file.attrs)
        np.testing.assert_array_equal(attributes.pop("dims"), [4, 4, 6])
    assert attributes == {"model": NAME, "modality": "vision", "pool": "cls", "provenance": "{}"}


def test_scattered_rows_of_a_large_layer(tmp_path):
    rng = np.random.default_rng(1)
    ids = rng.permutation(50_000)[:5000]
    values = rng.normal(size=(5000, 100)).astype(np.float32)
    write_features(tmp_path / "big.h5", [values], ids, {})
    place = rng.permutation(5000)[:400]
    with open_features(tmp_path / "big.h5") as features:
        np.testing.assert_array_equal(features.rows(0, ids[place]), values[place])
    with h5py.File(tmp_path / "big.h5") as file:
        assert file["layers/000"].chunks == (40, 100)


def test_rows_far_apart_are_read_apart(tmp_path):
    values = np.zeros((5000, 100), np.float32)
    write_features(tmp_path / "big.h5", [values], np.arange(5000), {})
    store = feature_files.H5Store(tmp_path / "big.h5")
    asked = []

    class Watched:
        shape, chunks = values.shape, (40, 100)

        def __getitem__(self, part):
            asked.append((part.start, part.stop))
            return values[part]

    store._layers = [Watched()]
    store.read(0, np.array([0, 30, 3000, 3001, 4999]))
    assert asked == [(0, 31), (3000, 3002), (4999, 5000)]
    store.close()


def test_equal_features_give_equal_bytes(path, tmp_path):
    again = tmp_path / "again" / path.name
    write_features(again, layers(), IDS, {"pool": "cls", "provenance": "{}"})
    assert again.read_bytes() == path.read_bytes()


def test_the_file_may_say_its_modality(tmp_path):
    write_features(tmp_path / "clip-text.h5", layers(), IDS, {"modality": "vision"})
    assert open_features(tmp_path / "clip-text.h5").modality == "vision"
    write_features(tmp_path / "clip-text.h5", layers(), IDS, {"modality": "Vision"})
    fails(lambda: open_features(tmp_path / "clip-text.h5"), "'Vision'", "language")


def test_missing_images_are_named(path):
    with open_features(path) as features:
        fails(lambda: features.rows(1, [3, 8, 46, 3]), path, "layer 1", "2 of 3", "8, 46")
        fails(lambda: features.rows(0, range(100, 130)), "100, 101", "109, ...")
        fails(lambda: features.rows(0, [-1]), "ids -1")
        with pytest.raises(ValueError, match="float64"):
            features.rows(0, np.array([3.0]))


def test_missing_layers_are_named(path):
    with open_features(path) as features:
        for layer in (3, -1):
            fails(lambda layer=layer: features.rows(layer, [3]), path, f"layer {layer}", "0 to 2")


def test_values_that_are_not_finite_are_named(path, tmp_path):
    with h5py.File(path, "r+") as file:
        file["layers/001"][2, 1] = np.nan
        file["layers/001"][4, 0] = np.inf
    with open_features(path) as features:
        fails(lambda: features.rows(1, IDS), path, "layer 1", "2 rows", "row 2 (image 12)")
        assert np.isfinite(features.rows(1, [7, 3, 0])).all()
    wrong = layers()
    wrong[1][4, 2] = np.inf
    target = tmp_path / "new.h5"
    fails(lambda: write_features(target, wrong, IDS, {}), "layer 1", "row 4")
    assert not target.exists()
    assert not list(tmp_path.glob(".writing-*"))


def test_layers_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "x.h5"
    for layer in (np.zeros((5, 3), np.float32), np.zeros((6, 3)), np.zeros(6, np.float32)):
        fails(lambda layer=layer: write_features(path, [layer], IDS, {}), layer.shape, "(6, dim)")
    fails(lambda: write_features(path, layers(), [1, 2, 3, 4, 5, 1], {}), "id 1 more than once")
    fails(lambda: write_features(path, layers(), IDS / 2, {}), "float64")
    assert not path.exists()


def damage(path, change):
    with h5py.File(path, "r+") as file:
        change(file)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda file: file.pop("ids"), "'ids'"),
        (lambda file: file.pop("layers"), "'layers'"),
        (lambda file: file["layers"].pop("001"), "layers ['000', '002']"),
        (lambda file: file["ids"].__setitem__(0, 3), "id 3 more than once"),
        (lambda file: (file.pop("ids"), file.create_dataset("ids", data=IDS[:5])), "(5, dim)"),
        (lambda file: (file.pop("ids"), file.create_dataset("ids", data=IDS / 1)), "float64"),
        (lambda file: (file.pop("layers"), file.create_group("layers")), "0 layers"),
    ],
)
def test_files_of_another_layout_are_refused(path, change, part):
    damage(path, change)
    fails(lambda: open_features(path), path, part)


def test_files_that_cannot_be_read(path, tmp_path):
    path.write_bytes(path.read_bytes()[:900])
    fails(lambda: open_features(path), path, "unreadable")
    fails(lambda: open_features(tmp_path / "none.h5"), "no such file")
    fails(lambda: open_features(tmp_path / "model.npy"), "model.npy", ".pt")


def test_a_pt_file_without_torch_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "m_pool-cls.pt").write_bytes(b"PK")
    fails(lambda: open_features(tmp_path / "m_pool-cls.pt"), "m_pool-cls.pt", "make models", ".h5")


@pytest.fixture
def torch():
    return pytest.importorskip("torch", exc_type=ImportError)


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_pt_dictionaries(tmp_path, torch, kind):
    values = torch.from_numpy(np.stack(layers(dims=(4, 4, 4)), axis=1)).to(getattr(torch, kind))
    content = {"feats": values, "num_params": 12, "ids": torch.from_numpy(IDS.astype(np.int32))}
    torch.save(content, tmp_path / f"{NAME}.pt")
    with open_features(tmp_path / f"{NAME}.pt") as features:
        assert features.model == NAME
        assert features.modality == "vision"
        assert features.dims == (4, 4, 4)
        rows = features.rows(2, [0, 45, 0])
        assert rows.dtype == np.float32
        np.testing.assert_array_equal(rows, values.float().numpy()[[3, 4, 3], 2])
        fails(lambda: features.rows(0, [99]), "99")


def test_pt_without_ids_needs_a_promise(tmp_path, torch):
    path = tmp_path / "huggyllama_llama-7b_pool-avg_prompt-coco.pt"
    torch.save({"feats": torch.arange(24.0).reshape(4, 2, 3)}, path)
    fails(lambda: open_features(path), path, "assume_row_order")
    with open_features(path, assume_row_order=True) as features:
        assert features.modality == "language"
        np.testing.assert_array_equal(features.ids, np.arange(4))
        np.testing.assert_array_equal(features.rows(1, [2]), [[15, 16, 17]])


def test_pt_files_that_do_not_fit(tmp_path, torch):
    path = tmp_path / "m.pt"
    for content, part in (
        ({"features": torch.zeros(2, 2, 2)}, "no `feats`"),
        ({"feats": torch.zeros(2, 2)}, "(2, 2)"),
        ({"feats": torch.zeros(2, 2, 2, dtype=torch.int32)}, "int32"),
        ({"feats": torch.zeros(2, 2, 2), "ids": torch.arange(3)}, "shape (2,)"),
        ({"feats": torch.zeros(2, 2, 2), "ids": torch.tensor([1, 1])}, "id 1 more than once"),
        (torch.zeros(2, 2, 2), "no `feats`"),
    ):
        torch.save(content, path)
        fails(lambda: open_features(path), path, part)
    path.write_bytes(b"not a zip file")
    fails(lambda: open_features(path), path, "unreadable")


def test_pt_values_that_are_not_finite_are_named(tmp_path, torch):
    values = torch.zeros(4, 2, 3)
    values[2, 1, 0] = float("nan")
    torch.save({"feats": values, "ids": torch.tensor([5, 6, 7, 8])}, tmp_path / "m.pt")
    with open_features(tmp_path / "m.pt") as features:
        fails(lambda: features.rows(1, [5, 7]), "layer 1", "row 2 (image 7)")
