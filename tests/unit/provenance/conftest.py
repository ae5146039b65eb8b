"""A folder of results as the workflow makes them: two tables, a figure's stand-in, a part."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from repalign.provenance.results import identity_of
from repalign.tables.parquet import write_table
from repalign.tables.provenance import encode, make_record, write_sidecar

TABLE = "nsd/rsa_subject_subject_alignment_shift_1_joined.parquet"
PART = "results/nsd/parts/subject_subject/all_shift_1_joined/sub-01_sub-02.parquet"
INDEX = "metadata/hcp.csv"
VERSIONS = {"python": "3.11.7", "numpy": "2.4.6"}

RDMS = {"clip_quantile": 0.003, "min_trials": 3, "drop_same_image_pairs": 0, "source": "simulated"}
SETTINGS: dict[str, dict[str, Any]] = {
    "build_regions": {"regions": [1, 2, 181, 182], "names": []},
    "prepare_nsd_trials": {"subjects": [1, 2], "sessions": [3, 2], "source": "simulated"},
    "compute_rdms": RDMS,
    "compare_rdms": {"batch": 1},
}


class Results:
    """A folder `results` to fill and to read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "results"

    def add(
        self,
        path: str,
        step: str,
        params: dict[str, Any] | None = None,
        *,
        settings: dict[str, dict[str, Any]] | None = None,
        inputs: list[str] | None = None,
        raw: str = "set:" + 64 * "a",
    ) -> dict[str, Any]:
        """Write a result with its record, and return its spec."""
        own = {"source": "simulated"} | (params or {})
        spec = {
            "step": step,
            "wildcards": {},
            "params": own,
            "inputs": {"parts": [[p, self.identity(p)] for p in inputs or []]},
            "external": {"betas": ["sha256:" + 64 * "b"]},
            "code": {f"{step}.py": "0123"},
            "upstream": {
                "settings": {**(settings or {}), step: own},
                "raw": {"files": 2, "digest": raw},
            },
        }
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        record = make_record(encode(spec))
        if file.suffix == ".parquet":
            write_table(file, pa.table({"x": [1, 2]}), record)
        else:
            file.write_text("a\n1\n")
            write_sidecar(file, record)
        return spec

    def identity(self, path: str) -> str:
        from repalign.tables.provenance import read_record

        record = read_record(self.root / path)
        return identity_of(record["spec"]) if record else "spec:unknown"

    def pairs(self, name: str = "shift_1_joined", **params: Any) -> None:
        """Write a table of pairs of subjects with a part."""
        part = PART.replace("shift_1_joined", name)
        self.add(part.removeprefix("results/"), "compare_rdms", settings=SETTINGS)
        choices = {"shift": 1, "hemispheres": "joined", "comparison": "pearson"} | params
        self.add(
            TABLE.replace("shift_1_joined", name),
            "join_rsa_subject_subject",
            {"subjects": [1, 2], **choices},
            settings=SETTINGS,
            inputs=[part],
        )


@pytest.fixture
def results(tmp_path) -> Results:
    made = Results(tmp_path / "project")
    made.pairs()
    made.add(INDEX, "build_hcp_table")
    return made


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
