"""What a feature file says of itself, held against what a target asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from repalign.errors import RepalignError

if TYPE_CHECKING:
    from repalign.models.features import Features

UNTRAINED = "-untrained"
TRAINED, RANDOM = "trained", "random"
_KEY = re.compile(r".+_pool-(?P<pool>[\w-]+?)(_prompt-(?P<captions>\w+))?")


@dataclass(frozen=True)
class FeatureIdentity:
    """What makes features those of a target; None where anything will do.

    Attributes
    ----------
    model : str or None
        Model key.
    weights : str or None
        ``"trained"`` or ``"random"``.
    seed : int or None
        Of random weights.
    dataset : str or None
        Dataset whose stimuli the model was shown.
    captions : str or None
        Source of the texts that a language model read.
    pool : str or None
        How tokens became one vector.
    stimuli_digest : str or None
        Digest of all stimuli, see `stimuli.set_digest`.
    """

    model: str | None = None
    weights: str | None = None
    seed: int | None = None
    dataset: str | None = None
    captions: str | None = None
    pool: str | None = None
    stimuli_digest: str | None = None

    @classmethod
    def of(cls, key: str, dataset: str, seed: int | None = None) -> Self:
        """Tell what a model key asks for.

        Parameters
        ----------
        key : str
            `<id>_pool-<pool>[_prompt-<captions>][-untrained]`. A key of another form says the
            model and the state of its weights alone.
        dataset : str
            Dataset.
        seed : int, optional
            Of random weights.
        """
        match = _KEY.fullmatch(key.removesuffix(UNTRAINED))
        parts = match.groupdict() if match else {}
        weights = RANDOM if key.endswith(UNTRAINED) else TRAINED
        return cls(key, weights, seed, dataset, parts.get("captions"), parts.get("pool"))

    def check(self, attributes: Mapping[str, Any], path: Path) -> None:
        """Compare with the attributes of a file.

        Parameters
        ----------
        attributes : mapping
            What the file says. Something it does not say is not compared: files of users are
            known by their ids alone.
        path : Path
            The file, for the message.

        Raises
        ------
        RepalignError
            Naming what the file says and what was asked, if these differ.
        """
        for name, wanted in asdict(self).items():
            said = attributes.get(name)
            if wanted is None or said is None or str(said) == str(wanted):
                continue
            raise RepalignError(
                f"features with {name} {said}",
                where=path,
                expected=f"{name} {wanted}",
                remedy="Extract the model's features again, or take the file away if it is not "
                "the one that was meant.",
            )


def check_same_stimuli(files: Sequence[Features]) -> None:
    """Refuse files of one modality that were made from different stimuli.

    Parameters
    ----------
    files : sequence of Features
        Open feature files, of any modalities. Those that do not say what they were made from
        are not compared.

    Raises
    ------
    RepalignError
        Naming two files whose pictures or texts differ, or belong to other ids.
    """
    first: dict[str, Features] = {}
    for features in files:
        if "stimuli_digest" not in features.attributes:
            continue
        other = first.setdefault(features.modality, features)
        said, wanted = (str(file.attributes["stimuli_digest"]) for file in (features, other))
        if said != wanted:
            raise RepalignError(
                f"features of other stimuli (stimuli_digest {said})",
                where=features.path,
                expected=f"those of {other.path} (stimuli_digest {wanted})",
                remedy="Extract the features of both models again, from the same stimuli.",
            )
