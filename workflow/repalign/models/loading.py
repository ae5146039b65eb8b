"""Models with their weights, from the hub, a folder or a seed; ready to run and never trained.

No code of a model's repository is run: architectures are those of timm and transformers.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from repalign.errors import RepalignError
from repalign.models import weight_files
from repalign.models.libraries import import_timm, import_torch, import_transformers

PRECISIONS = ("float32", "bfloat16")
_LOCAL_ALONE = {"local_files_only": True, "trust_remote_code": False}
"""Options of every call of transformers: what is needed lies in the folder, without code."""


@dataclass(frozen=True)
class Weights:
    """Where the weights of a model come from.

    Attributes
    ----------
    source : str
        `hub`, `local-dir` or `random`.
    path : str
        Id on the hub or folder; empty where the model's id says it. Random weights take their
        architecture from there.
    revision : str
        Commit, tag or branch on the hub; empty for the newest.
    sha256 : str
        Digest of the weight files, see `weight_files.files_digest`; empty to check nothing.
    seed : int, optional
        Of random weights.
    """

    source: str
    path: str
    revision: str
    sha256: str
    seed: int | None = None


@dataclass(frozen=True)
class LoadedVision:
    """A vision model.

    Attributes
    ----------
    module : torch.nn.Module
        In evaluation mode, float32, on the CPU.
    data_config : dict
        How pictures are prepared: `input_size`, `interpolation`, `mean`, `std`, `crop_pct`, ...
    digest : str
        SHA-256 of the weights in use, see `state_digest`.
    n_parameters : int
        Parameters of the module.
    revision : str
        Commit that was fetched from the hub, if it was.
    """

    module: Any
    data_config: dict[str, Any]
    digest: str
    n_parameters: int
    revision: str = ""


@dataclass(frozen=True)
class LoadedLanguage:
    """A language model without a head.

    Attributes
    ----------
    module : torch.nn.Module
        In evaluation mode, on the CPU. Its hidden states are those of the whole model.
    tokenizer : transformers.PreTrainedTokenizerBase
        Pads on the left for a causal model, on the right for an encoder.
    digest : str
        SHA-256 of the weights in use, see `state_digest`.
    n_parameters : int
        Parameters of the module; a head of its own is not among them.
    revision : str
        Commit that was fetched from the hub, if it was.
    """

    module: Any
    tokenizer: Any
    digest: str
    n_parameters: int
    revision: str = ""


def load_timm(model: str, weights: Weights) -> LoadedVision:
    """Load a vision model of timm.

    Parameters
    ----------
    model : str
        Its id: architecture, a dot, and the name of the weights. A model in a folder is of
        the architecture that its config.json names.
    weights : Weights
        Where its weights come from.

    Returns
    -------
    LoadedVision
        The model.

    Raises
    ------
    RepalignError
        If timm knows no such model, its weights cannot be fetched or read, or are not those
        of the registry.
    """
    torch, timm = import_torch(), import_timm()
    folder = _vision_folder(timm, model, weights)
    # Weights from a file replace all of the initialisation, which costs no more with a seed.
    with _seeded(torch, weights.seed if weights.source == "random" else 0):
        module = _vision_module(timm, model, folder, weights)
    module = module.float().eval().requires_grad_(False)
    data_config = dict(timm.data.resolve_model_data_config(module))
    revision = _commit(folder, weights.source)
    return LoadedVision(module, data_config, state_digest(module), _size(module), revision)


def load_language(model: str, kind: str, weights: Weights, precision: str) -> LoadedLanguage:
    """Load a language model of transformers, without its head, and its tokenizer.

    Parameters
    ----------
    model : str
        Its id on the hub, or a name of one in a folder.
    kind : {"causal-lm", "encoder"}
        As in the registry.
    weights : Weights
        Where its weights come from.
    precision : {"float32", "bfloat16"}
        Numbers that it computes with.

    Returns
    -------
    LoadedLanguage
        The model.

    Raises
    ------
    RepalignError
        If the model cannot be fetched or read, lacks weights, or has others than the registry.

    Notes
    -----
    Attention is computed by the plain implementation, the one that all architectures have
    (Gemma 2 caps its logits) and that is the same on every device.
    """
    torch, transformers = import_torch(), import_transformers()
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; expected one of {PRECISIONS}")
    dtype = getattr(torch, precision)
    is_random = weights.source == "random"
    folder = weight_files.find_folder(
        weights.source, weights.path or model, weights.revision, weights=not is_random
    )
    tokenizer = _load_tokenizer(transformers, model, kind, folder)
    ignored: set[str] = set()
    if is_random:
        module = _random_language_module(transformers, folder, weights.seed)
    else:
        module, ignored = _language_module(transformers, folder, weights, dtype)
    module = module.to(dtype).eval().requires_grad_(False)
    digest, revision = state_digest(module, ignored), _commit(folder, weights.source)
    return LoadedLanguage(module, tokenizer, digest, _size(module), revision)


def state_digest(module: Any, ignored: Collection[str] = ()) -> str:  # noqa: ANN401
    """Compute a digest of a module's weights, whatever files they came from.

    Parameters
    ----------
    module : torch.nn.Module
        On the CPU.
    ignored : collection of str
        Names of tensors that are left out.

    Returns
    -------
    str
        SHA-256 over the tensors of the state dictionary in the order of their names: of each
        the name, dtype, shape and little-endian bytes.
    """
    torch = import_torch()
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if name in ignored:
            continue
        head = f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode()
        digest.update(struct.pack("<q", len(head)) + head)
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _vision_folder(timm: ModuleType, model: str, weights: Weights) -> Path | None:
    """Find the folder of a vision model; None if timm has all that its random weights need."""
    path = weights.path
    if weights.source == "hub":
        path = path or _pretrained_cfg(timm, model).hf_hub_id or f"timm/{model}"
    elif weights.source == "random" and (not path or _is_on_hub(path)):
        return None
    with_weights = weights.source != "random"
    return weight_files.find_folder(weights.source, path, weights.revision, weights=with_weights)


def _is_on_hub(path: str) -> bool:
    return weight_files.is_hub_id(path) and not Path(path).is_dir()


def _vision_module(timm: ModuleType, model: str, folder: Path | None, weights: Weights) -> Any:  # noqa: ANN401
    """Make a vision model, with the weights of a folder or random ones."""
    name = model if folder is None or weights.source == "hub" else f"local-dir:{folder}"
    options: dict[str, Any] = {}
    if folder is not None and weights.source != "random":
        files = weight_files.checked_files(folder, weights.sha256)
        if len(files) > 1:
            raise weight_files.unreadable(folder, ValueError("in parts, and timm reads one file"))
        options["pretrained"] = True
        if weights.source == "hub":
            options["pretrained_cfg_overlay"] = {"file": str(files[0]), "custom_load": False}
    try:
        return timm.create_model(name, **options)
    except weight_files.loading_errors() as error:
        if folder is None:
            raise _unknown(model, timm, error) from error
        raise weight_files.unreadable(folder, error) from error


def _pretrained_cfg(timm: ModuleType, model: str) -> Any:  # noqa: ANN401
    """Look up what timm knows of a model's weights."""
    try:
        return timm.get_pretrained_cfg(model)
    except RuntimeError as error:
        raise _unknown(model, timm, error) from error


def _unknown(model: str, timm: ModuleType, error: Exception) -> RepalignError:
    return RepalignError(
        f"model {model} ({weight_files.reason(error)})",
        where="the registry of models",
        expected=f"a model of timm {timm.__version__}",
        remedy="Correct `model`; timm.list_models(pretrained=True) lists all.",
    )


def _language_module(
    transformers: ModuleType,
    folder: Path,
    weights: Weights,
    dtype: Any,  # noqa: ANN401
) -> tuple[Any, set[str]]:
    """Load a language model; return it, and the names of tensors that no file had."""
    files = weight_files.checked_files(folder, weights.sha256)
    try:
        module, report = transformers.AutoModel.from_pretrained(
            folder,
            dtype=dtype,
            attn_implementation="eager",
            use_safetensors=weight_files.is_safe(files),
            weights_only=True,
            output_loading_info=True,
            **_LOCAL_ALONE,
        )
    except weight_files.loading_errors() as error:
        raise weight_files.unreadable(folder, error) from error
    # A pooler comes after the last hidden state, and many checkpoints of encoders lack it.
    missing = set(report["missing_keys"])
    lacking = sorted(name for name in missing if not name.startswith("pooler."))
    wrong = lacking or sorted(map(str, [*report["mismatched_keys"], *report["error_msgs"]]))
    if wrong:
        found = f"{len(wrong)} tensors missing or of another shape, first {wrong[0]}"
        raise weight_files.unreadable(folder, ValueError(found))
    return module, missing


def _random_language_module(transformers: ModuleType, folder: Path, seed: int | None) -> Any:  # noqa: ANN401
    """Make a language model of the configuration in a folder with random weights, float32."""
    torch = import_torch()
    try:
        config = transformers.AutoConfig.from_pretrained(folder, **_LOCAL_ALONE)
    except weight_files.loading_errors() as error:
        raise weight_files.unreadable(folder, error) from error
    with _seeded(torch, seed):
        return transformers.AutoModel.from_config(
            config, dtype=torch.float32, attn_implementation="eager"
        )


def _load_tokenizer(transformers: ModuleType, model: str, kind: str, folder: Path) -> Any:  # noqa: ANN401
    """Load a tokenizer that can pad."""
    side = "left" if kind == "causal-lm" else "right"
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder, padding_side=side, **_LOCAL_ALONE
        )
    except weight_files.loading_errors() as error:
        raise weight_files.unreadable(folder, error) from error
    if model.startswith("huggyllama"):
        # The reference pads with "[PAD]", which this vocabulary reads as its unknown token.
        tokenizer.pad_token = tokenizer.unk_token
    elif tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


@contextmanager
def _seeded(torch: ModuleType, seed: int | None) -> Iterator[None]:
    """Seed PyTorch's generator of the CPU, and put its state back afterwards."""
    if seed is None:
        raise ValueError("random weights need a seed")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def _commit(folder: Path | None, source: str) -> str:
    """Return the commit of a fetched folder, which the hub's cache names it by."""
    return folder.name if folder is not None and source == "hub" else ""


def _size(module: Any) -> int:  # noqa: ANN401
    """Count the parameters of a module."""
    return sum(parameter.numel() for parameter in module.parameters())
