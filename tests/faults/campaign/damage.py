"""Files that are damaged at random places: results, raw files and what the workflow remembers."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from random import Random

from repalign.dag.manifest import Manifest
from repalign.tables.stamps import stamp

from ..runs import DESIGN, RAW, STIMULUS_INFO
from .lab import MEMORY, TARGETS, Case, Lab, Outcome

Harm = Callable[[Path, Random], str]
"""Damages a file in place; returns the place."""


def _flip(path: Path, rng: Random) -> str:
    content = bytearray(path.read_bytes())
    place = rng.randrange(len(content))
    content[place] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return f"byte {place} of {len(content)}"


def _scramble(path: Path, rng: Random) -> str:
    content = bytearray(path.read_bytes())
    place = rng.randrange(len(content))
    for k in range(place, min(place + 64, len(content))):
        content[k] ^= rng.randint(1, 255)
    path.write_bytes(content)
    return f"64 bytes from {place} of {len(content)}"


def _blank(path: Path, rng: Random) -> str:
    """Zeros where a block of the disk was lost; the last byte differs in any case."""
    content = bytearray(path.read_bytes())
    place = rng.randrange(len(content))
    end = min(place + 4096, len(content))
    content[place:end] = bytes(end - place)
    content[end - 1] = 1
    path.write_bytes(content)
    return f"zeros from {place} to {end} of {len(content)}"


def _truncate(path: Path, rng: Random) -> str:
    size = path.stat().st_size
    keep = rng.randrange(1, size)
    os.truncate(path, keep)
    return f"{keep} of {size} bytes"


def _empty(path: Path, _: Random) -> str:
    path.write_bytes(b"")
    return "0 bytes"


def _extend(path: Path, rng: Random) -> str:
    with path.open("ab") as file:
        file.write(rng.randbytes(rng.randint(1, 100)))
    return "bytes after the end"


def _web_page(path: Path, _: Random) -> str:
    path.write_text("<html>404: not found</html>\n", encoding="utf-8")
    return "all"


def _remove(path: Path, _: Random) -> str:
    path.unlink()
    return "all"


HARMS: dict[str, Harm] = {
    "one bit flipped": _flip,
    "64 bytes changed": _scramble,
    "a block of zeros": _blank,
    "cut short": _truncate,
    "empty": _empty,
    "bytes appended": _extend,
    "a web page instead": _web_page,
    "removed": _remove,
}

RESULTS = {
    "trials": "results/nsd/prepared/trials.parquet",
    "stimuli": "results/nsd/prepared/stimuli.parquet",
    "regions": "results/nsd/prepared/regions.tsv",
    "quality": "results/nsd/prepared/quality.tsv",
    "merged atlas": "results/nsd/prepared/atlas/*.nii.gz",
    "responses": "results/nsd/prepared/responses/*/*.npy",
    "shared responses": "results/nsd/prepared/shared_responses/*/*.npy",
    "RDM vectors": "results/nsd/rdms/*/vectors.npy",
    "RDM trials": "results/nsd/rdms/*/keys.npy",
    "RDMs by session": "results/nsd/session_rdms/*.npy",
    "pair part": "results/nsd/parts/subject_subject/*.parquet",
    "model part": "results/nsd/parts/subject_model/*.parquet",
    "null part": "results/nsd/parts/null_subject_subject/*.npy",
    "main table": TARGETS[0],
    "figure": TARGETS[1],
    "model table": TARGETS[2],
    "null": TARGETS[3],
    "stimulus index": TARGETS[4],
    "area table": "results/metadata/hcp.csv",
    "record of a file": "results/nsd/*.npy.provenance.json",
    "record of a folder": "results/nsd/prepared/responses/*.provenance.json",
}
"""Results by kind, as patterns of their paths."""

RAW_FILES = {
    "raw betas": f"{RAW}/subj*/func1mm/betas_*/betas_session*.nii.gz",
    "raw atlas": f"{RAW}/subj*/func1mm/roi/*h.HCP_MMP1.nii.gz",
    "raw design": DESIGN,
    "raw stimulus table": STIMULUS_INFO,
    "features": f"{RAW}/features/sim-vit-small_pool-cls.h5",
    "marker of the simulation": f"{RAW}/simulation.json",
    "committed areas": "resources/hcp_mmp1.tsv",
}
"""Files from outside by kind."""

RECORDS = {
    "memory of raw files": MEMORY[0],
    "memory of results": MEMORY[1],
    "Snakemake's record of a result": ".snakemake/metadata/*",
}
"""What the workflow and Snakemake remember; they must not need it."""


ROTTEN = (
    "regions", "merged atlas", "responses", "RDM vectors", "RDMs by session", "pair part",
    "model part", "null part", "main table", "figure", "null", "stimulus index", "quality",
)  # fmt: skip
"""Results that rot: what jobs read, and what nobody reads any more."""
TOGETHER = (
    ("raw betas", "raw betas", "raw betas", "raw atlas", "raw atlas", "raw design", "features"),
    ("raw betas", "raw betas", "raw betas", "raw atlas", "raw stimulus table", "features"),
    ("marker of the simulation",),
    ("committed areas",),
)
"""Files from outside that are damaged at once: none keeps another from being read."""


def _pick(lab: Lab, pattern: str, rng: Random) -> str:
    """Draw a file that fits a pattern."""
    top = pattern.split("/", maxsplit=1)[0]
    found = [
        name
        for path in sorted((lab.root / top).rglob("*"))
        if path.is_file() and fnmatch(name := path.relative_to(lab.root).as_posix(), pattern)
    ]
    return rng.choice([name for name in found if ".provenance" in pattern or _is_data(name)])


def _is_data(name: str) -> bool:
    return not name.endswith(".provenance.json")


def touched_results(lab: Lab, rng: Random, rounds: int) -> Iterator[list[Case]]:
    """Damage one file of every kind at a time, each in another way; a plain command mends all.

    Every kind has `rounds` of the harms. Half of the files get back the time of modification
    that they had.
    """
    patterns = RESULTS | RECORDS
    order = {kind: rng.sample(list(HARMS), len(HARMS)) for kind in patterns}
    for k in range(min(rounds, len(HARMS))):
        cases: list[Case] = []
        for kind, pattern in patterns.items():
            name = _pick(lab, pattern, rng)
            path = lab.root / name
            before = path.stat()
            place = HARMS[order[kind][k]](path, rng)
            if path.exists() and rng.random() < 0.5:
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
                place += ", time set back"
            cases.append(Case("damaged result", f"{kind}: {order[kind][k]}", name, place))
        status, text = lab.run()
        named = [case.target for case in cases if status and _blames(lab, case.target, text)]
        if status:
            # What was named is mended, and the plain command given again.
            lab.restore(*named)
            status, text = lab.run()
        _settle(lab, cases, status, text, named)
        yield cases


def _settle(lab: Lab, cases: list[Case], status: int, text: str, named: list[str]) -> None:
    """Judge each case from what the plain command left."""
    wrong = [] if status else lab.differences()
    for case in cases:
        outcome: Outcome = "named" if case.target in named else "recovered"
        if status:
            outcome, case.detail = "lost", text[-600:]
        elif wrong and (case.target in wrong or not _blamed(cases, wrong)):
            outcome, case.detail = "silently wrong", ", ".join(wrong[:3])
        case.outcome = outcome
    if status or wrong:
        lab.restore(*lab.truth)


def says(text: str, name: str) -> bool:
    """Say whether a message of ours is about a file: an error, or the note on new content.

    That a run prints a path is not enough: Snakemake prints the whole command of a failed job,
    with all that it reads and makes.

    Parameters
    ----------
    text : str
        What a run printed.
    name : str
        The path of the file.
    """
    path = re.escape(name) + r"(?![\w-])"
    return bool(
        re.search(rf"{path}(: not the content that was read before|[^\n]*\n  found:)", text)
    )


def _blames(lab: Lab, name: str, text: str) -> bool:
    """Say whether a run named a damaged result, by itself or by the output that it belongs to."""
    if not name.startswith("results/") or name in MEMORY:
        return name in text  # what is remembered is no input of a job, so no command has it
    own = name.removesuffix(".provenance.json")
    return says(text, own) or says(text, _result(lab, own))


def _blamed(cases: list[Case], wrong: list[str]) -> bool:
    """Say whether all that is wrong is among the files that were damaged."""
    return {*wrong} <= {case.target for case in cases}


def rotten_results(lab: Lab, rng: Random) -> Iterator[list[Case]]:
    """Flip bits as failing disks do: sizes and times say that nothing happened.

    `repalign why --verify` must name them all, and a job that reads such a file must name it.
    """
    cases: dict[str, Case] = {}
    for kind in ROTTEN:
        name = _pick(lab, RESULTS[kind], rng)
        result = _result(lab, name)
        place = _flip(lab.root / name, rng)
        _hide(result)
        cases[result] = Case("rotten result", f"{kind}: one bit flipped", name, place)
    verified = lab.project.repalign("why", "--verify", *cases, check=False).stdout
    readers = {result: [path for path in _readers(lab, result) if path not in cases]
               for result in cases}  # fmt: skip
    first = [paths[0] for paths in readers.values() if paths]
    lab.forget(*first)
    for result in cases:
        _hide(result)
    _, text = lab.run("--keep-going", targets=[*TARGETS, *first])
    lab.forget(*cases)
    status, again = lab.run(targets=[*TARGETS, *cases])
    wrong = lab.differences()
    for result, case in cases.items():
        by_job = says(text, result)
        by_command = f"damaged  {result}" in verified
        case.outcome = "named" if by_command else "silently wrong"
        if first_read := readers[result]:
            case.detail = f"read by {first_read[0]}: {'named' if by_job else 'not reached'}"
        if status:
            case.outcome, case.detail = "lost", again[-600:]
        elif wrong:
            case.outcome, case.detail = "silently wrong", ", ".join(wrong[:3])
    if status or wrong:
        lab.restore(*lab.truth)
    yield list(cases.values())


def _result(lab: Lab, name: str) -> str:
    """Return the output that a file belongs to: itself, or the folder that it is in."""
    parents = [name, *(parent.as_posix() for parent in Path(name).parents)]
    return next(path for path in parents if lab.workflow.producer(path))


def _hide(result: str) -> None:
    """Make the memory say that a result was read whole as it lies there now."""
    memory = Manifest(Path(MEMORY[1]))
    memory.keep(Path(result), stamp(Path(result)), "whole")
    memory.save()


def _readers(lab: Lab, result: str) -> list[str]:
    """Return the results that are made from a result."""
    found = set()
    for name in lab.truth:
        job = lab.workflow.producer(name) or lab.workflow.producer(Path(name).parent.as_posix())
        entries = lab.workflow.spec(job)["inputs"].values() if job else ()
        if job and any(path == result for pairs in entries for path, _ in pairs):
            found.add(job.path)
    return sorted(found)


def raw_files(lab: Lab, rng: Random, rounds: int) -> Iterator[list[Case]]:
    """Damage what comes from outside; it must be named, and all be as before once it is mended.

    A change that the formats cannot show (a digit of a table, a number among features) is new
    content, of which the run says that it is new.
    """
    order = {kind: rng.sample(list(HARMS), len(HARMS)) for kind in RAW_FILES}
    for kinds in TOGETHER * rounds:
        cases: dict[str, Case] = {}
        for kind in kinds:
            name = _pick(lab, RAW_FILES[kind], rng)
            if name in cases:
                continue
            harm = order[kind].pop(0)
            order[kind].append(harm)
            kept = lab.root / f"{name}.kept"
            shutil.copyfile(lab.root / name, kept.parent / f".{kept.name}")
            place = HARMS[harm](lab.root / name, rng)
            cases[name] = Case("damaged raw file", f"{kind}: {harm}", name, place)
        status, text = lab.run("--keep-going")
        wrong = [] if status else lab.differences()
        for name in cases:
            path = lab.root / name
            (path.parent / f".{path.name}.kept").replace(path)
        again, more = lab.run()
        after = [] if again else lab.differences()
        for name, case in cases.items():
            _judge_raw(case, named=says(text, name), failed=status != 0, wrong=wrong)
            if again or after:
                case.outcome = "lost" if again else "silently wrong"
                case.detail = more[-600:] if again else ", ".join(after[:3])
        if again or after:
            lab.restore(*lab.truth)
        yield list(cases.values())


def _judge_raw(case: Case, *, named: bool, failed: bool, wrong: list[str]) -> None:
    """Judge what a run said of a damaged file from outside."""
    if named:
        case.outcome, case.detail = "named", "error" if failed else "said to be new content"
    elif failed:
        case.outcome, case.detail = "lost", "another file was named"
    else:
        case.outcome = "silently wrong" if wrong else "recovered"


def removed_folders(lab: Lab, rng: Random) -> Iterator[list[Case]]:
    """Remove whole folders of results or of Snakemake's records."""
    for name in (".snakemake", ".snakemake/metadata", "logs", "results/nsd/rdms",
                 "results/nsd/prepared", "results/nsd/parts"):  # fmt: skip
        shutil.rmtree(lab.root / name)
        lab.forget(*rng.sample(TARGETS, 2))
        status, text = lab.run()
        case = Case("removed folder", name, name, "all")
        _settle(lab, [case], status, text, [])
        yield [case]
