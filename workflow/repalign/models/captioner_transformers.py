"""Vision-language models of the LLaVA and Pixtral kind, by the library transformers."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

from repalign.errors import RepalignError
from repalign.models import weight_files
from repalign.models.captioning import ModelChoice
from repalign.models.images import Images
from repalign.models.libraries import deterministic, import_transformers
from repalign.models.model_folders import commit_of, find_folder

log = logging.getLogger("repalign")
_LOCAL_ALONE = {"local_files_only": True, "trust_remote_code": False}
"""Options of every call: what is needed lies in the folder, and no code of it is run."""


class TransformersCaptioner:
    """A model of `AutoModelForImageTextToText` with its processor; used in a `with` block.

    Parameters
    ----------
    choice : ModelChoice
        The model and how it answers.

    Attributes
    ----------
    facts : dict of str to str
        Versions of the libraries, and the commit on the hub.
    n_cut : int
        Texts so far that reached `max_new_tokens` before their end.

    Raises
    ------
    RepalignError
        If the packages or the device are not there, the model cannot be loaded whole, or its
        processor has no chat template.

    Notes
    -----
    One picture at a time: rows of a batch are padded, and padding changes the last digits, so a
    text would depend on its neighbours.
    """

    def __init__(self, choice: ModelChoice) -> None:
        self.choice = choice
        self.n_cut = 0
        self.facts: dict[str, str] = {}
        self._context = ExitStack()

    def __enter__(self) -> TransformersCaptioner:
        transformers = import_transformers()
        self._torch: Any = self._context.enter_context(deterministic(self.choice.threads))
        if self.choice.device == "cuda" and not self._torch.cuda.is_available():
            found = "no GPU that PyTorch sees"
            raise _error(found, "resources.device: cuda", "a GPU", "Use `resources.device: cpu`.")
        folder = self._find()
        self._processor = _load_processor(transformers, folder)
        model = _load_model(transformers, folder, getattr(self._torch, self.choice.precision))
        self.facts = {
            "torch": str(self._torch.__version__),
            "transformers": str(transformers.__version__),
        }
        if self.choice.folder is None:
            self.facts["commit"] = commit_of(folder, "hub")
        self._model = model.to(self.choice.device).train(False)
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()
        if self.n_cut:
            limit = self.choice.max_new_tokens
            log.warning("%d texts were cut at captions.max_new_tokens (%d)", self.n_cut, limit)

    def _find(self) -> Path:
        """Find the model's folder, fetching it if it is on the hub."""
        if self.choice.folder is not None:
            return self.choice.folder
        if not self.choice.revision:
            log.warning("captions.revision is empty: the newest %s is used", self.choice.model)
        try:
            return find_folder("hub", self.choice.model, self.choice.revision)
        except RepalignError as error:
            raise _error(
                error.found,
                f"captions.model: {self.choice.model}",
                error.expected,
                "Fetch it elsewhere (`hf download <id> --local-dir <folder>`), and set "
                "captions.source to `local-dir` and captions.folder to the folder.",
            ) from error

    def inputs(self, images: Images, k: int, prompt: str) -> Any:  # noqa: ANN401
        """Return what the model reads: the conversation as tokens, and the picture.

        Parameters
        ----------
        images : Images
            Pictures.
        k : int
            Position of the picture.
        prompt : str
            What is asked; it comes before the picture, as for the published captions.

        Returns
        -------
        transformers.BatchFeature
            `input_ids`, `attention_mask` and what else the model takes, a batch of one.
        """
        content = [
            {"type": "text", "text": prompt},
            {"type": "image", "image": images.picture(k)},
        ]
        return self._processor.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )

    def describe(self, images: Images, k: int, prompt: str) -> str:
        """Return what the model says of picture `k`, without white space around it."""
        inputs = self.inputs(images, k, prompt).to(self.choice.device, dtype=self._model.dtype)
        how: dict[str, Any] = {"do_sample": False}
        if self.choice.sampling:
            # Temperature 1 and no token excluded, whatever the model's own defaults are.
            how = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}
            self._torch.manual_seed(self.choice.image_seed(int(images.ids[k])))
        limit = self.choice.max_new_tokens
        tokens = self._model.generate(**inputs, **how, num_beams=1, max_new_tokens=limit)
        said = tokens[0, inputs["input_ids"].shape[1] :]
        ends = self._model.generation_config.eos_token_id
        if len(said) == limit and int(said[-1]) not in (
            ends if isinstance(ends, list) else [ends]
        ):
            self.n_cut += 1
        return str(self._processor.decode(said, skip_special_tokens=True)).strip()


def _load_processor(transformers: ModuleType, folder: Path) -> Any:  # noqa: ANN401
    """Load what turns conversations and pictures into numbers, and tokens into text."""
    try:
        processor = transformers.AutoProcessor.from_pretrained(folder, **_LOCAL_ALONE)
    except weight_files.loading_errors() as error:
        raise _unloadable(folder, weight_files.reason(error)) from error
    if not getattr(processor, "chat_template", None):
        raise _unloadable(folder, "its processor has no chat template")
    return processor


def _load_model(transformers: ModuleType, folder: Path, dtype: Any) -> Any:  # noqa: ANN401
    """Load the weights; a tensor that no file has would be random, and is refused."""
    files = weight_files.weight_files(folder)
    try:
        model, report = transformers.AutoModelForImageTextToText.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=weight_files.is_safe(files),
            weights_only=True,
            output_loading_info=True,
            **_LOCAL_ALONE,
        )
    except weight_files.loading_errors() as error:
        raise _unloadable(folder, weight_files.reason(error)) from error
    wrong = sorted(
        str(item)
        for kind in ("missing_keys", "mismatched_keys", "error_msgs")
        for item in report[kind]
    )
    if wrong:
        raise _unloadable(folder, f"{len(wrong)} tensors missing or odd, first {wrong[0]}")
    return model


def _unloadable(folder: Path, reason: str) -> RepalignError:
    return _error(
        f"a model that cannot be used ({reason})",
        folder,
        "a vision-language model with its processor and chat template, as save_pretrained "
        "writes them",
        "Correct captions.model and captions.revision, or captions.source and captions.folder.",
    )


def _error(found: str, where: str | Path, expected: str, remedy: str) -> RepalignError:
    return RepalignError(found, where=where, expected=expected, remedy=remedy)
