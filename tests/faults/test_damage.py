"""Results whose bytes changed after they were made: mended by the plain command, or named."""

from __future__ import annotations

import os
from pathlib import Path

from repalign.dag.manifest import Manifest
from repalign.tables.integrity import untouched
from repalign.tables.provenance import read_record
from repalign.tables.stamps import stamp

from ..workflow.project import SHIFT_1, Project
from .runs import (
    ATLAS,
    PAIR,
    QUALITY,
    RDMS,
    REGIONS,
    RESPONSES,
    TRIALS,
    fails,
    forget,
    recovers,
    same,
    says,
)

FILES = {
    TRIALS: TRIALS,
    PAIR: PAIR,
    SHIFT_1: SHIFT_1,
    QUALITY: QUALITY,
    ATLAS.format(1): ATLAS.format(1),
    RDMS: f"{RDMS}/vectors.npy",
    RESPONSES.format(2): RESPONSES.format(2) + "/roi-001.npy",
    REGIONS: REGIONS + ".provenance.json",
}
"""A result of each format and kind, and which of its files is damaged."""


def flip(path: Path) -> None:
    """Change one bit in the middle, and set the time of modification back."""
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def test_flipped_bits_are_mended_by_the_plain_command(project, undisturbed):
    for file in FILES.values():
        flip(project.root / file)
    said = project.repalign("why", "results", check=False).stdout
    for result in FILES:
        says(said, f"damaged  {result}")
    recovers(project, undisturbed, *FILES)
    assert all(same(project.root / file, undisturbed.root / file) for file in FILES.values())


def beside(project: Project) -> dict[Path, Path]:
    """Results that have their record beside them, and that record."""
    ending = ".provenance.json"
    records = (project.root / "results").rglob(f"*{ending}")
    return {record.with_name(record.name.removesuffix(ending)): record for record in records}


def to_be_read(project: Project) -> list[Path]:
    """Results whose stamps do not vouch for them."""
    results = [path for path in beside(project) if path.exists()]
    assert len(results) > 10
    return [path for path in results if not untouched(path, read_record(path) or {})]


def test_folders_are_not_read_after_a_run_nor_anything_twice(project, undisturbed):
    """Snakemake touches single files when their job has ended; in a copy nothing is trusted."""
    assert not any(path.is_dir() for path in to_be_read(undisturbed))
    assert any(path.is_dir() for path in to_be_read(project))
    project.repalign("why", "results")
    assert to_be_read(project) == []


def test_what_a_copy_damaged_is_mended_by_the_plain_command(project, undisturbed):
    """Also where the records were copied, or changed their permissions, after their files."""
    file = f"{RDMS}/vectors.npy"
    flip(project.root / file)
    for record in beside(project).values():
        record.chmod(0o600)
    says(project.repalign("why", "results", check=False).stdout, f"damaged  {RDMS}")
    recovers(project, undisturbed, RDMS)


def hide(project: Project, result: str) -> None:
    """Make the memory say that a result was read whole as it lies there now."""
    memory = Manifest(project.root / "results/checked_results.tsv")
    memory.keep(Path(result), stamp(project.root / result), "whole")
    memory.save()


def test_bits_that_rot_unseen_are_named_by_who_reads_them(project, undisturbed):
    """Nothing but the bytes tells: sizes and times are as they were."""
    flip(project.root / RDMS / "vectors.npy")
    hide(project, RDMS)
    assert project.repalign("why", RDMS).returncode == 0
    says(project.repalign("why", "--verify", RDMS, check=False).stdout, f"damaged  {RDMS}")
    hide(project, RDMS)
    forget(project, PAIR)
    text = fails(project, PAIR)
    says(text, RDMS, "vectors.npy: not the bytes that were written", "Delete it")
    forget(project, RDMS)
    recovers(project, undisturbed, PAIR, RDMS)
