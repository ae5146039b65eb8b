"""`provenance.json`: every result, its chain, its gaps, and nothing of the machine."""

import json
import os
import socket

import pyarrow as pa
import pyarrow.parquet as pq

from repalign.provenance.document import provenance_document
from repalign.provenance.results import read_results
from repalign.tables.provenance import sidecar
from repalign.tables.result_files import find_results

from .conftest import INDEX, PART, TABLE


def document(results) -> dict:
    found = read_results(results.folder, find_results(results.folder))
    return provenance_document(found, results.root)


def test_every_result_is_there_with_its_record_and_its_sums(results):
    made = document(results)
    assert [*made["results"]] == [INDEX, TABLE]
    table = made["results"][TABLE]
    assert table["files"][TABLE]["bytes"] == (results.folder / TABLE).stat().st_size
    assert (
        table["record"]["spec"]["upstream"]["settings"]["compute_rdms"]["clip_quantile"] == 0.003
    )
    assert table["record"]["dataset_source"] == "simulated"
    versions = made["versions"][table["record"]["versions"]]
    assert {"python", "numpy", "repalign"} <= set(versions)


def test_the_chain_goes_on_to_raw_files(results):
    made = document(results)
    assert [*made["upstream"]] == [PART]
    assert made["upstream"][PART]["spec"]["external"] == {"betas": ["sha256:" + 64 * "b"]}
    assert made["gaps"] == []


def test_code_is_said_once(results):
    made = document(results)
    used = {r["record"]["spec"]["code"] for r in made["results"].values()}
    used |= {r["spec"]["code"] for r in made["upstream"].values()}
    assert set(made["code"]) == used
    assert {"compare_rdms.py": "0123"} in made["code"].values()


def test_a_deleted_part_is_a_gap(results):
    (results.root / PART).unlink()
    (gap,) = document(results)["gaps"]
    assert (gap["of"], gap["input"], gap["state"]) == (f"results/{TABLE}", PART, "gone")


def test_a_part_that_was_made_again_is_a_gap(results):
    name = PART.removeprefix("results/")
    results.add(name, "compare_rdms", {"device": "cuda"})
    (gap,) = document(results)["gaps"]
    assert gap["state"] == "made again since"
    assert gap["was"] != results.identity(PART)


def test_a_part_without_a_record_is_a_gap_but_not_gone(results):
    pq.write_table(pa.table({"x": [1]}), results.root / PART)
    (gap,) = document(results)["gaps"]
    assert (gap["input"], gap["state"]) == (PART, "without a record")


def test_a_result_without_a_record_is_said_to_have_none(results):
    sidecar(results.folder / INDEX).unlink()
    assert document(results)["results"][INDEX]["record"] is None


def test_it_is_the_same_twice(results):
    assert json.dumps(document(results)) == json.dumps(document(results))


def test_nothing_of_the_machine_is_in_it(results):
    place = str(results.root / "raw/betas.nii.gz")
    results.add("nsd/x.csv", "build_x", {"where": place, "labels": [f"V1={place}"]})
    text = json.dumps(document(results))
    assert "betas.nii.gz" in text
    assert str(results.root) not in text
    assert str(results.root.parent) not in text
    assert socket.gethostname() not in text
    user = os.environ.get("USER", "")
    assert not user or f"/{user}/" not in text
