"""The published table of images on shared components, with what is known of the images."""

from __future__ import annotations

import argparse

from repalign.alignment.orientation import read_oriented
from repalign.models.kmcca_tables import PROJECTIONS
from repalign.scripting import run, script_parser
from repalign.tables.columns import table_of
from repalign.tables.parquet import write_table
from repalign.tables.provenance import make_record


def main(options: argparse.Namespace) -> None:
    components, annotations = read_oriented(options.components, options.annotations)
    rows = components.rename(columns={1: "cca_1", 2: "cca_2"}).reset_index()
    known = annotations.set_index("nsd_id").loc[rows["nsd_id"]]
    columns = {name: rows[name].to_numpy() for name in ("nsd_id", "cca_1", "cca_2", "roi")}
    columns |= {str(name): known[name].to_numpy() for name in known}
    write_table(options.output, table_of(PROJECTIONS, columns), make_record(options.spec))


def parser() -> argparse.ArgumentParser:
    return script_parser(__doc__, "components", "annotations")


if __name__ == "__main__":
    run(main, parser())
