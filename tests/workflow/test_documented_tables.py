"""The data dictionary and the files agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from repalign.dag.build import CATALOGUE
from repalign.dag.catalogue import read_catalogue
from repalign.documentation.dictionary import layout_of
from repalign.documentation.layouts import NEVER, kind_of
from repalign.documentation.published import LAYOUTS

from ..pages import ROOT
from .project import Project

INDEXES = [
    "results/datasets/nsd/nsd.csv",
    "results/datasets/nsd/nsd_stimuli.csv",
    "results/datasets/nsd/nsd_stim_info_merged.csv",
    "results/datasets/nsd/nsd_masks.csv",
    "results/datasets/nsd/annotations/coco_person_annotations.csv",
    "results/captions/nsd-captions-coco.csv",
    "results/metadata/models-info.csv",
]


def check(project: Project) -> set[str]:
    """Compare all published files that a project has with the dictionary."""
    seen = set()
    for row in read_catalogue(ROOT / CATALOGUE):
        path = project.root / row.target
        if not path.exists():
            continue
        layout = LAYOUTS[layout_of(row)]
        if path.suffix == ".parquet":
            schema = pq.read_schema(path)
            assert schema.names == layout.names, row.target
            kinds = {entry.name: kind_of(entry.type) for entry in schema}
            assert kinds == {column.name: column.kind for column in layout.columns}, row.target
            table = pd.read_parquet(path)
            full = [column.name for column in layout.columns if column.missing == NEVER]
            assert table[full].notna().all(axis=None), row.target
        elif path.suffix == ".npy":
            assert np.load(path).ndim == 2
        elif path.suffix == ".csv":
            told = [name for name in layout.names if "(" not in name and "…" not in name]
            found = list(pd.read_csv(path, nrows=1, keep_default_na=False))
            optional = {c.name for c in layout.columns if c.missing.startswith("column absent")}
            if layout_of(row) == "image_list_bold5000":
                optional.add("bold_position")
            assert [name for name in found if name in told] == [
                name for name in told if name not in optional
            ], row.target
            if told == layout.names:
                unnamed = {name for name in found if name.startswith("Unnamed")}
                assert set(found) - unnamed <= set(told), row.target
        seen.add(layout_of(row))
    return seen


def test_files_of_nsd_are_as_the_dictionary_says(finished_all, tmp_path):
    project = finished_all.copy(tmp_path / "project")
    project.snakemake("--quiet", "all", "--", *INDEXES)
    assert len(check(project)) >= 16


def test_files_of_other_datasets_are_as_the_dictionary_says(finished_others):
    assert {"rsa_subject_model_others", "rsa_subject_subject_sessions"} <= check(finished_others)
