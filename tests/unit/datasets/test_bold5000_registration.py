"""The atlas carried by FSL: order and arguments of the programs, and every way they can fail."""

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from repalign.datasets.bold5000_atlas import relabel_atlas
from repalign.datasets.bold5000_registration import register_atlas
from repalign.datasets.fsl import Fsl
from repalign.datasets.registration_inputs import Choices, Images, mean_volume
from repalign.errors import RepalignError

from . import fake_fsl
from .conftest import assert_error, nothing_left, write_nifti
from .fake_head import BOLD, SHAPE, functional_labels, make_images

CHOICES = Choices("MNI152NLin6Asym", "MNI152NLin6Asym")


@pytest.fixture
def images(tmp_path) -> Images:
    return make_images(tmp_path / "raw")


@pytest.fixture
def fsl(tmp_path, monkeypatch) -> Fsl:
    monkeypatch.setenv("FAKE_FSL_NOTES", str(tmp_path / "notes"))
    return Fsl(fake_fsl.install(tmp_path / "fsl"))


def notes(tmp_path: Path) -> list:
    file = tmp_path / "notes"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


EXPECTED = """
fslreorient2std t1 t1_standard
bet t1_standard t1_brain -R -f 0.25
bet bold bold_brain -R -f 0.4
flirt -in bold_brain -ref t1_brain -out bold_to_t1 -omat bold_to_t1.mat -dof 12
convert_xfm -omat t1_to_bold.mat -inverse bold_to_t1.mat
flirt -in t1_brain -ref template_brain -out t1_to_template -omat t1_to_template.mat -dof 12
convert_xfm -omat template_to_t1.mat -inverse t1_to_template.mat
fnirt --in=template --ref=t1_standard --aff=template_to_t1.mat --iout=template_in_t1 \
--cout=template_to_t1_warp
convertwarp --ref=bold_brain --warp1=template_to_t1_warp --postmat=t1_to_bold.mat \
--out=template_to_bold
applywarp --in=atlas --ref=bold_brain --warp=template_to_bold --out=atlas_in_bold --interp=nn
"""


def test_the_programs_run_in_order_and_the_labels_arrive(tmp_path, images, fsl, caplog):
    output = tmp_path / "out/sub-01.nii.gz"
    with caplog.at_level("INFO"):
        record = register_atlas(images, output, CHOICES, fsl)
    commands = [" ".join(words) for words, _, _ in notes(tmp_path)]
    assert commands == EXPECTED.strip().splitlines()
    assert [" ".join(words) for words in record["fsl"]["commands"]] == commands
    seen = notes(tmp_path)[0][1]
    assert seen == {"FSLDIR": str(fsl.home), "FSLOUTPUTTYPE": "NIFTI_GZ", "LC_ALL": "C"}
    image = nib.load(output)
    np.testing.assert_array_equal(image.dataobj, functional_labels())
    np.testing.assert_array_equal(image.affine, BOLD)
    assert record["fsl"]["versions"] == {"fsl": "6.0.7.99"}
    assert record["lost_regions"] == []
    assert record["share_in_template_brain"] == record["share_in_bold_brain"] == 1
    assert set(record["templates"]) == {"head", "brain"}
    assert str(tmp_path) not in json.dumps(record), "a place of this machine in the record"
    assert [path.name for path in output.parent.iterdir()] == ["sub-01.nii.gz"]
    assert "flirt says hello" in caplog.text
    # What was made is what the next step takes.
    assert relabel_atlas(output, tmp_path / "relabelled.nii.gz").numbering == "0-360"


def test_choices_reach_the_programs(tmp_path, images, fsl, caplog):
    choices = Choices("MNI152NLin2009cAsym", "MNI152NLin6Asym", 0.5, 0.3, 6)
    register_atlas(images, tmp_path / "out.nii.gz", choices, fsl)
    commands = [" ".join(words) for words, _, _ in notes(tmp_path)]
    assert commands[1].endswith("-f 0.5")
    assert commands[2].endswith("-f 0.3")
    assert [c[-6:] for c in commands if c.startswith("flirt")] == ["-dof 6", "dof 12"]
    assert "coordinates agree to some millimetres" in caplog.text


@pytest.mark.parametrize(
    ("fault", "parts"),
    [
        ("fslreorient2std:missing", ("fslreorient2std t1 t1_standard", "wrote no such file")),
        ("bet:zeros", ("bet t1_standard t1_brain", "empty image", "check the T1")),
        ("flirt:exit", ("flirt -in bold_brain", "exit status 3", "Image Exception : #22")),
        ("flirt:singular", ("bold_to_t1.mat", "has an inverse")),
        ("flirt:moved", ("output bold_to_t1.nii.gz", "4 mm")),
        ("convert_xfm:text", ("t1_to_bold.mat", "no matrix")),
        ("fnirt:nan", ("template_in_t1.nii.gz", "not finite")),
        ("convertwarp:shape", ("template_to_bold.nii.gz", "shape (11, 10, 8)")),
        ("applywarp:halves", ("7.5", "whole numbers")),
        ("applywarp:invented", ("[999]", "--interp=nn")),
        ("applywarp:mirrored", ("left labels around x = ", "grows to the right")),
        ("applywarp:lost-19", ("19 of 360 regions", "max_lost_regions")),
    ],
)
def test_every_failure_stops_the_job_and_leaves_nothing(
    tmp_path, images, fsl, monkeypatch, fault, parts
):
    monkeypatch.setenv("FAKE_FSL_FAULT", fault)
    with pytest.raises(RepalignError) as error:
        register_atlas(images, tmp_path / "out.nii.gz", CHOICES, fsl)
    assert_error(error.value, *parts)
    assert "scrolled away" not in str(error.value)
    assert nothing_left(tmp_path, "out.nii.gz")
    assert notes(tmp_path)[-1][0][0] == fault.split(":")[0], "nothing runs after a failure"


def test_an_atlas_outside_the_brain_is_refused(tmp_path, images, fsl, monkeypatch):
    monkeypatch.setenv("FAKE_FSL_FAULT", "bet:corner")
    with pytest.raises(RepalignError) as error:
        register_atlas(images, tmp_path / "out.nii.gz", CHOICES, fsl)
    assert_error(error.value, "20.0 % of the labelled voxels in the brain of the BOLD", "bold_dof")


def test_single_lost_regions_are_reported(tmp_path, images, fsl, monkeypatch, caplog):
    monkeypatch.setenv("FAKE_FSL_FAULT", "applywarp:lost-18")
    record = register_atlas(images, tmp_path / "out.nii.gz", CHOICES, fsl)
    assert record["lost_regions"] == list(range(1, 19))
    assert "regions without a voxel: [1, 2, 3" in caplog.text


def flipped(path: Path) -> Path:
    """An image whose x is turned while its header is not."""
    image = nib.load(path)
    values = np.ascontiguousarray(np.asarray(image.dataobj)[::-1])
    return write_nifti(path.with_name("flipped.nii.gz"), values, image.affine)


def moved(path: Path, name: str, by: float) -> Path:
    image = nib.load(path)
    affine = image.affine.copy()
    affine[2, 3] += by
    return write_nifti(path.with_name(name), np.asarray(image.dataobj), affine)


def cropped(path: Path) -> Path:
    image = nib.load(path)
    values = np.ascontiguousarray(np.asarray(image.dataobj)[:-1])
    return write_nifti(path.with_name("cropped.nii.gz"), values, image.affine)


def blank(path: Path) -> Path:
    image = nib.load(path)
    return write_nifti(path.with_name("blank.nii.gz"), np.asarray(image.dataobj) * 0, image.affine)


@pytest.mark.parametrize(
    ("role", "change", "parts"),
    [
        ("t1", lambda p: p.with_name("absent.nii.gz"), ("absent.nii.gz", "no such file")),
        ("t1", blank, ("blank.nii.gz", "empty image")),
        ("bold", blank, ("blank.nii.gz", "empty image")),
        ("bold", cropped, ("shape (11, 10, 8)", "beta_grid: shape")),
        ("bold", lambda p: moved(p, "moved.nii.gz", 1.0), ("1 mm", "beta_grid: shape")),
        ("template_brain", cropped, ("shape (35, 30, 24)",)),
        ("atlas", flipped, ("flipped.nii.gz", "left labels around")),
        ("atlas", lambda p: moved(p, "off.nii.gz", 100.0), ("360 of 360 regions",)),
        ("atlas", blank, ("none of 181-200 and 361-380",)),
    ],
)
def test_inputs_that_do_not_fit_are_refused_before_anything_runs(
    tmp_path, images, fsl, role, change, parts
):
    wrong = replace(images, **{role: change(getattr(images, role))})
    with pytest.raises(RepalignError) as error:
        register_atlas(wrong, tmp_path / "out.nii.gz", CHOICES, fsl)
    assert_error(error.value, *parts)
    assert notes(tmp_path) == []
    assert nothing_left(tmp_path, "out.nii.gz")


def test_a_header_known_to_be_off_is_passed_over_by_choice(tmp_path, images, fsl, caplog):
    wrong = replace(images, betas=moved(images.betas, "moved.nii.gz", 5.0))
    choices = replace(CHOICES, beta_grid="shape")
    register_atlas(wrong, tmp_path / "out.nii.gz", choices, fsl)
    image = nib.load(tmp_path / "out.nii.gz")
    np.testing.assert_array_equal(image.dataobj, functional_labels())
    assert image.affine[2, 3] == BOLD[2, 3] + 5
    assert "voxels correspond by their indices" in caplog.text


@pytest.mark.parametrize("dtype", ["i2", "f4", "f8"])
def test_the_mean_of_a_run_is_that_of_numpy(tmp_path, dtype):
    values = np.random.default_rng(2).uniform(1, 3000, (*SHAPE, 5)).astype(dtype)
    mean, affine = mean_volume(write_nifti(tmp_path / "run.nii.gz", values, BOLD))
    np.testing.assert_allclose(mean, values.mean(axis=3, dtype=float), rtol=1e-6)
    np.testing.assert_array_equal(affine, BOLD)
    single, _ = mean_volume(write_nifti(tmp_path / "one.nii.gz", values[..., 0].copy(), BOLD))
    np.testing.assert_allclose(single, values[..., 0], rtol=1e-6)
