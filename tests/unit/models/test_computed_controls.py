"""Control matrices: contents, one set of images, and what readers make of them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repalign.errors import RepalignError
from repalign.models.computed_controls import control_table
from repalign.models.controls import read_controls
from repalign.tables.hubs import HUBS, control_names

IDS = [2, 5, 7, 11, 13]
ANNOTATIONS = pd.DataFrame(
    {
        "nsd_id": IDS,
        "biology": [
            "Inanimate", "Animated (Human)", "Animated (Animal)", "Inanimate", "Inanimate",
        ],
        "scene_dominated2": [
            "Scene-dominated", "Elements-in-Scene", "Element-dominated", "Unparsed",
            "Scene-dominated",
        ],
    }
)  # fmt: skip


def components(**images: list[int]) -> pd.DataFrame:
    """Oriented components; each region has some images."""
    rng = np.random.default_rng(0)
    frames = {
        roi: pd.DataFrame(rng.normal(size=(len(ids), 4)), index=ids, columns=[1, 2, 3, 4])
        for roi, ids in images.items()
    }
    return pd.concat(frames, names=["roi", "nsd_id"])


COMPONENTS = components(**dict.fromkeys(["V1", *HUBS], IDS))
COMMON = [2, 5, 7, 13]
"""Images whose scene level is known."""


def made(name: str, found=COMPONENTS) -> dict[str, list]:
    return control_table(name, ANNOTATIONS, found).to_pydict()


def test_scene_is_a_level():
    assert made("scene") == {"nsd_id": COMMON, "level": [2, 1, 0, 2]}


def test_biology_is_one_column_a_kind():
    assert made("biology") == {
        "nsd_id": COMMON,
        "animal": [0, 0, 1, 0],
        "human": [0, 1, 0, 0],
        "inanimate": [1, 0, 0, 1],
    }
    assert made("biology_binary") == {"nsd_id": COMMON, "animate": [0, 1, 1, 0]}


@pytest.mark.parametrize("hub", HUBS)
@pytest.mark.parametrize(("part", "columns"), [("1", [1]), ("2", [2]), ("1-3", [1, 2, 3])])
def test_components_of_a_hub(hub, part, columns):
    found = made(f"{hub}_cca_{part}")
    assert list(found) == ["nsd_id", *(f"cca_{k}" for k in columns)]
    for k in columns:
        expected = COMPONENTS.loc[hub].loc[COMMON, k].to_numpy(np.float32)
        np.testing.assert_array_equal(found[f"cca_{k}"], expected)


def test_all_twelve_are_about_the_same_images_and_can_be_read(tmp_path):
    """The reader of control matrices refuses sets that differ."""
    names = control_names(tuple(HUBS))
    paths = [tmp_path / f"control_{name}.parquet" for name in names]
    for name, path in zip(names, paths, strict=True):
        table = control_table(name, ANNOTATIONS, COMPONENTS)
        assert {str(kind) for kind in table.schema.types[1:]} == {"float"}
        assert table.schema.types[0] == pa.uint32()
        pq.write_table(table, path)
    found = read_controls(paths)
    assert list(found) == names
    np.testing.assert_array_equal(found["scene"].ids, COMMON)
    widths = [found[name].matrix.shape[1] for name in names]
    assert widths == [3, 1, 3, 1, 1, 1, 3, 1, 1, 3, 1, 1]


def test_images_that_a_hub_lacks_are_in_no_control():
    lacking = components(visual_cortex=IDS, ventral_hub=[2, 7, 11], dorsal_hub=IDS)
    for name in control_names(tuple(HUBS)):
        assert made(name, lacking)["nsd_id"] == [2, 7]


def test_areas_alone_do_not_restrict_the_images():
    assert made("scene", components(V1=[2, 7], dorsal_hub=IDS))["nsd_id"] == COMMON


@pytest.mark.parametrize(
    "name",
    ["scenes", "V1_cca_1", "visual_cortex_cca_4", "visual_cortex", "_cca_1", "dorsal_hub_cca_"],
)
def test_unknown_controls_are_refused(name):
    with pytest.raises(RepalignError, match="one of biology"):
        made(name)


def test_a_hub_without_components_names_the_setting():
    with pytest.raises(RepalignError, match=r"no components of dorsal_hub(.|\n)*nsd\.regions"):
        made("dorsal_hub_cca_1", components(visual_cortex=IDS))


def test_without_any_image_nothing_is_made():
    with pytest.raises(RepalignError, match="no image"):
        made("scene", components(visual_cortex=[11]))
