"""What is known of each image that shared components are made from."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from repalign.alignment.shared_images import nsd_ids, shared_images
from repalign.models.annotations import QUESTIONS, UNPARSED, annotate, read_answers
from repalign.models.kmcca_tables import ANNOTATIONS
from repalign.models.partitions import read_objects
from repalign.scripting import run, script_parser
from repalign.tables.coco_tables import COCO_OBJECTS, SCENE_OBJECTS
from repalign.tables.columns import table_of
from repalign.tables.parquet import read_table, write_table
from repalign.tables.prepared import read_trials_table
from repalign.tables.provenance import make_record

log = logging.getLogger("repalign")


def main(options: argparse.Namespace) -> None:
    trials = read_trials_table(options.trials)
    images = shared_images(trials, options.subjects, options.repetitions, options.images)
    ids = np.sort(nsd_ids(options.stimuli, np.unique(np.concatenate(list(images.values())))))
    answers = {name: read_answers(getattr(options, name), name) for name in QUESTIONS}
    for name, table in answers.items():
        unread = int((table["nsd_id"].isin(ids) & (table["answer"] == UNPARSED)).sum())
        if unread:
            log.warning("%s: %d of %d answers could not be read", name, unread, len(ids))
    columns = annotate(
        ids,
        read_objects(options.objects),
        read_table(options.areas, COCO_OBJECTS).to_pandas(),
        read_table(options.detected, SCENE_OBJECTS).to_pandas(),
        answers,
    )
    table = table_of(ANNOTATIONS, columns)
    write_table(options.output, table, make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, "trials", "stimuli", "subjects", "repetitions", "images")
    options.add_argument(
        "--objects", type=Path, required=True, help="coco_objects_annotations.csv"
    )
    options.add_argument("--areas", type=Path, required=True, help="objects of COCO")
    options.add_argument("--detected", type=Path, required=True, help="nsd_scenes_objects.parquet")
    for name, answers in QUESTIONS.items():
        options.add_argument(f"--{name}", type=Path, required=True, help=" or ".join(answers))
    return options


if __name__ == "__main__":
    run(main, parser())
