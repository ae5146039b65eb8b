"""Vision models of timm, made with the weights of a folder or of a seed."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from repalign.errors import RepalignError
from repalign.models.model_folders import find_folder, is_hub_id
from repalign.models.weight_files import (
    Weights,
    checked_files,
    loading_errors,
    reason,
    unreadable,
)


def vision_folder(timm: ModuleType, model: str, weights: Weights) -> Path | None:
    """Find the folder of a vision model.

    Parameters
    ----------
    timm : module
        timm.
    model : str
        The model's id.
    weights : Weights
        Where its weights come from.

    Returns
    -------
    Path or None
        None if the weights are random and timm itself knows the architecture.

    Raises
    ------
    RepalignError
        If there is no such folder, it cannot be fetched, or timm does not know the model.
    """
    path = weights.path
    if weights.source == "hub":
        path = path or _repository(timm, model)
    elif weights.source == "random" and (not path or _is_on_hub(path)):
        return None
    with_weights = weights.source != "random"
    return find_folder(weights.source, path, weights.revision, weights=with_weights)


def vision_module(timm: ModuleType, model: str, folder: Path | None, weights: Weights) -> Any:  # noqa: ANN401
    """Make a vision model, with the weights of a folder or those of its initialisation.

    Parameters
    ----------
    timm : module
        timm.
    model : str
        The model's id.
    folder : Path or None
        From `vision_folder`.
    weights : Weights
        Where its weights come from. Random ones are drawn from PyTorch's generator.

    Returns
    -------
    torch.nn.Module
        As timm makes it.

    Raises
    ------
    RepalignError
        If the files are not those of the registry or do not fit the architecture.
    """
    name = model if folder is None or weights.source == "hub" else f"local-dir:{folder}"
    options: dict[str, Any] = {}
    if folder is not None and weights.source != "random":
        files = checked_files(folder, weights.sha256)
        if len(files) > 1:
            raise unreadable(folder, ValueError("in parts, and timm reads one file"))
        options["pretrained"] = True
        if weights.source == "hub":
            options["pretrained_cfg_overlay"] = {"file": str(files[0]), "custom_load": False}
    try:
        return timm.create_model(name, **options)
    except loading_errors() as error:
        if folder is None:
            raise _unknown(model, timm, error) from error
        raise unreadable(folder, error) from error


def _is_on_hub(path: str) -> bool:
    return is_hub_id(path) and not Path(path).is_dir()


def _repository(timm: ModuleType, model: str) -> str:
    """Look up where timm has the weights of a model."""
    try:
        known = timm.get_pretrained_cfg(model)
    except RuntimeError as error:
        raise _unknown(model, timm, error) from error
    if known is None or not known.hf_hub_id:
        raise _unknown(model, timm, ValueError("no weights of that name"))
    return str(known.hf_hub_id)


def _unknown(model: str, timm: ModuleType, error: Exception) -> RepalignError:
    return RepalignError(
        f"model {model} ({reason(error)})",
        where="the registry of models",
        expected=f"a model of timm {timm.__version__}",
        remedy="Correct `model`; timm.list_models(pretrained=True) lists all.",
    )
