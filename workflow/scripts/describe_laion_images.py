"""What a model says of the shared images of LAION-fMRI that are not out of distribution."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repalign.datasets.laion_metadata import read_metadata
from repalign.models.caption_backends import make_texts, request_of
from repalign.models.caption_tables import write_texts
from repalign.models.captioning import finish
from repalign.models.images import Images
from repalign.models.laion_pictures import open_laion
from repalign.options import OF_TEXTS
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    images = read_metadata(options.metadata)
    names = images["image_name"].tolist()
    rows = np.flatnonzero(images["shared"] & ~images["ood"])
    index = pd.DataFrame({"laion_row": rows, "image_name": [names[k] for k in rows.tolist()]})

    def pictures() -> Images:
        return open_laion(options.pictures[0], names, alpha=options.alpha, rows=rows)

    record = make_record(options.spec)
    texts = make_texts(request_of(index, options), pictures, sentence, options.output, record)
    write_texts(texts, options.output)
    write_sidecar(options.output, record)
    finish(options.output)


def sentence(row: Mapping[str, Any]) -> str:
    """Return what stands in for a caption: the words of an image's name."""
    words = Path(str(row["image_name"])).stem.replace("_", " ").replace("+", " plus")
    return f"A picture that is called {words}."


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__, *OF_TEXTS)
    options.add_argument("--metadata", type=Path, required=True, help="task-images_metadata.csv")
    options.add_argument("--alpha", choices=["composite", "drop"], required=True)
    return options


if __name__ == "__main__":
    run(main, parser())
