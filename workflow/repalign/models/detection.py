"""Objects found by DETR, a detector with transformer queries, through transformers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from repalign.errors import RepalignError
from repalign.models.images import Images
from repalign.models.libraries import import_timm, import_torch, import_transformers
from repalign.models.model_folders import commit_of, find_folder
from repalign.models.scene_objects import Detections, Float64, Ids
from repalign.models.weight_files import (
    Weights,
    checked_files,
    is_safe,
    loading_errors,
    unreadable,
)
from repalign.models.weight_state import state_digest

KIND = "detr"
"""Type of model, as its config.json names it."""
_REMEDY = (
    "Correct objects.detector; or fetch the model (`hf download <id> --revision <revision> "
    "--local-dir <folder>`), and name that folder as a local-dir."
)
_LOCAL_ALONE = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class Detector:
    """A detector, ready to run.

    Attributes
    ----------
    module : transformers.DetrForObjectDetection
        Of float32, on the CPU.
    processor : transformers.DetrImageProcessorPil
        Scales and pads pictures as the detector's own settings say.
    labels : dict of int to str
        Name of each category, by COCO's number.
    digest : str
        SHA-256 of the weights, see `weight_state.state_digest`.
    revision : str
        Commit that was fetched from the hub, if it was.
    """

    module: Any
    processor: Any
    labels: dict[int, str]
    digest: str
    revision: str


def load_detector(model: str, weights: Weights) -> Detector:
    """Load a DETR.

    Parameters
    ----------
    model : str
        Its id on the hub, or a name of one in a folder.
    weights : Weights
        Where its weights come from: `hub` or `local-dir`.

    Returns
    -------
    Detector
        The detector.

    Raises
    ------
    RepalignError
        If it cannot be fetched or read, is another kind of model, or lacks weights.

    Notes
    -----
    Pictures are scaled by Pillow, as published, also where torchvision would be there.

    Carion et al. (2020), doi:10.1007/978-3-030-58452-8_13.
    """
    import_transformers()
    try:
        return _load(model, weights)
    except RepalignError as error:
        # The finder of folders speaks of the registry of models, where detectors are not.
        raise RepalignError(
            error.found, where=error.where, expected=error.expected, remedy=_REMEDY
        ) from error


def _load(model: str, weights: Weights) -> Detector:
    """Load a DETR; gaps in its weights, which transformers fills at random, are refused."""
    torch, transformers = import_torch(), import_transformers()
    folder = find_folder(weights.source, weights.path or model, weights.revision)
    files = checked_files(folder, weights.sha256)
    try:
        config = transformers.AutoConfig.from_pretrained(folder, **_LOCAL_ALONE)
        if config.model_type != KIND:
            raise ValueError(f"a model of type {config.model_type}, not {KIND}")
        if config.backbone_config.model_type == "timm_backbone":
            import_timm()
        processor = transformers.DetrImageProcessorPil.from_pretrained(folder, **_LOCAL_ALONE)
        module, report = transformers.DetrForObjectDetection.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            attn_implementation="eager",
            use_safetensors=is_safe(files),
            weights_only=True,
            output_loading_info=True,
            **_LOCAL_ALONE,
        )
        missing = sorted(map(str, report["missing_keys"]))
        if missing:
            raise ValueError(f"no weights of {len(missing)} tensors, the first is {missing[0]}")
    except loading_errors() as error:
        raise unreadable(folder, error) from error
    labels = {int(number): str(name) for number, name in config.id2label.items()}
    module = module.train(mode=False).requires_grad_(False)
    return Detector(
        module, processor, labels, state_digest(module), commit_of(folder, weights.source)
    )


def detect(detector: Detector, images: Images, threshold: float) -> Iterator[Detections]:
    """Find the objects of pictures, one picture at a time.

    Parameters
    ----------
    detector : Detector
        As from `load_detector`.
    images : Images
        Pictures, as 8-bit RGB.
    threshold : float
        Detections that are not more confident are left out.

    Yields
    ------
    Detections
        Of each picture, in the order of the detector's queries.
    """
    for k in range(len(images)):
        picture = images.picture(k)
        inputs = detector.processor(images=picture, return_tensors="pt")
        outputs = detector.module(
            pixel_values=inputs["pixel_values"], pixel_mask=inputs["pixel_mask"]
        )
        label_ids, confidence, boxes = decode_queries(
            outputs.logits[0].double().numpy(),
            outputs.pred_boxes[0].double().numpy(),
            picture.size,
            threshold,
        )
        names = [detector.labels.get(number, f"label {number}") for number in label_ids.tolist()]
        yield Detections(int(images.ids[k]), picture.size, label_ids, names, confidence, boxes)


def decode_queries(
    logits: Float64, boxes: Float64, size: tuple[int, int], threshold: float
) -> tuple[Ids, Float64, Float64]:
    """Turn what the queries of a DETR say into objects.

    Parameters
    ----------
    logits : ndarray of float64, shape (n_queries, n_categories + 1)
        The last one stands for no object.
    boxes : ndarray of float64, shape (n_queries, 4)
        Middle x and y, width, height, as shares of the picture.
    size : tuple of int
        Width and height of the picture, pixels.
    threshold : float
        Smallest probability, itself excluded.

    Returns
    -------
    label_ids : ndarray of int64, shape (n_objects,)
        The likeliest category of each query whose probability exceeds the threshold; of equal
        ones the first.
    confidence : ndarray of float64, shape (n_objects,)
        Its probability, among all categories and no object.
    boxes : ndarray of float64, shape (n_objects, 4)
        x0, y0, x1, y1 in pixels; they may reach beyond the picture.
    """
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = (exponents / exponents.sum(axis=1, keepdims=True))[:, :-1]
    label_ids = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    middle, extent = boxes[:, :2], boxes[:, 2:]
    corners = np.hstack([middle - extent / 2, middle + extent / 2]) * np.tile(size, 2)
    kept: npt.NDArray[np.bool_] = confidence > threshold
    return label_ids[kept].astype(np.int64), confidence[kept], corners[kept]
