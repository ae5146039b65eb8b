"""What the steps of LAION-fMRI's stimuli are made from, and what is missed in which words."""

from pathlib import Path

import pytest

from repalign.dag import laion_stimuli_plan
from repalign.dag.laion_stimuli import laion_stimuli_steps
from repalign.dag.laion_stimuli_plan import LaionStimuli
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.simulate.laion import simulate_laion
from repalign.simulate.laion_settings import LaionSimulation

SMALL = LaionSimulation(image_size=48, n_shared_laion=2, n_shared_things=1, n_shared_nsd=1,
                        n_unique_laion=1, n_unique_things=2)  # fmt: skip
ROOT = Path(__file__).parents[3]
CLIP = "results/laion/stimuli/task-images_desc-CLIP_embeddings.h5"
MASKS = "results/laion/stimuli/task-images_desc-segmentations.h5"
CAPTIONS = "results/laion/stimuli/task-images_desc-captions.csv"
REPORT = "results/laion/validation.html"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("plan")
    simulate_laion(root / "laion", SMALL)
    (root / "config").mkdir()
    (root / "config/prompts.yaml").write_bytes((ROOT / "config/prompts.yaml").read_bytes())
    return root


def stimuli(root, source="auto", **own):
    simulation = SMALL.model_dump(mode="json")
    laion = {"raw": "laion", "source": source, "stimuli": own}
    settings = {"laion": laion, "simulate": {"laion": simulation}}
    return LaionStimuli(Settings.model_validate(settings), root)


def step(found, name):
    return next(step for step in laion_stimuli_steps(found) if step.name == name)


def test_a_simulated_dataset_has_backends_that_are_no_models(root):
    found = stimuli(root)
    assert (found.embedding_backend, found.mask_backend) == ("projection", "colour")
    params = step(found, "embed_laion_images").params({"label": "CLIP"})
    assert params["backend"] == "projection"
    assert params["model_id"] == ""
    assert params["source"] == "simulated"


def test_any_other_has_models(root):
    found = stimuli(root, source="other")
    assert (found.embedding_backend, found.mask_backend) == ("timm", "transformers")
    params = step(found, "embed_laion_images").params({"label": "DINOv2"})
    assert params["model_id"] == "vit_large_patch14_dinov2.lvd142m"
    assert params["pool"] == "patches"


@pytest.mark.parametrize(
    ("part", "backend"), [("embeddings", "projection"), ("segmentations", "colour")]
)
def test_a_stand_in_is_refused_for_real_data(tmp_path, part, backend):
    (tmp_path / "laion").mkdir()
    found = stimuli(tmp_path, **{part: {"backend": backend}})
    names = {"embeddings": "embedding_backend", "segmentations": "mask_backend"}
    with pytest.raises(RepalignError) as caught:
        getattr(found, names[part])
    assert f"laion.stimuli.{part}.backend" in str(caught.value)
    # For data that are said to be something else, they are there to try things out.
    other = stimuli(tmp_path, source="other", **{part: {"backend": backend}})
    assert getattr(other, names[part]) == backend


def test_a_choice_of_one_model_leaves_the_defaults_of_the_others(root):
    found = stimuli(root, embeddings={"siglip2": {"revision": "abc"}})
    assert found.model("SigLIP2").model == "vit_so400m_patch14_siglip_378.v2_webli"
    assert (found.model("SigLIP2").size, found.model("PEcore").size) == (384, 336)


def test_choices_of_models_change_no_projection(root):
    plain, other = stimuli(root), stimuli(root, embeddings={"clip": {"size": 336}})
    for label in ("CLIP", "PEcore"):
        params = [step(s, "embed_laion_images").params({"label": label}) for s in (plain, other)]
        assert params[0] == params[1]


def test_a_folder_of_a_model_must_be_named(root):
    chosen = {"backend": "timm", "clip": {"source": "local-dir"}}
    embed = step(stimuli(root, embeddings=chosen), "embed_laion_images")
    with pytest.raises(RepalignError, match=r"laion\.stimuli\.embeddings\.clip\.folder"):
        embed.external({"label": "CLIP"})
    assert embed.external({"label": "DINOv2"})["model_folder"] == []


def test_everything_can_be_made_of_a_simulated_dataset_but_the_comparison(root):
    found = stimuli(root)
    assert all(found.can_make(path) for path in (CLIP, MASKS, CAPTIONS, REPORT))
    assert not found.can_make("results/laion/reproduction.tsv")


def test_without_the_gated_files_there_is_the_report_alone(root, tmp_path):
    import shutil

    shutil.copytree(root / "laion", tmp_path / "laion")
    for name in ("stimuli.h5", "metadata.csv"):
        (tmp_path / f"laion/stimuli/task-images_{name}").unlink()
    found = stimuli(tmp_path)
    assert not any(found.can_make(path) for path in (CLIP, MASKS, CAPTIONS))
    assert found.can_make(REPORT)
    assert step(found, "validate_laion").external({})["pictures"] == []
    assert not stimuli(tmp_path, derivatives="produced").can_make(REPORT)


def test_nothing_can_be_made_without_the_folder(tmp_path):
    found = stimuli(tmp_path)
    assert not any(found.can_make(path) for path in (CLIP, MASKS, CAPTIONS, REPORT))
    with pytest.raises(RepalignError, match="repalign simulate laion"):
        step(found, "embed_laion_images").external({"label": "CLIP"})


def test_models_that_are_not_installed_are_left_out(root, monkeypatch):
    monkeypatch.setattr(laion_stimuli_plan, "models_installed", lambda: False)
    found = stimuli(root, source="other")
    assert not found.can_make(CLIP)
    assert not found.can_make(MASKS)
    assert found.can_make(CAPTIONS)


def test_the_report_reads_what_is_released_or_what_is_produced(root):
    released = step(stimuli(root), "validate_laion")
    assert released.inputs({}) == {"produced": []}
    assert len(released.external({})["released"]) == 7
    produced = step(stimuli(root, derivatives="produced"), "validate_laion")
    assert len(produced.inputs({})["produced"]) == 7
    assert produced.external({})["released"] == []


def test_captions_of_a_model_come_from_a_table_or_from_the_workflow(root):
    names = [s.name for s in laion_stimuli_steps(stimuli(root))]
    assert "describe_laion_images" not in names
    found = stimuli(root, captions={"ai": None})
    assert "describe_laion_images" in [s.name for s in laion_stimuli_steps(found)]
    merge = step(found, "merge_laion_captions")
    assert merge.inputs({})["described"] == ["results/laion/texts/caption.csv"]
    assert merge.external({})["ai"] == []
    params = step(found, "describe_laion_images").params({})
    assert params["backend"] == "template"


def test_nouns_of_captions_wait_for_the_captions(root):
    found = stimuli(root, segmentations={"nouns_from": "captions"})
    assert step(found, "segment_laion_images").inputs({})["captions"] == [CAPTIONS]
    assert step(stimuli(root), "segment_laion_images").inputs({})["captions"] == []


def test_subject_files_are_found_where_they_lie(root, tmp_path):
    func = tmp_path / "laion/derivatives/glmsingle-tedana/sub-01/ses-01/func"
    func.mkdir(parents=True)
    stem = "sub-01_ses-01_task-images"
    for name in (
        f"{stem}_desc-SingletrialBetas_trials.tsv",
        f"{stem}_space-T1w_stat-effect_desc-SingletrialBetas_statmap.nii.gz",
    ):
        (func / name).touch()
    found = step(stimuli(tmp_path, source="other"), "validate_laion").external({})
    assert [Path(p).name for p in found["trials"]] == [f"{stem}_desc-SingletrialBetas_trials.tsv"]
    assert len(found["betas"]) == 1
    assert found["grids"] == []
