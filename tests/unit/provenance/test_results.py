"""Which files are results, and that nothing of the machine is said of them."""

import pytest

from repalign.errors import RepalignError
from repalign.provenance.results import (
    check_content,
    read_results,
    sum_file,
    sums_text,
    without_places,
)
from repalign.tables.provenance import sidecar, write_sidecar
from repalign.tables.result_files import content_of, files_of, find_results

from .conftest import INDEX, TABLE


def test_intermediate_files_are_no_results(results):
    (results.folder / "nsd/prepared").mkdir()
    (results.folder / "nsd/prepared/trials.parquet").touch()
    assert find_results(results.folder) == [INDEX, TABLE]


def test_what_describes_the_results_is_none_of_them(results):
    for name in (
        "provenance.json", "methods.md", "ro-crate-metadata.json", "manifest.sha256",
        "raw_manifest.tsv", "result_manifest.tsv", "provenance.json.provenance.json",
    ):  # fmt: skip
        (results.folder / name).touch()
    (results.folder / "nsd/.writing-x-table.parquet").touch()
    assert find_results(results.folder) == [INDEX, TABLE]


def test_a_folder_that_one_job_made_is_one_result(results):
    folder = results.folder / "mouse/assemblies/21067-10-18"
    (folder / "inner").mkdir(parents=True)
    for name in ("b.nc", "inner/a.nc", ".snakemake_timestamp"):
        (folder / name).write_text("x")
    write_sidecar(folder, {"spec": None})
    name = "mouse/assemblies/21067-10-18"
    assert name in find_results(results.folder)
    assert files_of(results.folder, name) == [
        f"{name}.provenance.json", f"{name}/b.nc", f"{name}/inner/a.nc",
    ]  # fmt: skip


def test_a_folder_that_is_not_there_has_no_results(tmp_path):
    assert find_results(tmp_path / "results") == []
    with pytest.raises(RepalignError, match="no results"):
        read_results(tmp_path / "results", [])


def test_sums_are_those_of_the_files(results):
    (read,) = read_results(results.folder, [INDEX])
    assert [file.name for file in read.files] == [INDEX, INDEX + ".provenance.json"]
    text = sums_text(read.files)
    import hashlib

    for line in text.splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((results.folder / name).read_bytes()).hexdigest() == digest


def test_a_result_that_changes_meanwhile_is_refused(results):
    def content() -> str:
        read = read_results(results.folder, find_results(results.folder))
        return content_of((f.name, f.sha256) for r in read for f in r.files)

    planned = content()
    check_content(read_results(results.folder, [INDEX, TABLE]), planned, results.folder)
    (results.folder / INDEX).write_text("a\n2\n")
    with pytest.raises(RepalignError, match="changed since"):
        check_content(read_results(results.folder, [INDEX, TABLE]), planned, results.folder)
    sidecar(results.folder / INDEX).unlink()
    (results.folder / INDEX).unlink()
    with pytest.raises(RepalignError, match=r"hcp\.csv"):
        sum_file(results.folder, INDEX)


def test_content_counts_names(results):
    assert content_of([("a", "1"), ("b", "2")]) == content_of([("b", "2"), ("a", "1")])
    assert content_of([("a", "1"), ("b", "2")]) != content_of([("b", "1"), ("a", "2")])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/" + "home/ann/nsd/betas.nii.gz", "betas.nii.gz"),
        ("~/nsd", "nsd"),
        ("C:\\Users\\ann\\nsd", "nsd"),
        ("V1=/" + "scratch/ann/v1.nii", "V1=v1.nii"),
        ("read from /" + "mnt/x/y.csv, twice", "read from y.csv, twice"),
        ("annotations/captions_train2017.json", "annotations/captions_train2017.json"),
        ("https://doi.org/10.1038/nature18933", "https://doi.org/10.1038/nature18933"),
        ("betas/sub{subject:02d}/x.npy", "betas/sub{subject:02d}/x.npy"),
        ("file:///" + "srv/nsd/x.csv", "x.csv"),
        ("volume:/" + "srv/nsd", "volume:nsd"),
        ("yes/no", "yes/no"),
        ("a / b", "a / b"),
        ("", ""),
    ],
)
def test_paths_of_a_machine_are_cut_to_their_last_part(text, kept):
    assert without_places(text) == kept
    assert without_places({"a": [text, 1, None, 0.5, True]}) == {"a": [kept, 1, None, 0.5, True]}
