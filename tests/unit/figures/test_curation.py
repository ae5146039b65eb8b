"""The figure of the curated set: all trials of every subject, all classes, and what is wrong."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from PIL import Image

from repalign.figures.curation import MAX_CLASSES, plot_curation
from repalign.figures.style import save_png
from repalign.tables.provenance import read_record


def report(n_subjects: int = 3, n_classes: int = 4, **choices) -> dict:
    classes = {f"class {k}": 3 * (k + 1) for k in range(n_classes)}
    subjects = {
        f"{s:02d}": {
            "n_keep": 90, "equalised": s, "unknown_label": 10 - s, "not_acquired": 0,
            "beyond_max_trials": 7, "classes": classes,
        }
        for s in range(1, n_subjects + 1)
    }  # fmt: skip
    parameters = {
        "label_level": "category", "label_rule": "in_crop", "equalise_by": "class", **choices,
    }  # fmt: skip
    return {
        "warnings": [], "parameters": parameters, "mask": {"voxels": 56504}, "max_trials": 100,
        "n_keep": 90, "subjects": subjects,
    }  # fmt: skip


def draw(content, source="real"):
    names = sorted(next(iter(content["subjects"].values()))["classes"])
    return plot_curation(content, names, source=source)


def texts(figure) -> str:
    found = figure.findobj(matplotlib.text.Text)
    return "\n".join(text.get_text() for text in found)


@pytest.mark.filterwarnings("error")
def test_bars_add_up_to_the_limit_and_every_class_is_there(tmp_path):
    figure = draw(report())
    bars = figure.axes[0].patches
    widths = np.array([bar.get_width() for bar in bars]).reshape(4, 3)
    np.testing.assert_array_equal(widths.sum(axis=0), 100)
    np.testing.assert_array_equal(widths[1], [1, 2, 3])
    marks = [line for line in figure.axes[1].lines if line.get_marker() == "|"]
    assert [line.get_xdata().tolist() for line in marks] == [[3 * (k + 1)] * 3 for k in range(4)]
    said = texts(figure)
    for part in ("90 trials of every subject", "56,504", "category, in_crop", "sub-02", "class 3"):
        assert part in said
    assert "not recorded" not in said, "where every trial was"
    assert "simulated" not in said
    save_png(figure, tmp_path / "a.png", {"spec": 1})
    save_png(draw(report()), tmp_path / "b.png", {"spec": 1})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert read_record(tmp_path / "a.png") == {"spec": 1}
    with Image.open(tmp_path / "a.png") as image:
        assert np.ptp(np.asarray(image.convert("L"))) > 200


def test_what_must_not_be_overlooked_is_said():
    content = report(n_classes=MAX_CLASSES + 3)
    content["warnings"] = ["wrong"]
    content["n_keep"] = None
    said = texts(draw(content, "simulated"))
    for part in ("3 rarer classes", "unrelated pictures", "unequal numbers", "(simulated)"):
        assert part in said


def test_a_class_that_some_subjects_lack_is_drawn_for_the_others():
    content = report(2)
    content["subjects"]["02"]["classes"] = {"class 0": 3}
    marks = [line for line in draw(content).axes[1].lines if line.get_marker() == "|"]
    assert [len(line.get_xdata()) for line in marks] == [2, 1, 1, 1]
