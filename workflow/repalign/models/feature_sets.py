"""Features of several models, opened together and known by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from repalign.errors import RepalignError
from repalign.models.features import Features, open_features
from repalign.models.identity import FeatureIdentity, check_same_stimuli


def files_of(models: Sequence[str], files: Sequence[Path], what: str = "features") -> list[Path]:
    """Find the feature file of each model by its name.

    Parameters
    ----------
    models : sequence of str
        Model keys.
    files : sequence of Path
        One file a model, named after it, in any order.
    what : str
        What the files are, for messages.

    Returns
    -------
    list of Path
        In the order of `models`.

    Raises
    ------
    RepalignError
        If a model has no file or two, or a file no model.
    """
    stems = [path.stem for path in files]
    missing = sorted(set(models) - set(stems))
    others = sorted(set(stems) - set(models))
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    for names, found in ((missing, "no file of"), (others, "a file of"), (twice, "two files of")):
        if names:
            raise RepalignError(
                f"{found} {', '.join(names)}",
                where=what,
                expected=f"one file for each of {', '.join(models)}",
                remedy="Give one <model key>.h5 or .pt file for every model that is named.",
            )
    return [files[stems.index(model)] for model in models]


@contextmanager
def open_feature_sets(
    models: Sequence[str],
    files: Sequence[Path],
    *,
    dataset: str,
    assume_row_order: bool = False,
    what: str = "features",
) -> Iterator[dict[str, Features]]:
    """Open the features of several models, which must be what their names and places say.

    Parameters
    ----------
    models : sequence of str
        Model keys.
    files : sequence of Path
        One file a model, named after it, in any order.
    dataset : str
        Dataset of the images.
    assume_row_order : bool
        As of `open_features`.
    what : str
        What the files are, for messages.

    Yields
    ------
    dict of str to Features
        By model key, in the order of `models`; closed at the end of the block.

    Raises
    ------
    RepalignError
        If files and models do not fit, a file cannot be used, says that it is of another model,
        state of weights or dataset, or two were made from different stimuli.
    """
    with ExitStack() as stack:
        opened = {}
        for model, path in zip(models, files_of(models, files, what), strict=True):
            expected = FeatureIdentity.of(model, dataset)
            features = open_features(path, assume_row_order, expected)
            stack.callback(features.close)
            opened[model] = features
        check_same_stimuli(list(opened.values()))
        yield opened
