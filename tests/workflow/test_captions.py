"""Captions and answers through Snakemake: of simulated pictures, of a user's tables, by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from repalign.simulate.design import make_design
from repalign.simulate.settings import NsdSimulation
from repalign.simulate.stimuli import stimulus_table

from .project import Project

BOLD5000 = "results/captions/bold5000-captions-pixtral.csv"
THINGS = "results/captions/things-captions-pixtral.csv"
NSD = "results/captions/nsd-captions-pixtral.csv"
MOTION = "results/nsd/answers/motion.csv"
SMALL = {"image_size": 32, "volume_shape": [26, 30, 26], "voxels_per_region": [8, 12]}
SETTINGS = {
    "nsd": {"raw": "raw", "source": "other"},
    "simulate": {
        "bold5000": {
            "sessions": [1, 1],
            "n_runs": 1,
            "n_trials_per_run": 12,
            "n_repeated": 3,
            **SMALL,
        },
        "things": {
            "n_subjects": 1,
            "n_sessions": 1,
            "n_concepts": 3,
            "n_images_per_concept": 2,
            "n_test": 2,
            "n_train_per_session": 4,
            **SMALL,
        },
    },
    "captions": {
        "files": {"nsd": "mine.csv", "motion": "motion.csv"},
        "corrections": {"things": "corrections.csv"},
    },
}
NAMES = {0: "None", 1: "NA", 2: "null"}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def captioned(tmp_path_factory) -> Project:
    """Captions of three datasets, without any recording of NSD."""
    project = Project.create(tmp_path_factory.mktemp("captions") / "project", SETTINGS)
    for dataset in ("bold5000", "things"):
        project.repalign("simulate", dataset)
    design = NsdSimulation(
        sessions=(1, 1), n_planned_sessions=2, n_trials_per_session=30, n_shared=10
    )
    table = stimulus_table(make_design(design), design)
    (project.root / "raw").mkdir()
    table.to_csv(project.root / "raw/nsd_stim_info_merged.csv", lineterminator="\n")
    ids = table["nsdId"].to_list()[::-1]
    for name, said in (("mine", "caption {}"), ("motion", " 'Motion'.")):
        lines = [f'{k},"{NAMES.get(k, said.format(k))}"\n' for k in ids]
        (project.root / f"{name}.csv").write_text("nsd_id,caption\n" + "".join(lines))
    (project.root / "corrections.csv").write_text("id,caption,reason\n4,A correction.,test\n")
    project.snakemake("--quiet", "all", "--", BOLD5000, THINGS, NSD, MOTION)
    return project


def test_tables_have_the_published_columns(captioned):
    columns = {
        BOLD5000: "bold_id image_name stim_source image_path caption model prompt",
        THINGS: "things_id image_name category category_id image_category_index image_path "
        "caption model prompt",
        NSD: "nsd_id name path caption model prompt",
        MOTION: "nsd_id answer text model prompt",
    }
    for path, names in columns.items():
        assert list(read(captioned.root / path)[0]) == names.split()
    assert len(read(captioned.root / BOLD5000)) == 9
    assert len(read(captioned.root / THINGS)) == 6


def test_simulated_pictures_are_described_by_the_template(captioned):
    rows = read(captioned.root / THINGS)
    assert {row["model"] for row in rows} == {"template"}
    assert [row["caption"] for row in rows if row["things_id"] == "4"] == ["A correction."]
    assert all(row["caption"] for row in rows)


def test_a_users_table_is_matched_by_id_and_read_as_it_stands(captioned):
    rows = read(captioned.root / NSD)
    assert [row["nsd_id"] for row in rows] == [str(k) for k in range(len(rows))]
    assert [row["caption"] for row in rows][:4] == ["None", "NA", "null", "caption 3"]
    answers = [row["answer"] for row in read(captioned.root / MOTION)]
    assert answers[:4] == ["unparsed", "unparsed", "unparsed", "motion"]
    log = (captioned.root / "logs/nsd/answers/motion.csv.log").read_text()
    assert f"3 of {len(rows)} answers are unparsed, such as 'None'" in log


def test_corrections_do_not_describe_anything_again(captioned, tmp_path):
    project = captioned.copy(tmp_path / "project")
    (project.root / "corrections.csv").write_text("id,caption,reason\n3,Another.,test\n")
    picture = next((project.root / "resources/simulated/things").rglob("*.jpg"))
    picture.touch()
    assert project.pending(THINGS, BOLD5000) == {"publish_captions": 1}


def test_a_wrong_table_fails_with_the_reason(captioned, tmp_path):
    project = captioned.copy(tmp_path / "project")
    (project.root / "corrections.csv").write_text("id,caption,reason\n99,A dog.,no image\n")
    done = project.snakemake("--show-failed-logs", "--", THINGS, check=False)
    assert done.returncode != 0
    assert "id 99" in done.stdout + done.stderr


def test_a_dataset_that_is_not_there_says_what_to_do(captioned, tmp_path):
    project = captioned.copy(tmp_path / "project")
    (project.root / "resources/simulated/things").rename(tmp_path / "things")
    done = project.snakemake("--", THINGS, check=False)
    assert done.returncode != 0
    assert "repalign simulate things" in done.stdout + done.stderr
