"""What is known of images: each rule by a case, and what is no answer."""

import numpy as np
import pandas as pd
import pytest

from repalign.errors import RepalignError
from repalign.models.annotations import annotate, read_answers, scene_level
from repalign.models.kmcca_tables import ANNOTATIONS
from repalign.models.partitions import SUPERCATEGORIES
from repalign.tables.columns import table_of

NO_DETECTIONS = pd.DataFrame({"nsd_id": [], "percent_area": []})


def known(
    objects: list[tuple[str, float, float]] = (),
    motion: str = "static",
    indoor: str = "indoor",
    scene: str = "scene-dominated",
    detected: tuple[float, ...] = (),
) -> dict:
    """Annotations of image 5, from objects (supercategory, area, shown area) and answers."""
    table = pd.DataFrame(objects, columns=["supercategory", "area", "shown_area"])
    table.insert(0, "nsd_id", 5)
    answers = {"motion": motion, "indoor": indoor, "scene": scene}
    columns = annotate(
        np.array([5]),
        table[["nsd_id", "supercategory"]],
        table,
        pd.DataFrame({"nsd_id": [5] * len(detected), "percent_area": list(detected)}),
        {name: pd.DataFrame({"nsd_id": [9, 5], "answer": ["unparsed", answer]})
         for name, answer in answers.items()},
    )  # fmt: skip
    return {name: values[0] for name, values in columns.items()}


PERSON, ANIMAL, SPORTS, CHAIR = (
    (name, 10.0, 0.1) for name in ("person", "animal", "sports", "furniture")
)


@pytest.mark.parametrize(
    ("objects", "answers", "category", "biology"),
    [
        ([PERSON], {}, "person_action", "Animated (Human)"),
        ([PERSON, SPORTS], {}, "sports", "Animated (Human)"),
        ([SPORTS], {}, "scene", "Inanimate"),
        ([ANIMAL], {}, "animal", "Animated (Animal)"),
        ([ANIMAL, SPORTS], {}, "animal", "Animated (Animal)"),
        ([CHAIR], {}, "scene", "Inanimate"),
        ([], {}, "scene", "Inanimate"),
        ([CHAIR], {"indoor": "object"}, "object", "Inanimate"),
        ([CHAIR], {"scene": "object-dominated"}, "object", "Inanimate"),
        ([CHAIR], {"scene": "unparsed", "indoor": "unparsed"}, "scene", "Inanimate"),
        ([PERSON], {"indoor": "object"}, "person_action", "Animated (Human)"),
        # Of a person and an animal the larger one in the shown square decides, else in all.
        ([PERSON, ("animal", 5, 0.2)], {}, "animal", "Animated (Animal)"),
        ([PERSON, ("animal", 50, 0.05)], {}, "person_action", "Animated (Human)"),
        ([PERSON, SPORTS, ("animal", 5, 0.2)], {}, "animal", "Animated (Animal)"),
        ([PERSON, ("animal", 5, 0.06), ("animal", 5, 0.06)], {}, "animal", "Animated (Animal)"),
        ([("person", 3, 0), ("animal", 4, 0)], {}, "animal", "Animated (Animal)"),
        ([PERSON, ANIMAL], {}, "person_action", "Animated (Human)"),
    ],
)  # fmt: skip
def test_category_and_biology(objects, answers, category, biology):
    found = known(objects, **answers)
    assert (found["image_category"], found["biology"]) == (category, biology)


def test_a_dominating_object_does_not_change_the_category():
    found = known([CHAIR], detected=(0.7,))
    assert found["image_category"] == "scene"
    assert found["scene_dominated2"] == "Element-dominated"


@pytest.mark.parametrize(
    ("category", "name", "colour"),
    [
        ([PERSON, SPORTS], "Person (Sports)", "#1F77B4"),
        ([PERSON], "Person (Other)", "#AEC7E8"),
        ([ANIMAL], "Animal", "#2CA02C"),
        ([], "Scene", "#FF7F0E"),
    ],
)
def test_names_and_colours_of_categories(category, name, colour):
    found = known(category)
    assert (found["category2"], found["image_color"]) == (name, colour)


def test_objects_have_a_colour_of_their_own():
    found = known(indoor="object")
    assert (found["category2"], found["image_color"]) == ("Object", "#FFBB78")


@pytest.mark.parametrize(
    ("answer", "environment"),
    [
        ("indoor", "indoor"),
        ("natural", "outdoor natural"),
        ("urban", "outdoor urban"),
        ("object", "object"),
        ("unparsed", "unparsed"),
    ],
)
@pytest.mark.parametrize("objects", [[], [CHAIR], [ANIMAL], [PERSON, CHAIR]])
def test_environment(answer, environment, objects):
    found = known(objects, indoor=answer)
    life = objects in ([ANIMAL], [PERSON, CHAIR])
    assert found["life"] == life
    assert found["environment"] == environment
    assert found["environment2"] == (f"{environment} life" if life else environment)


@pytest.mark.parametrize(
    ("scene", "indoor", "detected", "expected", "level"),
    [
        ("scene-dominated", "indoor", (), "Scene-dominated", 2),
        ("object-in-scene", "indoor", (), "Elements-in-Scene", 1),
        ("object-dominated", "indoor", (), "Element-dominated", 0),
        ("unparsed", "indoor", (), "Unparsed", np.nan),
        ("scene-dominated", "object", (), "Element-dominated", 0),
        ("scene-dominated", "indoor", (0.61,), "Element-dominated", 0),
        ("scene-dominated", "indoor", (0.60,), "Scene-dominated", 2),
        ("object-in-scene", "indoor", (0.9, 0.1), "Element-dominated", 0),
        ("object-in-scene", "indoor", (0.9, 0.1, 0.1), "Elements-in-Scene", 1),
        ("unparsed", "indoor", (0.9,), "Element-dominated", 0),
    ],
)
def test_what_dominates(scene, indoor, detected, expected, level):
    found = known([CHAIR], scene=scene, indoor=indoor, detected=detected)
    assert found["scene_dominated"] == scene
    assert found["scene_dominated2"] == expected
    np.testing.assert_equal(scene_level(np.array([expected])), [level])


@pytest.mark.parametrize(
    ("answer", "flags"), [("motion", (1, 0)), ("static", (0, 1)), ("unparsed", (0, 0))]
)
def test_motion(answer, flags):
    found = known(motion=answer)
    assert (found["motion"], found["static"]) == flags


def test_supercategories_are_flags():
    found = known([PERSON, CHAIR, CHAIR])
    there = [name for name in SUPERCATEGORIES if found[name]]
    assert there == ["furniture", "person"]


def test_annotations_have_the_columns_of_their_table():
    columns = annotate(
        np.array([5, 2]),
        pd.DataFrame({"nsd_id": [2], "supercategory": ["food"]}),
        pd.DataFrame(columns=["nsd_id", "supercategory", "area", "shown_area"]),
        NO_DETECTIONS,
        {
            "motion": pd.DataFrame({"nsd_id": [2, 5], "answer": ["motion", "static"]}),
            "indoor": pd.DataFrame({"nsd_id": [5, 2], "answer": ["urban", "natural"]}),
            "scene": pd.DataFrame({"nsd_id": [2, 5], "answer": ["object-in-scene"] * 2}),
        },
    )
    table = table_of(ANNOTATIONS, columns).to_pandas()
    assert table["nsd_id"].tolist() == [5, 2]
    assert table["food"].tolist() == [0, 1]
    assert table["motion"].tolist() == [0, 1]
    assert table["environment"].tolist() == ["outdoor urban", "outdoor natural"]
    assert table["life"].dtype == bool


def test_an_image_without_an_answer_is_named():
    answers = {name: pd.DataFrame({"nsd_id": [1], "answer": ["unparsed"]})
               for name in ("motion", "indoor", "scene")}  # fmt: skip
    nothing = pd.DataFrame({"nsd_id": [], "supercategory": [], "area": [], "shown_area": []})
    with pytest.raises(RepalignError, match=r"nsd_id 7 \(2 of 3 images\)"):
        annotate(np.array([1, 7, 8]), nothing, nothing, NO_DETECTIONS, answers)


# ------------------------------------------------------------------ answers


def answers_file(folder, text: str):
    path = folder / "scene.csv"
    path.write_text(text)
    return path


def test_answers_are_read_whatever_else_is_there(tmp_path):
    path = answers_file(tmp_path, "text,nsd_id,answer\nOh.,4,unparsed\nx,2,object-in-scene\n")
    table = read_answers(path, "scene")
    assert table.to_dict("list") == {"nsd_id": [4, 2], "answer": ["unparsed", "object-in-scene"]}


@pytest.mark.parametrize(
    ("text", "found", "where"),
    [
        ("nsd_id,reply\n1,x\n", "no column answer", "header"),
        ("nsd_id,answer\n1,scene-dominated\n2,motion\n", "'motion' for nsd_id 2", "data row 2"),
        ("nsd_id,answer\n1,Scene-dominated\n", "'Scene-dominated'", "data row 1"),
        ("nsd_id,answer\n1,\n", "'nan' for nsd_id 1", "data row 1"),
        ("nsd_id,answer\n1,unparsed\n1,unparsed\n", "for nsd_id 1", "data row 2"),
        ("nsd_id,answer\n-1,unparsed\n", "-1", "data row 1"),
    ],
)
def test_wrong_answers_are_named(tmp_path, text, found, where):
    with pytest.raises(RepalignError) as caught:
        read_answers(answers_file(tmp_path, text), "scene")
    assert found in caught.value.found
    assert where in caught.value.where


def test_no_answers_are_said(tmp_path):
    with pytest.raises(RepalignError, match="no such file"):
        read_answers(tmp_path / "scene.csv", "scene")
