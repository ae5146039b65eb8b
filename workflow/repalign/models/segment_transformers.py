"""Things found by OWLv2, an open-vocabulary detector, and outlined by Segment Anything.

Minderer et al. (2023), arXiv:2306.09683; Kirillov et al. (2023), arXiv:2304.02643.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from repalign.errors import RepalignError
from repalign.models.libraries import import_torch, import_transformers
from repalign.models.model_folders import commit_of, find_folder
from repalign.models.segmenters import Float64, Found, Mask, surest
from repalign.models.weight_files import (
    Weights,
    checked_files,
    is_safe,
    loading_errors,
    unreadable,
)
from repalign.models.weight_state import state_digest

PROMPT = "a photo of a {noun}"
"""What the detector is asked for, as in its publication."""
OVERLAP = 0.5
"""Of two boxes of a noun that share more of their union, the less sure one is left out."""
_BOXES = 32
"""Boxes that are outlined at once."""
_KINDS = {
    "detector": ("owlv2", "Owlv2ForObjectDetection", "Owlv2Processor", "Owlv2ImageProcessorPil"),
    "segmenter": ("sam", "SamModel", "SamProcessor", "SamImageProcessorPil"),
}
_LOCAL_ALONE = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class _Loaded:
    """A model, its processor, and what files say of it."""

    module: Any
    processor: Any
    facts: dict[str, str]


@dataclass(frozen=True)
class BoxSegmenter:
    """A detector whose boxes a segmenter outlines; see `segmenters.Segmenter`.

    Attributes
    ----------
    detector, segmenter : _Loaded
        The models.
    threshold : float
        Detections that are not more confident are left out.
    """

    detector: _Loaded
    segmenter: _Loaded
    threshold: float

    @property
    def facts(self) -> dict[str, Any]:
        """Say what it is."""
        models = {**self.detector.facts, **self.segmenter.facts}
        rest = {"prompt": PROMPT, "threshold": self.threshold, "overlap": OVERLAP}
        return {"backend": "transformers", **models, **rest}

    def find(self, picture: Image.Image, nouns: Sequence[str]) -> list[Found]:
        """Find what nouns name."""
        if not nouns:
            return []
        scores, labels, boxes = self._detect(picture, nouns)
        if not scores.size:
            return []
        masks = self._outline(picture, boxes)
        return [
            Found(nouns[label], float(score), (box[0], box[1], box[2], box[3]), mask)
            for score, label, box, mask in zip(
                scores, labels.tolist(), boxes.tolist(), masks, strict=True
            )
        ]

    def _detect(
        self, picture: Image.Image, nouns: Sequence[str]
    ) -> tuple[Float64, npt.NDArray[np.int64], Float64]:
        """Return scores (n,), nouns (n,) and boxes (n, 4) within the picture."""
        processor, module = self.detector.processor, self.detector.module
        queries = [[PROMPT.format(noun=noun) for noun in nouns]]
        self._check_length(nouns, queries[0])
        inputs = processor(text=queries, images=picture, return_tensors="pt").to(module.device)
        outputs = module(**inputs)
        (found,) = processor.post_process_grounded_object_detection(
            outputs, threshold=self.threshold, target_sizes=[(picture.height, picture.width)]
        )
        scores, labels, boxes = (
            found[key].double().cpu().numpy() for key in ("scores", "labels", "boxes")
        )
        boxes = np.clip(boxes, 0, np.tile(picture.size, 2))
        real = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        scores, labels, boxes = scores[real], labels[real].astype(np.int64), boxes[real]
        kept = surest(scores, labels, boxes, OVERLAP)
        return scores[kept], labels[kept], boxes[kept]

    def _check_length(self, nouns: Sequence[str], prompts: list[str]) -> None:
        """Refuse nouns that the detector would read the beginning of."""
        limit = int(self.detector.module.config.text_config.max_position_embeddings)
        encoded = self.detector.processor.tokenizer(prompts, padding=False)["input_ids"]
        for noun, tokens in zip(nouns, encoded, strict=True):
            if len(tokens) > limit:
                raise RepalignError(
                    f"{noun!r}, {len(tokens)} tokens with its prompt",
                    where="laion.stimuli.segmentations.nouns",
                    expected=f"at most {limit}, which the detector reads",
                    remedy="Take a shorter noun.",
                )

    def _outline(self, picture: Image.Image, boxes: Float64) -> list[Mask]:
        """Return the mask of what lies in each box, at the picture's size."""
        processor, module = self.segmenter.processor, self.segmenter.module
        seen = processor(images=picture, return_tensors="pt").to(module.device)
        embedding = module.get_image_embeddings(seen["pixel_values"])
        masks: list[Mask] = []
        for first in range(0, len(boxes), _BOXES):
            part = [boxes[first : first + _BOXES].tolist()]
            inputs = processor(images=picture, input_boxes=part, return_tensors="pt")
            outputs = module(
                image_embeddings=embedding,
                input_boxes=inputs["input_boxes"].to(module.device, embedding.dtype),
                multimask_output=False,
            )
            (found,) = processor.post_process_masks(
                outputs.pred_masks.cpu(),
                inputs["original_sizes"],
                inputs["reshaped_input_sizes"],
            )
            masks += [np.asarray(mask, bool) for mask in found[:, 0].numpy()]
        return masks


def load_segmenter(
    detector: str,
    detector_weights: Weights,
    segmenter: str,
    segmenter_weights: Weights,
    *,
    threshold: float,
    device: str,
) -> BoxSegmenter:
    """Load a detector and a segmenter.

    Parameters
    ----------
    detector, segmenter : str
        Ids on the hub, or names of models in folders.
    detector_weights, segmenter_weights : Weights
        Where their weights come from: `hub` or `local-dir`.
    threshold : float
        Detections that are not more confident are left out.
    device : {"cpu", "cuda"}
        Where they run.

    Returns
    -------
    BoxSegmenter
        Both, in float32.

    Raises
    ------
    RepalignError
        If one cannot be fetched or read, is another kind of model, or lacks weights.
    """
    return BoxSegmenter(
        _load("detector", detector, detector_weights, device),
        _load("segmenter", segmenter, segmenter_weights, device),
        threshold,
    )


def _load(part: str, model: str, weights: Weights, device: str) -> _Loaded:
    """Load a model, naming the setting that it is of where that fails."""
    torch, transformers = import_torch(), import_transformers()
    kind, model_class, processor_class, image_class = _KINDS[part]
    try:
        folder = find_folder(weights.source, weights.path or model, weights.revision)
        files = checked_files(folder, weights.sha256)
    except RepalignError as error:
        raise RepalignError(
            error.found,
            where=f"laion.stimuli.segmentations.{part}: {weights.path or model}",
            expected=error.expected,
            remedy=f"Correct laion.stimuli.segmentations.{part}; or fetch the model (`hf download "
            "<id> --revision <revision> --local-dir <folder>`), and name that folder.",
        ) from error
    try:
        module, report = getattr(transformers, model_class).from_pretrained(
            folder,
            config=_config(transformers, folder, kind),
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
        # Pillow scales pictures, also where torchvision would be there.
        parts = {"image_processor": _from(transformers, image_class, folder)}
        if part == "detector":
            parts["tokenizer"] = _from(transformers, "CLIPTokenizer", folder)
        processor = getattr(transformers, processor_class)(**parts)
    except loading_errors() as error:
        raise unreadable(folder, error) from error
    module = module.train(mode=False).requires_grad_(False)
    facts = {
        part: model,
        f"{part}_revision": commit_of(folder, weights.source),
        f"{part}_digest": state_digest(module),
    }
    return _Loaded(module.to(device), processor, facts)


def _config(transformers: Any, folder: Path, kind: str) -> Any:  # noqa: ANN401
    config = transformers.AutoConfig.from_pretrained(folder, **_LOCAL_ALONE)
    if config.model_type != kind:
        raise ValueError(f"a model of type {config.model_type}, not {kind}")
    return config


def _from(transformers: Any, name: str, folder: Path) -> Any:  # noqa: ANN401
    return getattr(transformers, name).from_pretrained(folder, **_LOCAL_ALONE)
