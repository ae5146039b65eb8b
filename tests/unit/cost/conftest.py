"""A workflow of three steps with files of known sizes, and what plans say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from repalign.dag.manifest import Manifest
from repalign.dag.steps import Step, Workflow
from repalign.tables.provenance import make_record, write_sidecar

ROOT = Path(__file__).parents[3]
RAW_BYTES = 1000


@dataclass
class Project:
    """A folder with raw files, and a workflow that doubles and joins them."""

    root: Path
    params: dict[str, Any] = field(default_factory=lambda: {"clip_quantile": 0.003})

    @property
    def workflow(self) -> Workflow:
        """Build the workflow anew, with the present parameters."""
        steps = [
            Step(
                "extract",
                "results/nsd/extracted/{subject}.bin",
                external=lambda w: {"raw": f"raw/{w['subject']}"},
                params=lambda _: dict(self.params),
            ),
            Step(
                "join",
                "results/nsd/table.bin",
                inputs=lambda _: {"parts": [f"results/nsd/extracted/{k}.bin" for k in (1, 2)]},
            ),
        ]
        library = self.root / "library"
        (library / "scripts").mkdir(parents=True, exist_ok=True)
        for name in ("extract", "join"):
            (library / f"scripts/{name}.py").write_text(f"NAME = {name!r}\n")
        manifest = Manifest(self.root / "manifest.tsv")
        return Workflow(steps, {"subject": r"\d"}, library, manifest, self.root)

    @property
    def plans(self) -> Any:
        """Return plans that nothing here asks for counts."""
        return SimpleNamespace(nsd=SimpleNamespace(name="nsd"))

    def run(self, path: str, size: int, *, seconds: float, memory: float = 100.0) -> None:
        """Make a result with its record and its benchmark, as the workflow would."""
        flow = self.workflow
        job = flow.producer(path)
        assert job is not None
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(size))
        write_sidecar(file, make_record(flow.spec_text(job)))
        log = self.root / path.replace("results", "logs", 1)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.with_name(log.name + ".benchmark.tsv").write_text(
            f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\t0:00:01\t{memory}\t{seconds / 2}\n"
        )


@pytest.fixture
def project(tmp_path) -> Project:
    made = Project(tmp_path)
    for k in (1, 2):
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / f"raw/{k}").write_bytes(bytes(RAW_BYTES * k))
    return made
