"""The research object keeps the rules of RO-Crate 1.1 and of Process Run Crate 0.5."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from repalign.errors import RepalignError
from repalign.provenance.citation import read_citation
from repalign.provenance.crate import crate_document
from repalign.provenance.results import FileSum, read_results
from repalign.tables.provenance import write_sidecar
from repalign.tables.result_files import find_results

from .conftest import INDEX, TABLE

CITATION = Path(__file__).parents[3] / "CITATION.cff"
DOCUMENTS = [FileSum("provenance.json", 64 * "c", 12), FileSum("methods.md", 64 * "d", 34)]


@pytest.fixture
def graph(results) -> dict[str, dict[str, Any]]:
    return entities(results)


def entities(results) -> dict[str, dict[str, Any]]:
    found = read_results(results.folder, find_results(results.folder))
    document = crate_document(found, DOCUMENTS, read_citation(CITATION))
    assert set(document) == {"@context", "@graph"}
    assert document["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    ids = [entity["@id"] for entity in document["@graph"]]
    assert len(ids) == len(set(ids)), "an id stands for one entity"
    return {entity["@id"]: entity for entity in document["@graph"]}


def references(value: Any) -> list[str]:
    """All ids that an entity refers to."""
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if isinstance(value, dict):
        return [value["@id"]] if set(value) == {"@id"} else []
    return []


def test_the_descriptor_and_the_root_are_as_required(graph):
    descriptor = graph["ro-crate-metadata.json"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert descriptor["about"] == {"@id": "./"}
    root = graph["./"]
    assert root["@type"] == "Dataset"
    assert {"name", "description", "datePublished", "license"} <= set(root)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", root["datePublished"])
    assert root["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}


def test_every_entity_has_a_type_and_every_reference_an_entity(graph):
    for identity, entity in graph.items():
        assert entity["@type"]
        assert not re.search(r"\s", identity), "ids are URIs"
        for key, value in entity.items():
            if key != "conformsTo":
                for found in references(value):
                    assert found in graph or found.startswith("http://schema.org/"), found


def test_entities_are_flat(graph):
    for entity in graph.values():
        for value in entity.values():
            assert not isinstance(value, list) or len(value) != 1, "a list of one is that one"
            for item in value if isinstance(value, list) else [value]:
                assert not isinstance(item, dict) or set(item) == {"@id"}


def test_files_have_sums_and_sizes_and_are_parts(graph, results):
    files = {k: e for k, e in graph.items() if e["@type"] == "File"}
    assert {TABLE, INDEX, INDEX + ".provenance.json", "provenance.json", "methods.md"} == set(
        files
    )
    assert {found["@id"] for found in graph["./"]["hasPart"]} == set(files)
    for entity in files.values():
        assert re.fullmatch(r"[0-9a-f]{64}", entity["sha256"])
        assert entity["contentSize"].isdecimal()
    assert files[TABLE]["encodingFormat"] == "application/vnd.apache.parquet"
    assert int(files[TABLE]["contentSize"]) == (results.folder / TABLE).stat().st_size


def test_folders_are_datasets_with_parts(results):
    folder = results.folder / "mouse/assemblies/1-2-3"
    folder.mkdir(parents=True)
    (folder / "a b.nc").write_text("x")
    write_sidecar(folder, {"spec": None})
    graph = entities(results)
    dataset = graph["mouse/assemblies/1-2-3/"]
    assert dataset["@type"] == "Dataset"
    assert dataset["hasPart"] == {"@id": "mouse/assemblies/1-2-3/a%20b.nc"}


def test_actions_say_what_made_what_from_what(graph):
    actions = {k: e for k, e in graph.items() if e["@type"] == "CreateAction"}
    assert {found["@id"] for found in graph["./"]["mentions"]} == set(actions)
    (made,) = (e for e in actions.values() if e["result"] == {"@id": TABLE})
    assert made["instrument"] == {"@id": "#join_rsa_subject_subject"}
    assert graph["#join_rsa_subject_subject"]["@type"] == "SoftwareApplication"
    used = [graph[found["@id"]] for found in made["object"]]
    values = {e["name"]: e["value"] for e in used if e["@type"] == "PropertyValue"}
    assert values["compute_rdms: clip_quantile"] == "0.003"
    assert values["join_rsa_subject_subject: comparison"] == "pearson"
    (raw,) = (e for e in used if e["@type"] == "CreativeWork")
    assert raw["identifier"] == "set:" + 64 * "a"


def test_long_settings_that_begin_alike_stay_apart(results):
    first, second = [*range(1, 60)], [*range(1, 61)]
    results.add("nsd/a.csv", "build_regions", {"regions": first})
    results.add("nsd/b.csv", "build_regions", {"regions": second})
    graph = entities(results)
    for name, regions in (("nsd/a.csv", first), ("nsd/b.csv", second)):
        used = [graph[found["@id"]] for found in graph[f"#make-{name}"]["object"]]
        (value,) = (e["value"] for e in used if e.get("name") == "build_regions: regions")
        assert json.loads(value) == regions


def test_software_has_versions_authors_and_a_licence(graph):
    software = graph["#repalign"]
    assert software["softwareVersion"] == read_citation(CITATION).version
    assert software["license"] == {"@id": "https://spdx.org/licenses/BSD-3-Clause"}
    assert graph[software["author"]["@id"]]["@type"] == "Organization"
    names = [graph[found["@id"]]["name"] for found in software["softwareRequirements"]]
    assert {"python", "numpy", "pyarrow"} <= set(names)


def test_persons_are_persons(results, tmp_path):
    path = tmp_path / "CITATION.cff"
    orcid = "https://orcid.org/0000-0000-0000-0000"
    path.write_text(
        f'title: t\nversion: "1"\ndate-released: 2026-01-01\nlicense: MIT\nauthors:\n'
        f"  - given-names: Ada\n    family-names: Lovelace\n    orcid: {orcid}\n"
    )
    document = crate_document(
        read_results(results.folder, [INDEX]), DOCUMENTS, read_citation(path)
    )
    graph = {entity["@id"]: entity for entity in document["@graph"]}
    assert graph[orcid] == {"@id": orcid, "@type": "Person", "name": "Ada Lovelace"}


def test_it_is_the_same_twice_and_names_no_place(results):
    assert json.dumps(entities(results)) == json.dumps(entities(results))
    assert str(results.root) not in json.dumps(entities(results))


@pytest.mark.parametrize("content", ["", "title: x\n", "[1, 2]", "a: [", None])
def test_a_citation_that_cannot_be_used_is_an_error(tmp_path, content):
    path = tmp_path / "CITATION.cff"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RepalignError, match=r"CITATION\.cff"):
        read_citation(path)
