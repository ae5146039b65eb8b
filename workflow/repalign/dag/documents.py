"""The step that describes all results that exist: provenance, methods, research object, sums.

Results are no inputs of it, so that asking for a description makes no result anew. They count by
their names and content, as they are when the workflow is planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from repalign.dag.manifest import Manifest
from repalign.dag.steps import Step, Wildcards
from repalign.tables.paths import DOCUMENTS, RESULT_SUMS, RESULTS
from repalign.tables.result_files import content_of, files_of, find_results

CITATION = "CITATION.cff"


def document_steps(root: Path) -> list[Step]:
    """Return the step.

    Parameters
    ----------
    root : Path
        The project folder, which relative paths start from.
    """

    def params(_: Wildcards) -> dict[str, Any]:
        found = find_results(root / RESULTS)
        # Every byte counts here, whatever `identity` says of raw files.
        manifest = Manifest(root / RESULT_SUMS, "full")
        content = content_of(_sums(manifest, root / RESULTS, found))
        manifest.save()
        return {"results": found, "content": content}

    return [
        Step(
            "document_results",
            DOCUMENTS["output"],
            external=lambda _: {"citation": CITATION},
            params=params,
            extra_outputs={name: path for name, path in DOCUMENTS.items() if name != "output"},
        )
    ]


def _sums(manifest: Manifest, folder: Path, results: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the files of results with the digests of their content."""
    for result in results:
        for name in files_of(folder, result):
            yield name, manifest.identity(folder / name, "result").removeprefix("sha256:")
