"""All that is published of BOLD5000 and THINGS, from one command."""

from itertools import product

import pandas as pd
import pytest

from repalign.tables.provenance import read_record

from .project import BOLD, SOURCE, THINGS, Project

ALIGNMENT = [
    *(
        f"{BOLD}{subset}_subject_{partner}_alignment_{hemispheres}.parquet"
        for subset, partner, hemispheres in product(
            ["", "-coco", "-imagenet", "-scenes"], ["subject", "model"], ["joined", "separated"]
        )
    ),
    *(
        f"{THINGS}_subject_{partner}_alignment_{hemispheres}.parquet"
        for partner, hemispheres in product(["subject", "model"], ["joined", "separated"])
    ),
]
INDEXES = [
    *(
        f"results/datasets/bold5000/preprocessed/{name}"
        for name in (
            "captions.csv", "images.csv", "images.parquet", "stimulus_index.csv",
            "stimulus_index.parquet",
        )
    ),
    *(
        f"results/datasets/things/preprocessed/{name}"
        for name in (
            "captions.csv", "categories.csv", "images.csv", "stimulus_index.csv",
            "stimulus_index.parquet", "hcp.csv",
        )
    ),
]  # fmt: skip
PUBLISHED = [*ALIGNMENT, *INDEXES]


@pytest.fixture(scope="module")
def published(finished_others, tmp_path_factory) -> Project:
    """One command for all of them."""
    project = finished_others.copy(tmp_path_factory.mktemp("published") / "project")
    project.snakemake("--quiet", "all", "--", *PUBLISHED)
    return project


def test_they_are_thirty_one_and_in_the_catalogue():
    assert len(ALIGNMENT) == 20
    assert len(INDEXES) == 11
    listed = (SOURCE / "config/derivatives.tsv").read_text(encoding="utf-8")
    assert [name for name in PUBLISHED if name.removeprefix("results/") not in listed] == []


@pytest.mark.parametrize("target", PUBLISHED)
def test_every_file_is_there_and_says_what_it_is_made_from(published, target):
    path = published.root / target
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    assert len(frame) > 10
    source = None if path.name == "hcp.csv" else "simulated"
    assert read_record(path)["dataset_source"] == source, "the atlas is of no dataset"


def test_nothing_is_left_to_do(published):
    assert published.pending(*PUBLISHED) == {}


@pytest.mark.parametrize("stem", [BOLD, THINGS])
@pytest.mark.parametrize("partner", ["subject", "model"])
def test_hemispheres_are_joined_or_apart(published, stem, partner):
    joined, separated = (
        pd.read_parquet(published.root / f"{stem}_subject_{partner}_alignment_{kind}.parquet")
        for kind in ("joined", "separated")
    )
    roi = "roi_x" if partner == "subject" else "roi"
    assert sorted(joined[roi].unique()) == [1, 2, 180]
    assert sorted(separated[roi].unique()) == [1, 2, 180, 181, 182, 360]
    assert len(separated) == len(joined) * (4 if partner == "subject" else 2)


def test_subsets_of_bold5000_are_apart(published):
    """Images of COCO, ImageNet and scenes; all together have more trials than each."""
    tables = {
        subset: pd.read_parquet(
            published.root / f"{BOLD}{subset}_subject_subject_alignment_joined.parquet"
        )
        for subset in ("", "-coco", "-imagenet", "-scenes")
    }
    assert {name: set(table["dataset"]) for name, table in tables.items()} == {
        name: {f"bold5000{name}"} for name in tables
    }
    values = [table["similarity"].dropna().round(6) for table in tables.values()]
    assert len({tuple(column) for column in values}) == 4
