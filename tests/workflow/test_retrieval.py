"""The rules that fetch data, from the command line to files that the workflow then finds."""

import pytest

from ..unit.retrieval.servers import Server
from .project import Project


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


def test_a_dataset_is_fetched_where_the_settings_say_and_found(server, tmp_path):
    names = [
        f"subj{subject:02d}/func1mm/roi/{side}.HCP_MMP1.nii.gz"
        for subject in range(1, 9) for side in ("lh", "rh")
    ]  # fmt: skip
    for k, name in enumerate(names):
        server.put(f"/s3/natural-scenes-dataset/nsddata/ppdata/{name}", b"atlas %d" % k)
    project = Project.create(
        tmp_path / "project",
        {
            "nsd": {"raw": "data/nsd", "subjects": [2, 5],
                    "files": {"atlas_left": "atlas/{subject}/left.nii.gz"}},
            "retrieval": {"items": ["atlas_left", "atlas_right"], "endpoints": server.endpoints},
        },
    )  # fmt: skip
    done = project.snakemake("-n", "retrieve_nsd", check=False)
    assert done.returncode == 1
    assert "retrieval.accepted: [nsd]" in done.stdout + done.stderr
    assert not server.requests
    settings = project.settings["retrieval"]
    project.set("retrieval", **settings, accepted=["nsd"])
    project.snakemake("retrieve_nsd")
    raw = project.root / "data/nsd"
    assert (raw / "atlas/2/left.nii.gz").read_bytes() == b"atlas 2"
    assert (raw / "subj05/func1mm/roi/rh.HCP_MMP1.nii.gz").read_bytes() == b"atlas 9"
    assert len(list(raw.rglob("*.nii.gz"))) == 4
    assert (raw / "retrieved.tsv").read_text().count("\tetag\t") == 4
    log = (project.root / "logs/retrieve_nsd.log").read_text()
    assert "4 of 4 files, 28 B of 28 B" in log
    (raw / "atlas/2/left.nii.gz").write_bytes(b"ATLAS 2")
    done = project.snakemake("retrieve_nsd", check=False)
    assert done.returncode == 1
    assert "it was changed since" in done.stdout + done.stderr, "failed logs are shown"
    assert (raw / "atlas/2/left.nii.gz").read_bytes() == b"ATLAS 2"
