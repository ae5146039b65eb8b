"""A feature file that says it is something else than a target asks for is refused."""

import numpy as np
import pytest

from repalign.errors import RepalignError
from repalign.models.features import open_features, write_features
from repalign.models.identity import FeatureIdentity, check_same_stimuli

VISION = "vit_a_pool-cls"
LANGUAGE = "org_llm_pool-avg-no-special_prompt-coco"
FACTS = {"weights": "trained", "dataset": "nsd", "pool": "cls", "stimuli_digest": "aa"}


def write(path, **facts):
    write_features(path, [np.ones((3, 2), np.float32)], [0, 1, 2], facts)
    return path


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (VISION, ("trained", None, "cls")),
        (f"{VISION}-untrained", ("random", None, "cls")),
        (LANGUAGE, ("trained", "coco", "avg-no-special")),
        (f"{LANGUAGE}-untrained", ("random", "coco", "avg-no-special")),
        ("vit_base_patch16_224.mae_pool-avg", ("trained", None, "avg")),
        ("my-own-model", ("trained", None, None)),
    ],
)
def test_what_a_key_asks_for(key, expected):
    found = FeatureIdentity.of(key, "nsd")
    assert (found.weights, found.captions, found.pool) == expected
    assert (found.model, found.dataset) == (key, "nsd")


def test_the_right_file_opens(tmp_path):
    path = write(tmp_path / f"{VISION}.h5", **FACTS)
    open_features(path, expected=FeatureIdentity.of(VISION, "nsd"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "vit_b_pool-cls"),
        ("weights", "random"),
        ("dataset", "things"),
        ("pool", "avg"),
    ],
)
def test_each_difference_is_named_with_both_values(tmp_path, name, value):
    path = write(tmp_path / f"{VISION}.h5", **{**FACTS, name: value})
    expected = FeatureIdentity.of(VISION, "nsd")
    with pytest.raises(RepalignError) as error:
        open_features(path, expected=expected)
    assert error.value.where == str(path)
    assert error.value.found == f"features with {name} {value}"
    assert error.value.expected == f"{name} {getattr(expected, name)}"


def test_captions_seeds_and_stimuli_are_compared(tmp_path):
    key = f"{LANGUAGE}-untrained"
    facts = {"weights": "random", "seed": 3, "captions": "coco", "stimuli_digest": "aa"}
    path = write(tmp_path / f"{key}.h5", **facts)
    open_features(path, expected=FeatureIdentity.of(key, "nsd", seed=3))
    for wrong in (
        FeatureIdentity.of(key, "nsd", seed=4),
        FeatureIdentity(captions="pixtral"),
        FeatureIdentity(stimuli_digest="bb"),
    ):
        with pytest.raises(RepalignError, match="features with"):
            open_features(path, expected=wrong)


def test_files_that_say_nothing_are_known_by_their_ids_alone(tmp_path):
    import h5py

    path = write(tmp_path / "mine.h5")
    with h5py.File(path, "a") as file:
        for name in list(file.attrs):
            del file.attrs[name]
    features = open_features(path, expected=FeatureIdentity.of("mine", "nsd"))
    assert dict(features.attributes) == {}


def test_models_of_one_modality_must_have_seen_the_same(tmp_path):
    pictures = [write(tmp_path / f"{k}_pool-cls.h5", stimuli_digest="p") for k in range(2)]
    texts = [write(tmp_path / f"{k}_prompt-coco.h5", stimuli_digest="t") for k in range(2)]
    silent = write(tmp_path / "mine.h5")
    check_same_stimuli([open_features(path) for path in (*pictures, *texts, silent)])
    other = write(tmp_path / "x_prompt-coco.h5", stimuli_digest="u")
    with pytest.raises(RepalignError, match="stimuli_digest u") as error:
        check_same_stimuli([open_features(path) for path in (*pictures, *texts, other)])
    assert error.value.where == str(other)
    assert str(texts[0]) in error.value.expected
