"""The optional packages that run models: imported in one place, late, with an error that helps.

Nothing else imports PyTorch, timm, transformers or NLTK, so the workflow plans, and everything
that needs no model runs, where they are not installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from repalign.errors import RepalignError

REMEDY = "Run `make models`, or pip install 'repalign[models]'."
_MISSING_OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_shims: list[Any] = []
"""Operators that were defined for torchvision; they last as long as their library object."""


def import_torch(
    where: str | Path = "models", *, expected: str = "PyTorch 2.5 or later", remedy: str = REMEDY
) -> ModuleType:
    """Import PyTorch.

    Parameters
    ----------
    where : str or Path
        The file or setting that needs it, for the message.
    expected, remedy : str
        The rest of the message.

    Returns
    -------
    module
        `torch`.

    Raises
    ------
    RepalignError
        If it is not installed or cannot be imported.
    """
    try:
        import torch
    except (ImportError, OSError) as error:
        found = f"PyTorch cannot be imported ({error})"
        raise RepalignError(found, where=where, expected=expected, remedy=remedy) from error
    module: ModuleType = torch
    return module


def import_timm() -> ModuleType:
    """Import timm, the vision models.

    Returns
    -------
    module
        `timm`.

    Raises
    ------
    RepalignError
        If it, PyTorch or torchvision is not installed or cannot be imported.
    """
    torch = import_torch()
    if not _import_torchvision(torch):
        raise _missing("torchvision", "it is not installed")
    try:
        import timm
    except (ImportError, OSError, RuntimeError) as error:
        raise _missing("timm", error) from error
    module: ModuleType = timm
    return module


def import_transformers() -> ModuleType:
    """Import transformers, the language models, and make it quiet.

    Returns
    -------
    module
        `transformers`. Its classes are imported when they are asked for.

    Raises
    ------
    RepalignError
        If it or PyTorch is not installed or cannot be imported.
    """
    torch = import_torch()
    # It needs no torchvision, but imports the one that is there, and fails if that is broken.
    _import_torchvision(torch)
    # Threads of the tokenizers would be cut off where a job forks; they gain nothing here.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import transformers
    except (ImportError, OSError, RuntimeError) as error:
        raise _missing("transformers", error) from error
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    module: ModuleType = transformers
    return module


def import_nltk() -> ModuleType:
    """Import NLTK, the word tokenizer and stemmer. No corpus of its is ever downloaded.

    Returns
    -------
    module
        `nltk`.

    Raises
    ------
    RepalignError
        If it is not installed or cannot be imported.
    """
    try:
        import nltk
    except (ImportError, OSError) as error:
        raise _missing("nltk", error) from error
    module: ModuleType = nltk
    return module


@contextmanager
def deterministic(threads: int) -> Iterator[ModuleType]:
    """Make PyTorch compute the same numbers every time, at full precision.

    Parameters
    ----------
    threads : int
        Threads of one operation on the CPU. Another number can change the last digits, so it
        is a setting, never the number of cores.

    Yields
    ------
    module
        `torch`, without gradients. The switches are put back afterwards, but for those of
        the GPU's libraries, which hold from their first use on.

    Raises
    ------
    RepalignError
        If PyTorch is not installed or cannot be imported.
    """
    torch = import_torch()
    # cuBLAS reads this when it starts; without it, deterministic products are refused.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    full_precision(torch)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.inference_mode():
            yield torch
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])


def full_precision(torch: ModuleType) -> None:
    """Forbid TensorFloat-32, whose ten bits would be seen in the fourth digit.

    Parameters
    ----------
    torch : module
        PyTorch.
    """
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False


def _import_torchvision(torch: ModuleType) -> bool:
    """Import torchvision, mending a build that does not fit PyTorch; say whether it is there.

    Notes
    -----
    The wheel of the Python Package Index is a CUDA build. Its compiled operators do not load
    beside a PyTorch for the CPU, and the import then fails where it describes the results of
    two of them. Models here use none of these operators: with their signatures defined, the
    rest of torchvision works.
    """
    try:
        import torchvision  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name == "torchvision":
            return False
        raise _missing("torchvision", error) from error
    except (ImportError, OSError) as error:
        raise _missing("torchvision", error) from error
    except RuntimeError as error:
        if _shims or not any(f"torchvision::{name}" in str(error) for name in _MISSING_OPERATORS):
            raise _missing("torchvision", error) from error
        library = torch.library.Library("torchvision", "DEF")
        for name in _MISSING_OPERATORS:
            library.define(name + _SCHEMA)
        _shims.append(library)
        return _import_torchvision(torch)
    return True


def _missing(package: str, reason: object) -> RepalignError:
    return RepalignError(
        f"{package} cannot be imported ({reason})",
        where="models",
        expected="the packages that run models",
        remedy=REMEDY,
    )
