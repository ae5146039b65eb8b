"""The architectures of LAION-fMRI's derivatives, tiny and with random weights, to the files."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repalign.errors import RepalignError
from repalign.models.laion_embedders import Preparation, timm_embedder
from repalign.models.libraries import import_timm, import_torch, import_transformers
from repalign.models.loading import load_timm
from repalign.models.segment_transformers import load_segmenter
from repalign.models.weight_files import Weights
from repalign.simulate.laion import simulate_laion
from repalign.simulate.laion_settings import LaionSimulation

ROOT = Path(__file__).parents[2]
SMALL = LaionSimulation(image_size=48, n_shared_laion=3, n_shared_things=1, n_shared_nsd=1,
                        n_unique_laion=1, n_unique_things=2)  # fmt: skip
TINY = {"embed_dim": 32, "depth": 2, "num_heads": 2}
MODELS = {
    "CLIP": ("vit_huge_patch14_clip_224", {**TINY, "num_classes": 1024}, 56),
    "DINOv2": ("vit_large_patch14_dinov2", {"depth": 2, "num_heads": 2, "embed_dim": 1024}, 56),
    "PEcore": ("vit_pe_core_large_patch14_336", {**TINY, "num_classes": 1024}, 56),
    "SigLIP2": ("vit_so400m_patch14_siglip_378", {"depth": 1, "num_heads": 2}, 42),
}
"""Architecture, what makes it small, and size of its input. Widths of outputs are published."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    timm, torch = import_timm(), import_torch()
    made = {}
    for label, (architecture, options, size) in MODELS.items():
        torch.manual_seed(0)
        overlay = {"input_size": (3, size, size)}
        module = timm.create_model(
            architecture, img_size=size, pretrained_cfg_overlay=overlay, **options
        )
        made[label] = tmp_path_factory.mktemp(label) / "model"
        timm.models.save_for_hf(module, str(made[label]), safe_serialization=True)
    return made


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)) for _ in range(3)]


def load(folders, label):
    return load_timm(MODELS[label][0], Weights("local-dir", str(folders[label]), "", ""))


def preparation(loaded, size, resize="squash"):
    mean, std = (tuple(loaded.data_config[name]) for name in ("mean", "std"))
    return Preparation(size, resize, "bicubic", mean, std)


@pytest.mark.parametrize(
    ("label", "pool", "width"),
    [("CLIP", "output", 1024), ("DINOv2", "patches", 1024), ("PEcore", "output", 1024),
     ("SigLIP2", "output", 1152)],
)  # fmt: skip
def test_widths_are_the_published_ones(folders, pictures, label, pool, width):
    loaded = load(folders, label)
    torch = import_torch()
    with torch.inference_mode():
        rows = timm_embedder(loaded, preparation(loaded, MODELS[label][2]), pool)(pictures)
    assert rows.shape == (3, width)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()
    assert np.abs(rows[0] - rows[1]).max() > 0


def test_outputs_are_those_of_the_model_itself(folders, pictures):
    """The same as timm's own way from a picture to the output, where both mean one thing."""
    timm, torch = import_timm(), import_torch()
    loaded = load(folders, "CLIP")
    transform = timm.data.create_transform(
        (3, 56, 56), interpolation="bicubic", crop_pct=1.0, crop_mode="squash",
        mean=loaded.data_config["mean"], std=loaded.data_config["std"],
    )  # fmt: skip
    with torch.inference_mode():
        batch = torch.stack([transform(p) for p in pictures])  # noqa: PD013
        wanted = loaded.module(batch).numpy()
        rows = timm_embedder(loaded, preparation(loaded, 56), "output")(pictures)
    np.testing.assert_allclose(rows, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", [False, True])
def test_patches_are_those_after_the_last_block_without_the_class_token(folders, pictures, norm):
    torch = import_torch()
    loaded = load(folders, "DINOv2")
    prepare = preparation(loaded, 56, "shortest")
    batch = torch.from_numpy(np.array([prepare(picture) for picture in pictures]))
    with torch.inference_mode():
        tokens = loaded.module.forward_intermediates(
            batch, indices=[1], norm=norm, output_fmt="NLC", intermediates_only=True
        )[0]
        pool = "normed_patches" if norm else "patches"
        rows = timm_embedder(loaded, prepare, pool)(pictures)
    assert tokens.shape[1] == 16
    np.testing.assert_allclose(rows, tokens.mean(dim=1).numpy(), rtol=1e-4, atol=1e-5)


def test_edges_beyond_the_patches_are_left_out(folders, pictures):
    """384 pixels hold 27 patches of 14; a convolution without padding sees 378 of them."""
    torch = import_torch()
    loaded = load(folders, "SigLIP2")
    prepare = preparation(loaded, 48)
    with torch.inference_mode():
        rows = timm_embedder(loaded, prepare, "output")(pictures)
        batch = np.stack([prepare(picture)[:, :42, :42] for picture in pictures])
        wanted = loaded.module(torch.from_numpy(np.ascontiguousarray(batch))).numpy()
    np.testing.assert_allclose(rows, wanted, rtol=1e-4, atol=1e-5)


def test_another_size_of_input_is_set(folders, pictures):
    torch = import_torch()
    loaded = load(folders, "DINOv2")
    with torch.inference_mode():
        rows = timm_embedder(loaded, preparation(loaded, 84), "patches")(pictures)
    assert rows.shape == (3, 1024)
    assert tuple(loaded.module.patch_embed.img_size) == (84, 84)


def test_a_model_without_patches_is_refused(folders):
    loaded = load(folders, "CLIP")

    class Plain:
        pass

    plain = type(loaded)(Plain(), loaded.data_config, "", 0)
    with pytest.raises(RepalignError, match="no patch tokens"):
        timm_embedder(plain, preparation(loaded, 56), "patches")


def script(name, *words):
    return subprocess.run(
        [sys.executable, str(ROOT / f"workflow/scripts/{name}.py"), *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_script_makes_the_published_file(folders, tmp_path):
    simulate_laion(tmp_path / "laion", SMALL)
    stimuli = tmp_path / "laion/stimuli"
    output = tmp_path / "clip.h5"
    done = script(
        "embed_laion_images", "--output", output, "--pictures", stimuli / "task-images_stimuli.h5",
        "--metadata", stimuli / "task-images_metadata.csv", "--label", "CLIP", "--backend", "timm",
        "--alpha", "composite", "--model-id", MODELS["CLIP"][0], "--model-folder", folders["CLIP"],
        "--revision", "", "--sha256", "", "--pool", "output", "--size", 56, "--resize", "shortest",
        "--interpolation", "bicubic", "--batch-size", 4, "--model-threads", 1,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with h5py.File(output) as file:
        lengths = np.linalg.norm(file["embedding"][()].astype(float), axis=1)
        assert np.abs(lengths - 1).max() < 2e-3
        assert file["embedding"].shape == (len(file["image_ids"]), 1024)
        attributes = dict(file.attrs)
    assert attributes["backend"] == "timm"
    assert attributes["pool"] == "output"
    assert attributes["model_id"] == MODELS["CLIP"][0]
    assert len(attributes["weights_digest"]) == 64
    assert "timm" in json.loads(attributes["versions"])
    beside = json.loads(output.with_name("clip.h5.provenance.json").read_text())
    assert beside["embedding"]["weights_digest"] == attributes["weights_digest"]


# A detector and a segmenter.

WORDS = [
    *"abcdefghijklmnopqrstuvwxyz",
    *(f"{letter}</w>" for letter in "abcdefghijklmnopqrstuvwxyz"),
]
SPECIAL = ["<|startoftext|>", "<|endoftext|>"]


@pytest.fixture(scope="module")
def segmenting(tmp_path_factory):
    """Folders of a tiny OWLv2 and a tiny Segment Anything model."""
    torch, transformers = import_torch(), import_transformers()
    owl, sam = (tmp_path_factory.mktemp(name) / "model" for name in ("owl", "sam"))
    torch.manual_seed(1)
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4}  # fmt: skip
    text = {
        **size,
        "vocab_size": len(WORDS) + 2,
        "max_position_embeddings": 24,
        "bos_token_id": len(WORDS),
        "eos_token_id": len(WORDS) + 1,
        "pad_token_id": 0,
    }
    vision = {**size, "image_size": 32, "patch_size": 8}
    config = transformers.Owlv2Config(text_config=text, vision_config=vision, projection_dim=32)
    transformers.Owlv2ForObjectDetection(config).save_pretrained(owl)
    tokens = {word: k for k, word in enumerate([*WORDS, *SPECIAL])}
    tokenizer = transformers.CLIPTokenizer(vocab=tokens, merges=[], model_max_length=24)
    tokenizer.save_pretrained(owl)
    transformers.Owlv2ImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(owl)
    config = transformers.SamConfig(
        vision_config={"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
                       "image_size": 64, "patch_size": 16, "output_channels": 16,
                       "mlp_dim": 64, "global_attn_indexes": [1], "window_size": 2,
                       "num_pos_feats": 8},
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 16,
                               "mask_input_channels": 4, "image_embedding_size": 4},
        mask_decoder_config={"hidden_size": 16, "mlp_dim": 32, "num_hidden_layers": 2,
                             "num_attention_heads": 2, "iou_head_hidden_dim": 16},
    )  # fmt: skip
    transformers.SamModel(config).save_pretrained(sam)
    transformers.SamImageProcessorPil(
        size={"longest_edge": 64}, pad_size={"height": 64, "width": 64},
        mask_size={"longest_edge": 16}, mask_pad_size={"height": 16, "width": 16},
    ).save_pretrained(sam)  # fmt: skip
    return owl, sam


def box_segmenter(segmenting, threshold):
    owl, sam = (Weights("local-dir", str(folder), "", "") for folder in segmenting)
    return load_segmenter("owl", owl, "sam", sam, threshold=threshold, device="cpu")


def test_boxes_of_the_detector_are_outlined_at_the_size_of_the_picture(segmenting, pictures):
    torch = import_torch()
    segmenter = box_segmenter(segmenting, 0.0)
    with torch.inference_mode():
        found = segmenter.find(pictures[0], ["cat", "dog"])
        again = segmenter.find(pictures[0], ["cat", "dog"])
    assert found
    for one, same in zip(found, again, strict=True):
        assert one.mask.shape == (48, 64)
        assert one.mask.dtype == bool
        assert np.array_equal(one.mask, same.mask)
        assert one.noun in ("cat", "dog")
        assert 0 < one.score < 1
        x0, y0, x1, y1 = one.box
        assert 0 <= x0 < x1 <= 64
        assert 0 <= y0 < y1 <= 48
    facts = segmenter.facts
    assert facts["backend"] == "transformers"
    assert len(facts["detector_digest"]) == len(facts["segmenter_digest"]) == 64


def test_many_boxes_are_outlined_in_parts(segmenting, pictures, monkeypatch):
    torch = import_torch()
    segmenter = box_segmenter(segmenting, 0.0)
    boxes = np.array([[0, 0, 20, 20], [10, 5, 60, 40], [30, 30, 64, 48]], float)
    with torch.inference_mode():
        together = segmenter._outline(pictures[0], boxes)
        monkeypatch.setattr("repalign.models.segment_transformers._BOXES", 1)
        apart = segmenter._outline(pictures[0], boxes)
    assert len(together) == 3
    for one, other in zip(together, apart, strict=True):
        assert (one != other).mean() < 0.01


def test_nothing_asked_and_nothing_found(segmenting, pictures):
    torch = import_torch()
    with torch.inference_mode():
        assert box_segmenter(segmenting, 0.0).find(pictures[0], []) == []
        assert box_segmenter(segmenting, 1.0).find(pictures[0], ["cat"]) == []


def test_a_noun_that_is_too_long_is_refused(segmenting, pictures):
    with pytest.raises(RepalignError) as caught:
        box_segmenter(segmenting, 0.0).find(pictures[0], ["cat", "x" * 30])
    assert "41 tokens" in str(caught.value)
    assert "at most 24" in str(caught.value)


def test_another_kind_of_model_is_refused(segmenting):
    owl, sam = (Weights("local-dir", str(folder), "", "") for folder in segmenting)
    with pytest.raises(RepalignError, match="a model of type sam, not owlv2"):
        load_segmenter("x", sam, "y", owl, threshold=0.1, device="cpu")
    gone = Weights("local-dir", "no-folder", "", "")
    with pytest.raises(RepalignError, match=r"laion\.stimuli\.segmentations\.detector"):
        load_segmenter("x", gone, "y", sam, threshold=0.1, device="cpu")


def test_the_script_writes_masks_and_table(segmenting, tmp_path):
    simulate_laion(tmp_path / "laion", SMALL)
    stimuli = tmp_path / "laion/stimuli"
    output, table = tmp_path / "masks.h5", tmp_path / "masks.csv"
    done = script(
        "segment_laion_images", "--output", output, "--table", table,
        "--pictures", stimuli / "task-images_stimuli.h5",
        "--metadata", stimuli / "task-images_metadata.csv",
        "--nouns", tmp_path / "laion/sourcedata/nouns.tsv", "--captions",
        "--backend", "transformers", "--alpha", "composite", "--detector", "owl",
        "--detector-revision", "", "--detector-folder", segmenting[0], "--segmenter", "sam",
        "--segmenter-revision", "", "--segmenter-folder", segmenting[1], "--threshold", "0.2",
        "--model-threads", 1,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(table, keep_default_na=False)
    with h5py.File(output) as file:
        assert file["masks"].shape == (len(rows), 48, 48)
        assert file.attrs["detector"] == "owl"
    assert rows["mask_row"].tolist() == list(range(len(rows)))
