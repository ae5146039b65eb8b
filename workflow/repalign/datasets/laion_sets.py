"""Sets of images of LAION-fMRI that take part in comparisons: by kind, split or noun."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repalign.datasets.laion_metadata import read_laion_table
from repalign.errors import RepalignError
from repalign.tables.laion_layout import MASK_COLUMNS
from repalign.tables.laion_sets import OF_NOUNS, OF_SPLITS, split_of

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """A train-test split, by names of images."""

    train: tuple[str, ...]
    test: tuple[str, ...]


def read_split(path: str | Path) -> Split:
    """Read a split of the public client.

    Parameters
    ----------
    path : str or Path
        `<pool>/<name>.json`.

    Returns
    -------
    Split
        Names of images.

    Raises
    ------
    RepalignError
        If the file cannot be read, is of another split or has several variants, an image is
        there twice, or the numbers of images are not those that it says.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        (variant,) = content["variants"]
        split = Split(tuple(variant["train_ids"]), tuple(variant["test_ids"]))
        name, counts = content["name"], (content["n_train"], content["n_test"])
    except FileNotFoundError as error:
        raise RepalignError(
            "no such file",
            where=path,
            expected="a train-test split of LAION-fMRI, as it comes with the public client",
            remedy="Copy the client's folder of splits, and name it in laion.files.splits.",
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise _split_error(f"a file that is no split ({error!r})", path) from error
    both = (*split.train, *split.test)
    if name != path.stem:
        raise _split_error(f"the split {name!r}", path)
    if not all(isinstance(image, str) for image in both) or len({*both}) < len(both):
        twice = next((i for i in both if both.count(i) > 1), "a number")
        raise _split_error(f"image {twice} twice", path)
    if (len(split.train), len(split.test)) != counts:
        raise _split_error(f"{len(split.train)} train and {len(split.test)} test images", path)
    return split


def image_set(
    name: str,
    stimuli: pd.DataFrame,
    *,
    split: Split | None = None,
    masks: pd.DataFrame | None = None,
    noun: str = "",
    keep_short: bool = False,
    where: str | Path = "stimuli.parquet",
) -> Rows:
    """Return the stimuli of a set.

    Parameters
    ----------
    name : str
        One of `IMAGE_SETS`.
    stimuli : DataFrame
        The prepared stimuli.
    split : Split, optional
        Needed for sets of splits.
    masks : DataFrame, optional
        As `read_nouns` returns it, needed for sets of nouns.
    noun : str
        What an image must have, or must not, in sets of nouns.
    keep_short : bool
        Whether images that some subject saw less often than planned take part.
    where : str or Path
        What the set is made from, for errors.

    Returns
    -------
    ndarray of int64, shape (n_stimuli,)
        Ascending.

    Raises
    ------
    RepalignError
        If the split names an image that there is not, no image has the noun, or none is left.
    """
    shared, ood = stimuli["shared"], stimuli["ood"]
    kinds = {"main": shared & ~ood, "ood": shared & ood, "natural": ~ood}
    if name in OF_SPLITS and split is not None:
        _, side = split_of(name)
        chosen = _named(split.train if side == "train" else split.test, stimuli, where) & shared
    elif name in OF_NOUNS and masks is not None:
        chosen = kinds["main"] & (_with_noun(stimuli, masks, noun, where) == (name == OF_NOUNS[0]))
    else:
        chosen = kinds[name]
    complete = chosen if keep_short else chosen & ~stimuli["short"]
    if not complete.any():
        raise RepalignError(
            f"no image among {int(chosen.sum())} that every subject saw as often as planned"
            if chosen.any()
            else "no image",
            where=f"{where}, set {name}",
            expected="at least one image",
            remedy="Set laion.short_images: keep, or choose another set.",
        )
    found: Rows = np.sort(stimuli.loc[complete, "stimulus"].to_numpy(np.int64))
    return found


def read_nouns(path: str | Path) -> pd.DataFrame:
    """Read which nouns were found where in the images.

    Parameters
    ----------
    path : str or Path
        `task-images_desc-segmentations_metadata.csv`.

    Returns
    -------
    DataFrame
        image_name, noun (str, `null` is a word) and localized (bool), a row a mask.

    Raises
    ------
    RepalignError
        Naming the row, if `localized` is neither 0 nor 1.
    """
    table = read_laion_table(path, "the table of segmentations of LAION-fMRI", MASK_COLUMNS)
    strange = ~table["localized"].isin(("0", "1"))
    if strange.any():
        row = int(strange.to_numpy().argmax())
        raise RepalignError(
            f"localized {table['localized'].iloc[row]!r}",
            where=f"{path}, data row {row + 1}",
            expected="0 or 1",
            remedy="Fetch or make the file again.",
        )
    return table[["image_name", "noun"]].assign(localized=table["localized"] == "1")


def _with_noun(
    stimuli: pd.DataFrame, masks: pd.DataFrame, noun: str, where: str | Path
) -> pd.Series[bool]:
    """Say which images have a noun that was found at some place."""
    has = masks.loc[(masks["noun"] == noun) & masks["localized"], "image_name"]
    if has.empty:
        often = masks["noun"].value_counts().index[:10]
        raise RepalignError(
            f"no mask of the noun {noun!r}",
            where=where,
            expected=f"a noun of the table, such as {', '.join(often)}",
            remedy="Correct laion.noun.",
        )
    return stimuli["image_name"].isin(has)


def _named(names: tuple[str, ...], stimuli: pd.DataFrame, where: str | Path) -> pd.Series[bool]:
    """Say which images have the names of a split, all of which must be there."""
    unknown = sorted({*names} - {*stimuli["image_name"]})
    if unknown:
        raise RepalignError(
            f"image {unknown[0]!r} ({len(unknown)} like it)",
            where=where,
            expected="names of the table of images",
            remedy="Use splits and images of the same release.",
        )
    return stimuli["image_name"].isin(names)


def _split_error(found: str, path: Path) -> RepalignError:
    expected: dict[str, Any] = {"name": path.stem, "variants": "one, with train_ids and test_ids"}
    return RepalignError(
        found,
        where=path,
        expected=f"{expected}, n_train and n_test images, each once",
        remedy="Copy the file from the public client again.",
    )
