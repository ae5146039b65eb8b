"""A tiny DETR with fixed random weights, in the folder and format of the real one."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np

from repalign.models.libraries import import_torch, import_transformers
from repalign.simulate.scenes import COCO
from repalign.simulate.seeds import stream

N_QUERIES = 12
N_LABELS = 91
"""COCO's numbers of categories go up to 90; 0 and eleven others stand for nothing."""
GAINS = {"class_labels_classifier": 12.0, "model.query_position": 20.0, "bbox_predictor": 2.0}
"""Factors of weights by the start of their names: queries that differ, and some confident."""


def write_tiny_detr(folder: Path | str, seed: int) -> None:
    """Write a detector that is like DETR ResNet-50, but for its size; its findings mean nothing.

    Parameters
    ----------
    folder : Path or str
        The folder to make or to write into. Equal seeds give equal bytes.
    seed : int
        Seed of the weights.

    Raises
    ------
    RepalignError
        If the packages that run models are not installed.
    """
    torch, transformers = import_torch(), import_transformers()
    known = {number: name for names in COCO.values() for number, name in names.items()}
    labels = {number: known.get(number, "N/A") for number in range(N_LABELS)}
    backbone = transformers.ResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 16, 16, 32],
        depths=[1, 1, 1, 1],
        layer_type="basic",
        out_features=["stage4"],
    )
    config = transformers.DetrConfig(
        backbone_config=backbone,
        num_queries=N_QUERIES,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        id2label=labels,
        label2id={name: number for number, name in labels.items()},
    )
    module = transformers.DetrForObjectDetection(config)
    with torch.no_grad():
        for number, (name, values) in enumerate(sorted(module.named_parameters())):
            if values.ndim > 1:
                gain = next((g for start, g in GAINS.items() if name.startswith(start)), 1.0)
                rng = stream(seed, "weights of detr", number)
                drawn = rng.standard_normal(tuple(values.shape))
                drawn *= gain / math.sqrt(math.prod(values.shape[1:]))
                values.copy_(torch.from_numpy(drawn.astype(np.float32)))
            elif name.endswith("bias"):
                values.zero_()
    module.save_pretrained(folder)
    # Weight files are written for their owner alone.
    shutil.copymode(Path(folder) / "config.json", Path(folder) / "model.safetensors")
    transformers.DetrImageProcessorPil(
        size={"shortest_edge": 64, "longest_edge": 96}
    ).save_pretrained(folder)
