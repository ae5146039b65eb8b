"""What all scripts share: common options, logging, thread limits and readable errors."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from threadpoolctl import threadpool_limits

from repalign.errors import RepalignError
from repalign.options import OPTIONS
from repalign.tables.integrity import check_input
from repalign.tables.provenance import make_record, parse_spec

log = logging.getLogger("repalign")


def script_parser(description: str | None, *names: str) -> argparse.ArgumentParser:
    """Make the parser of a script, with the options that every script has.

    Parameters
    ----------
    description : str or None
        The script's docstring.
    *names : str
        Further options of `OPTIONS`.

    Returns
    -------
    argparse.ArgumentParser
        With `--output`, `--spec` and `--threads`.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True, help="file or folder to make")
    parser.add_argument(
        "--spec", help="what the workflow knows of this job, as JSON, kept in the output"
    )
    parser.add_argument(
        "--threads", type=int, default=1, help="threads of linear algebra (default: 1)"
    )
    parser.add_argument(
        "--source", help="whether the data are real or simulated; the workflow's --spec says it"
    )
    for name in names:
        parser.add_argument(f"--{name}", **OPTIONS[name])
    return parser


def figure_parser(description: str | None, *names: str) -> argparse.ArgumentParser:
    """Make the parser of a script that draws, with `--svg` and `--tsv`; see `script_parser`.

    These two are no entries of `OPTIONS`: of those, a script depends on what it names itself.
    """
    parser = script_parser(description, *names)
    figure, numbers = "the same figure as vector graphics", "the numbers of the figure, to make"
    parser.add_argument("--svg", type=Path, required=True, help=figure)
    parser.add_argument("--tsv", type=Path, required=True, help=numbers)
    return parser


def figure_files(options: argparse.Namespace) -> dict[str, Any]:
    """Return where a figure goes and its provenance, as `figures.files.save_figure` takes them.

    Parameters
    ----------
    options : argparse.Namespace
        Of a `figure_parser`.

    Returns
    -------
    dict
        `png`, `svg`, `tsv` and `record`.
    """
    return {
        "png": options.output,
        "svg": options.svg,
        "tsv": options.tsv,
        "record": make_record(options.spec),
    }


def run(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> NoReturn:
    """Run a script: parse its options, call it, and leave with a status that tells the truth.

    Parameters
    ----------
    main : callable
        Takes the parsed options.
    parser : argparse.ArgumentParser
        From `script_parser`.
    """
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    # A terminated job unwinds like one that failed, so that its temporary files are removed.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        _check_inputs(options.spec)
        with threadpool_limits(options.threads):
            main(options)
    except RepalignError as error:
        log.error("%s", error)
        sys.exit(1)
    log.info("made %s", os.fspath(options.output))
    sys.exit(0)


def _check_inputs(spec: str | None) -> None:
    """Check what other jobs made for this one; a script that is run by hand checks nothing."""
    if spec is None:
        return
    inputs = parse_spec(spec).get("inputs", {})
    for path in dict.fromkeys(path for entries in inputs.values() for path, _ in entries):
        check_input(Path(path))


def _terminated(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    """Leave with the status that shells give to a terminated process."""
    sys.exit(128 + signum)
