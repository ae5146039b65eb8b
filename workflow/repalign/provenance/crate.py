"""An RO-Crate of results: Process Run Crate 0.5 on RO-Crate 1.1, as JSON-LD.

Soiland-Reyes et al. (2022), doi:10.3233/DS-210053; Leo et al. (2024),
doi:10.1371/journal.pone.0309210.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from repalign.provenance.analyses import DATASETS
from repalign.provenance.citation import Citation
from repalign.provenance.results import FileSum, Result
from repalign.tables.provenance import encode

CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    # No term of RO-Crate itself; Process Run Crate has it for files.
    {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},
]
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
METADATA = "ro-crate-metadata.json"
ENCODINGS = {
    ".parquet": "application/vnd.apache.parquet",
    ".h5": "application/x-hdf5",
    ".nc": "application/x-netcdf",
    ".npy": "application/octet-stream",
    ".tsv": "text/tab-separated-values",
    ".md": "text/markdown",
    ".sha256": "text/plain",
}
"""Media types that Python's own table does not have on every machine."""

Entity = dict[str, Any]


def crate_document(
    results: Sequence[Result], documents: Sequence[FileSum], citation: Citation
) -> dict[str, Any]:
    """Return the metadata of a crate whose root is the folder of results.

    Parameters
    ----------
    results : sequence of Result
        What the crate holds.
    documents : sequence of FileSum
        Files that describe them.
    citation : Citation
        Authors and licence of the software.

    Returns
    -------
    dict
        `@context` and `@graph`, in one order for equal results.
    """
    actions = [action for result in results if (action := _action(result, results))]
    files = [*_result_entities(results), *(_file(document) for document in documents)]
    parts = [_of(entity) for entity in _data_parts(results, documents)]
    graph = [
        _descriptor(),
        _root(results, parts, actions, citation),
        *files,
        *actions,
        *_instruments(results, citation),
        *_parameters(results),
        *_raw(results),
        *_people(citation),
        {
            "@id": "#terms",
            "@type": "CreativeWork",
            "name": "Terms of the datasets that the results come from",
            "description": "Results follow the terms of their source data: "
            + (", ".join(_datasets(results)) or "tables without recordings")
            + ".",
        },
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
    ]
    unique = {entity["@id"]: _compact(entity) for entity in graph}
    return {"@context": CONTEXT, "@graph": list(unique.values())}


def _compact(entity: Entity) -> Entity:
    """Return an entity whose lists of one are that one, as RO-Crate recommends."""
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 else value
        for key, value in entity.items()
    }


def _descriptor() -> Entity:
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": SPECIFICATION},
        "about": {"@id": "./"},
    }


def _root(
    results: Sequence[Result], parts: list[Entity], actions: list[Entity], citation: Citation
) -> Entity:
    simulated = sorted({str(source) for r in results if (source := _source(r))})
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": ": ".join(["Results of repalign", *filter(None, [", ".join(_datasets(results))])]),
        "description": f"{len(results)} results with their provenance. Source of the data: "
        f"{', '.join(simulated) or 'none'}.",
        # No clock is read, so that equal results give equal bytes.
        "datePublished": citation.released,
        "license": {"@id": "#terms"},
        "conformsTo": {"@id": PROFILE},
        "author": [{"@id": entity["@id"]} for entity in _people(citation)],
        "hasPart": parts,
        "mentions": [{"@id": action["@id"]} for action in actions],
    }


def _data_parts(results: Sequence[Result], documents: Sequence[FileSum]) -> Iterator[str]:
    """Yield the ids of all files and folders of the crate."""
    for result in results:
        if _is_folder(result):
            yield _folder_id(result)
        yield from (_id(file.name) for file in result.files)
    yield from (_id(document.name) for document in documents)


def _result_entities(results: Sequence[Result]) -> Iterator[Entity]:
    for result in results:
        if _is_folder(result):
            inner = [f for f in result.files if f.name.startswith(result.path + "/")]
            yield {
                "@id": _folder_id(result),
                "@type": "Dataset",
                "name": result.path,
                "hasPart": [_of(_id(file.name)) for file in inner],
            }
        for file in result.files:
            yield _file(file)


def _file(file: FileSum) -> Entity:
    """Return a file with its checksum."""
    suffix = "." + file.name.rpartition(".")[2]
    kind = ENCODINGS.get(suffix) or mimetypes.guess_type(file.name)[0]
    return {
        "@id": _id(file.name),
        "@type": "File",
        "name": file.name,
        "contentSize": str(file.size),
        "sha256": file.sha256,
        **({"encodingFormat": kind} if kind else {}),
    }


def _action(result: Result, results: Sequence[Result]) -> Entity | None:
    """Return how a result was made; None without a record."""
    if not result.spec:
        return None
    step = result.spec["step"]
    inside = {f"results/{other.path}": other for other in results}
    read = [path for pairs in result.spec["inputs"].values() for path, _ in pairs]
    used = [_result_id(inside[path]) for path in dict.fromkeys(read) if path in inside]
    return {
        "@id": f"#make-{_id(result.path)}",
        "@type": "CreateAction",
        "name": f"{step} made {result.path}",
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "instrument": {"@id": f"#{step}"},
        "object": [
            *map(_of, used),
            {"@id": _raw_id(result)},
            *({"@id": entity["@id"]} for entity in _parameters([result])),
        ],
        "result": [{"@id": _result_id(result)}],
    }


def _instruments(results: Sequence[Result], citation: Citation) -> Iterator[Entity]:
    """Yield the workflow, its steps, and the packages that they ran with."""
    steps = sorted({result.spec["step"] for result in results if result.spec})
    versions = sorted(
        {pair for result in results for pair in (result.record or {}).get("versions", {}).items()}
    )
    packages = [
        {"@id": f"#{name}-{version}", "@type": "SoftwareApplication", "name": name,
         "softwareVersion": version}
        for name, version in versions
    ]  # fmt: skip
    needed = [{"@id": package["@id"]} for package in packages]
    yield {
        "@id": "#repalign",
        "@type": "SoftwareApplication",
        "name": citation.title,
        "softwareVersion": citation.version,
        "license": {"@id": f"https://spdx.org/licenses/{citation.licence}"},
        "author": [{"@id": entity["@id"]} for entity in _people(citation)],
        "softwareRequirements": needed,
        "hasPart": [{"@id": f"#{step}"} for step in steps],
    }
    yield {
        "@id": f"https://spdx.org/licenses/{citation.licence}",
        "@type": "CreativeWork",
        "name": citation.licence,
    }
    for step in steps:
        yield {
            "@id": f"#{step}",
            "@type": "SoftwareApplication",
            "name": step,
            "softwareVersion": citation.version,
            "isPartOf": {"@id": "#repalign"},
        }
    yield from packages


def _parameters(results: Sequence[Result]) -> Iterator[Entity]:
    """Yield the settings of the steps that made results, and of those upstream."""
    for result in results:
        for step, params in sorted(result.settings.items()):
            for key, value in sorted(params.items()):
                text = value if isinstance(value, str) else encode({"": value})[4:-1]
                # Values can be long lists; ones that begin alike are not one entity.
                digest = hashlib.sha256(text.encode()).hexdigest()[:16]
                yield {
                    "@id": f"#{step}/{key}={digest}",
                    "@type": "PropertyValue",
                    "name": f"{step}: {key}",
                    "value": text,
                }


def _raw(results: Sequence[Result]) -> Iterator[Entity]:
    """Yield the raw files of results as sets that are known by a digest and by nothing else."""
    for result in results:
        if result.spec:
            raw = result.spec["upstream"]["raw"]
            yield {
                "@id": _raw_id(result),
                "@type": "CreativeWork",
                "name": f"{raw['files']} files from outside the workflow",
                "identifier": raw["digest"],
            }


def _people(citation: Citation) -> list[Entity]:
    """Return the authors."""
    people: list[Entity] = []
    for author in citation.authors:
        person = _is_person(author)
        names = (author.get("given-names"), author.get("family-names"))
        name = " ".join(filter(None, names)) if person else str(author["name"])
        people.append(
            {
                "@id": author.get("orcid") or f"#{quote(name)}",
                "@type": "Person" if person else "Organization",
                "name": name,
            }
        )
    return people


def _is_person(author: Mapping[str, Any]) -> bool:
    return "family-names" in author or "given-names" in author


def _datasets(results: Sequence[Result]) -> list[str]:
    """Return the names of the datasets that results lie in the folders of."""
    folders = {folder for result in results for folder in result.path.split("/")[:-1]}
    return [name for key, (name, _) in DATASETS.items() if key in folders]


def _source(result: Result) -> str | None:
    return (result.record or {}).get("dataset_source")


def _is_folder(result: Result) -> bool:
    return all(file.name != result.path for file in result.files)


def _raw_id(result: Result) -> str:
    digest: str = result.spec["upstream"]["raw"]["digest"]
    return "#raw-" + digest.removeprefix("set:")[:16]


def _result_id(result: Result) -> str:
    return _folder_id(result) if _is_folder(result) else _id(result.path)


def _folder_id(result: Result) -> str:
    return _id(result.path) + "/"


def _id(name: str) -> str:
    """Return a name as a relative URI."""
    return quote(name)


def _of(identity: str) -> Entity:
    return {"@id": identity}
