"""The validation report: HTML for people, JSON and a table for programs.

It holds no picture, no caption and no id of a worker, and nothing that must be fetched.
"""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from repalign.datasets.laion_checks import INVARIANTS, STATUSES, Outcome, counts, ordered

TITLE = "Validation of LAION-fMRI"
COLUMNS = ("invariant", "status", "file", "n_rows", "rows", "message")
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; }
tr { border-bottom: 1px solid #ddd; }
td.status { font-weight: 600; }
.fail { color: #a4161a; } .note { color: #8a5a00; } .pass { color: #22663a; }
.skipped { color: #666; }
code, td.rows { font-family: ui-monospace, monospace; font-size: .85em; overflow-wrap: anywhere; }
"""


def report_json(outcomes: Sequence[Outcome], facts: Mapping[str, str]) -> str:
    """Return the report for programs.

    Parameters
    ----------
    outcomes : sequence of Outcome
        What was found.
    facts : mapping
        What was validated.

    Returns
    -------
    str
        JSON with `facts`, `counts` of invariants by their worst status, `invariants` and
        `outcomes`.
    """
    content = {
        "facts": dict(facts),
        "counts": counts(outcomes),
        "invariants": INVARIANTS,
        "outcomes": [asdict(outcome) for outcome in ordered(outcomes)],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def report_tsv(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a tab-separated table with the columns of `COLUMNS`."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    for o in ordered(outcomes):
        writer.writerow((o.invariant, o.status, o.file, o.n_rows, "; ".join(o.rows), o.message))
    return text.getvalue()


def report_html(outcomes: Sequence[Outcome], facts: Mapping[str, str]) -> str:
    """Return the report for people; see `report_json` for the parameters."""
    tally = counts(outcomes)
    verdict = ", ".join(f"{tally[status]} {status}" for status in STATUSES)
    listed = "".join(f"<li>{html.escape(k)}: {html.escape(v)}</li>" for k, v in facts.items())
    worst = sorted(ordered(outcomes), key=lambda outcome: STATUSES.index(outcome.status))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{TITLE}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{TITLE}</h1>\n<ul>{listed}</ul>\n"
        f"<p>{len(INVARIANTS)} invariants: {verdict}. What fails comes first.</p>\n"
        "<table>\n<tr><th>invariant</th><th>status</th><th>file</th><th>rows</th>"
        "<th>what was found</th></tr>\n"
        + "".join(map(_row, worst))
        + "</table>\n</body>\n</html>\n"
    )


def _row(outcome: Outcome) -> str:
    """Return a row of the table."""
    more = outcome.n_rows - len(outcome.rows)
    rows = "; ".join(outcome.rows) + (f" and {more} more" if more > 0 and outcome.rows else "")
    title = f"<b>{outcome.invariant}</b> {html.escape(INVARIANTS[outcome.invariant])}"
    return (
        f'<tr><td>{title}</td><td class="status {outcome.status}">{outcome.status}</td>'
        f"<td>{html.escape(outcome.file)}</td>"
        f'<td class="rows">{html.escape(rows)}</td>'
        f"<td>{html.escape(outcome.message)}</td></tr>\n"
    )
