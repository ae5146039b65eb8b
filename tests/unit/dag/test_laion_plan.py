"""What a run of LAION-fMRI covers: subjects, regions by masks, embeddings, sets of images."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from repalign.dag.build import absent_sources, build_workflow, targets
from repalign.dag.catalogue import COLUMNS, read_catalogue
from repalign.dag.laion_plan import LaionPlan
from repalign.dag.laion_recordings import aligned_files
from repalign.dag.plans import Plans
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.tables import laion_layout as layout

ROOT = Path(__file__).parents[3]
MASK = "derivatives/rois/sub-{s:02d}/{c}/sub-{s:02d}_space-T1w_res-{r}_label-{n}_mask.nii.gz"
IMAGES = "results/laion/rsa_images_main.parquet"


@pytest.fixture
def root(tmp_path) -> Path:
    for name in ("config/derivatives.tsv", "config/models.tsv", "config/prompts.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    files = Settings().laion.files
    names = [layout.METADATA, layout.EMBEDDINGS.format(label="PEcore"), layout.CAPTIONS,
             files.betas.format(subject=1, session=1)]  # fmt: skip
    for s in (1, 3):
        names += [MASK.format(s=s, c=c, r="1pt8", n=n) for c, n in (("face", "OFA"), ("a", "V1"))]
    names += [MASK.format(s=3, c="face", r="1pt8", n="FFA1"),
              MASK.format(s=7, c="b", r="1pt8", n="V1"),
              MASK.format(s=1, c="face", r="1pt5", n="FFA9")]  # fmt: skip
    names.append(MASK.replace("_mask", "_dseg").format(s=1, c="face", r="1pt8", n="junk"))
    for name in names:
        (tmp_path / "laion" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "laion" / name).touch()
    return tmp_path


def settings_of(**own) -> Settings:
    return Settings.model_validate({"laion": {"raw": "laion", **own}, "nsd": {"raw": "away"}})


def plan(root, **own) -> LaionPlan:
    return LaionPlan(settings_of(**own), root)


def test_regions_are_the_masks_of_all_subjects_whoever_takes_part(root):
    for chosen in (plan(root), plan(root, subjects=[1])):
        names = [region.name for region in chosen.region_set.own]
        assert names == ["a/V1", "b/V1", "FFA1", "OFA"], "V1 of two categories is two regions"
        assert chosen.regions == chosen.areas == [1, 2, 3, 4]
    assert list(plan(root).masks_of(1)) == [1, 4]
    assert list(plan(root).masks_of(3)) == [1, 3, 4]


def test_regions_are_chosen_by_name_or_category(root):
    assert plan(root, regions=["face"]).regions == [3, 4]
    assert plan(root, regions=["OFA", "b"]).regions == [2, 4]
    with pytest.raises(RepalignError, match="V9") as caught:
        _ = plan(root, regions=["V9"]).regions
    assert caught.value.where == "laion.regions"


def test_a_folder_without_masks_is_said(root):
    with pytest.raises(RepalignError, match="no mask of a region"):
        _ = plan(root, files={"regions": "nowhere"}).regions


def test_subjects_are_those_of_the_release(root):
    assert plan(root).sessions == dict.fromkeys((1, 3, 5, 6, 7), 30)
    with pytest.raises(RepalignError) as caught:
        _ = plan(root, subjects=[2]).sessions
    assert caught.value.where == "laion.subjects"


def test_the_embeddings_that_are_there_are_models_of_vision(root):
    features = plan(root).feature_plan
    assert features.keys == features.vision_models == ["PEcore"]
    assert features.inputs("PEcore") == {"features": "results/laion/features/embeddings/PEcore.h5"}
    assert not features.extracted, "the registry's models are not shown these pictures"


def test_produced_files_are_inputs_and_released_ones_are_not(root):
    assert plan(root).derived("x.h5", "embedding") == ({}, {"embedding": "laion/x.h5"})
    own = plan(root, stimuli={"derivatives": "produced"})
    assert own.derived("x.h5", "embedding") == ({"embedding": "results/laion/x.h5"}, {})


def test_what_lacks_is_left_out_and_the_rest_is_made(root):
    settings = settings_of()
    flow, plans = build_workflow(settings, root)
    wanted = targets(flow, plans, read_catalogue(root / "config/derivatives.tsv"))
    made = {target.removeprefix("results/laion/") for target in wanted if "/laion/" in target}
    assert {"rsa_images_main.parquet", "rsa_pvalues.parquet", "rsa_images_ood.parquet"} <= made
    assert not {"rsa_images_tau_test.parquet", "rsa_images_with_noun.parquet",
                "rsa_subject_subject_partitions_shift_1.parquet"} & made  # fmt: skip
    assert {"splits", "partitions"} <= absent_sources(plans, "laion")
    aligned = aligned_files(plans.laion)
    assert "results/laion/aligned/sub-03_PEcore.h5" in aligned
    assert "results/laion/aligned/sub-03_captions.parquet" in aligned
    assert not [path for path in aligned if path.endswith("segmentations.parquet")]


def test_without_a_folder_nothing_is_made(root):
    plans = Plans.of(settings_of(raw="nowhere"), root)
    assert aligned_files(plans.laion) == []
    assert absent_sources(plans, "laion") == {"recordings"}


def test_analyses_without_a_choice_of_images_take_the_default_ones(root):
    flow, _ = build_workflow(settings_of(subjects=[1, 3]), root)
    group = flow.producer("results/laion/parts/subject_group/shift-1_joined/sub-01.parquet")
    subset = "results/laion/prepared/subsets/main.parquet"
    assert group.step.inputs(group.values)["subset"] == [subset]
    null = flow.producer(
        "results/laion/parts/null_subject_subject/shift-1_joined_10/regions-00.npy"
    )
    assert all("/main/" in path for path in null.step.inputs(null.values)["x"])
    tests = flow.producer("results/laion/rsa_pvalues.parquet")
    inputs = tests.step.inputs(tests.values)
    assert inputs["subject_model"] == "results/laion/rsa_subject_model_main.parquet"
    assert inputs["null_language"] == [], "no row of a null of language models"
    assert len(inputs["null_vision"]) == 1


def test_a_catalogue_row_is_all_that_an_analysis_needs(root):
    rows = read_catalogue(root / "config/derivatives.tsv")
    row = "laion/mine.parquet\tlaion\trsa_subject_subject\t{};comparison=spearman;subset=ood\tx"
    text = "\n".join(["\t".join(COLUMNS), row.format("shift=0;hemispheres=joined")]) + "\n"
    (root / "config/derivatives.tsv").write_text(text)
    flow, _ = build_workflow(settings_of(subjects=[1, 3]), root)
    job = flow.producer("results/laion/mine.parquet")
    assert len(job.step.inputs(job.values)["parts"]) == 4
    (root / "config/derivatives.tsv").write_text(text.replace("joined", "separated"))
    with pytest.raises(RepalignError, match="hemispheres one of joined"):
        read_catalogue(root / "config/derivatives.tsv")
    assert IMAGES in {row.target for row in rows}


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"min_ceiling": 0.2}, "write 20"),
        ({"min_ceiling": 100.0}, "less than 100"),
        ({"showings": 0}, "greater than or equal to 1"),
        ({"noun": ""}, "at least 1 character"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(own, message):
    with pytest.raises(ValidationError, match=message):
        settings_of(**own)
