"""Folders of models: given by the user, or fetched from the Hugging Face hub.

A folder holds a configuration (`config.json`), the tokenizer of a language model, and weights in
one file or in parts that an index lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from repalign.errors import RepalignError
from repalign.models.libraries import import_transformers
from repalign.models.weight_files import PLAIN, SAFE, is_complete, reason

LOCAL = "local-dir"
_ABOUT = ("*.json", "*.txt", "*.model", "*.jinja")
"""Configuration, tokenizer, template of conversations, and which parts the weights have."""
_WEIGHTS = {
    SAFE: (SAFE, "model-*-of-*.safetensors"),
    PLAIN: (PLAIN, "pytorch_model-*-of-*.bin"),
}
_HUB_ID = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)


def find_folder(source: str, path: str, revision: str, *, weights: bool = True) -> Path:
    """Find the folder of a model, fetching it if it is on the hub.

    Parameters
    ----------
    source : {"hub", "local-dir", "random"}
        As in the registry.
    path : str
        Folder, or id on the hub. Random weights take either.
    revision : str
        Commit, tag or branch on the hub; empty for the newest.
    weights : bool
        Whether weights are wanted, or the configuration and tokenizer alone.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    RepalignError
        If there is no such folder, or it cannot be fetched.
    """
    folder = Path(path)
    if source != "hub" and (folder / "config.json").is_file():
        return folder
    if source == LOCAL or not is_hub_id(path):
        found = "a folder without config.json" if folder.is_dir() else "no such folder"
        raise RepalignError(
            found,
            where=path,
            expected="a model folder: config.json and weights, as save_pretrained or timm's "
            "save_for_hf write them",
            remedy="Correct `path` in the registry of models; it starts from the project folder.",
        )
    fetched = _fetch(path, revision, _ABOUT)
    if weights and not is_complete(fetched, SAFE):
        # The rest of the same commit, which the cache names the folder by.
        _fetch(path, fetched.name, _WEIGHTS[SAFE])
        if not is_complete(fetched, SAFE):
            _fetch(path, fetched.name, _WEIGHTS[PLAIN])
    return fetched


def is_hub_id(path: str) -> bool:
    """Say whether a path can be an id on the hub: a name, or an owner and a name."""
    return _HUB_ID.fullmatch(path) is not None


def commit_of(folder: Path | None, source: str) -> str:
    """Return the commit of a fetched folder, which the hub's cache names it by."""
    return folder.name if folder is not None and source == "hub" else ""


def _fetch(repository: str, revision: str, patterns: Sequence[str]) -> Path:
    """Fetch files of the top folder of a repository into the hub's cache."""
    import_transformers()
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            huggingface_hub.snapshot_download(
                repository,
                revision=revision or None,
                allow_patterns=list(patterns),
                ignore_patterns=["*/*"],
            )
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        named = f"{repository}, revision {revision or 'main'}"
        raise RepalignError(
            f"{named} could not be fetched ({reason(error)})",
            where="the registry of models",
            expected="a model on the Hugging Face hub, and a network that reaches it; gated "
            "models need `hf auth login`",
            remedy="Fetch it elsewhere (`hf download <id> --local-dir <folder>`), and write "
            "`local-dir` as `source` and the folder as `path` in the registry of models.",
        ) from error
