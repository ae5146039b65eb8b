import pandas as pd
import pytest

from repalign.datasets.nsd_index import (
    copy_stim_info,
    images_index,
    masks_index,
    stimuli_index,
    write_csv,
)
from repalign.datasets.nsd_stim_info import read_stim_info
from repalign.errors import RepalignError

from .conftest import nothing_left


@pytest.fixture
def info(tmp_path, experiment):
    return read_stim_info(experiment.write(tmp_path)[1])


def test_images(info):
    many = pd.DataFrame({"nsdId": range(2001)})
    table = images_index(many)
    assert list(table) == ["nsd_id", "name", "path"]
    assert table.iloc[1999].tolist() == [
        1999, "nsd_01999", "images/nsd_01000_01999/nsd_01999.jpg",
    ]  # fmt: skip
    assert table.path[0] == "images/nsd_00000_00999/nsd_00000.jpg"


def test_stimuli(tmp_path, info, experiment):
    table = stimuli_index(info, {1: 2, 2: 4}, 15)
    write_csv(table, tmp_path / "nsd_stimuli.csv")
    lines = (tmp_path / "nsd_stimuli.csv").read_text().splitlines()
    assert lines[0] == (
        "subject,subject_index,session,session_index,nsd_id,repetition,flagged,shared,"
        "bold5000,coco_id,coco_split,crop_box,filename,exists"
    )
    assert len(lines) == 1 + 3 * 60
    assert table.sort_values(["subject", "subject_index"]).index.tolist() == [*range(180)]
    row = table.iloc[60 + 31]
    image = experiment.images[1][experiment.order[31]]
    assert row.to_dict() == {
        "subject": 2, "subject_index": 31, "session": 3, "session_index": 1, "nsd_id": image,
        "repetition": (experiment.order[:31] == experiment.order[31]).sum(),
        "flagged": image == 3, "shared": experiment.order[31] < 6, "bold5000": image % 5 == 0,
        "coco_id": 1000 + image, "coco_split": "train2017" if image % 2 else "val2017",
        "crop_box": "(0, 0, 0.1, 0.1)",
        "filename": "subj02/func1mm/betas_fithrf_GLMdenoise_RR/betas_session03.nii.gz",
        "exists": True,
    }  # fmt: skip
    assert table.groupby("subject")["exists"].sum().tolist() == [30, 60, 0]


def test_masks(caplog):
    table = masks_index(
        {2: ["s2/rh.HCP_MMP1.nii.gz", "s2/lh.HCP_MMP1.nii.gz", "s2/both.HCP_MMP1.nii.gz"],
         1: ["s1/prf-visualrois.nii.gz", "s1/lh.floc-faces.nii.gz"]},
        {1: "m/sub-01.nii.gz", 2: "m/sub-02.nii.gz"},
    )  # fmt: skip
    assert list(table) == ["subject", "roi", "hemisphere", "mask_path"]
    assert table.to_numpy().tolist() == [
        [1, "both.HCP_MMP1", "b", "m/sub-01.nii.gz"],
        [1, "lh.floc-faces", "l", "s1/lh.floc-faces.nii.gz"],
        [1, "prf-visualrois", "b", "s1/prf-visualrois.nii.gz"],
        [2, "both.HCP_MMP1", "b", "m/sub-02.nii.gz"],
        [2, "lh.HCP_MMP1", "l", "s2/lh.HCP_MMP1.nii.gz"],
        [2, "rh.HCP_MMP1", "r", "s2/rh.HCP_MMP1.nii.gz"],
    ]
    assert "s2/both.HCP_MMP1.nii.gz is left out" in caplog.text


def test_copy(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x,y\r\n1,2")
    copy_stim_info(tmp_path / "a.csv", tmp_path / "out" / "b.csv")
    assert (tmp_path / "out" / "b.csv").read_bytes() == b"x,y\r\n1,2"
    with pytest.raises(RepalignError, match="no such file"):
        copy_stim_info(tmp_path / "none.csv", tmp_path / "c.csv")
    assert nothing_left(tmp_path, "c.csv")
