"""One analysis for every dataset: what each step takes from the plan of its path's dataset."""

from pathlib import Path

import pytest

from repalign.dag.build import absent_sources, build_workflow, figures, targets
from repalign.dag.catalogue import COLUMNS, read_catalogue
from repalign.dag.plans import Plans
from repalign.dag.rsa import image_set, pair_parts, representative, session_pair_parts
from repalign.errors import RepalignError
from repalign.models.registry import COLUMNS as REGISTRY
from repalign.settings import Settings
from repalign.simulate.other_settings import Bold5000Simulation
from repalign.simulate.truth import write_dataset_manifest

ROOT = Path(__file__).parents[3]
BETAS = "bold5000/CSI1_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-01.nii.gz"
RESPONSES = "betas_csv/betas_csv/sub-01_ResponseData.h5"
MODEL, LANGUAGE = "vit_a_pool-cls", "llm_pool-avg_prompt-pixtral"
ROWS = [
    ("vit_a", "A", "-", "vision", "timm", "hub", "", "", "", "cls", "no", "no"),
    ("llm", "L", "-", "language", "causal-lm", "hub", "", "", "", "avg", "no", "no"),
]
BOLD = "results/bold5000/rsa_bold5000-coco_subject_subject_alignment_joined.parquet"
THINGS = "results/things/rsa_things_subject_model_alignment_separated.parquet"


@pytest.fixture
def root(tmp_path) -> Path:
    """A project with recordings of BOLD5000 and THINGS, features of a user, and no NSD."""
    files = {
        "config/derivatives.tsv": (ROOT / "config/derivatives.tsv").read_text(),
        "config/prompts.yaml": (ROOT / "config/prompts.yaml").read_text(),
        "config/models.tsv": "\n".join("\t".join(row) for row in (REGISTRY, *ROWS)) + "\n",
        f"bold/{BETAS}": "", f"things/{RESPONSES}": "",
    }  # fmt: skip
    for dataset in ("bold", "things"):
        for name in (MODEL, LANGUAGE, "llm_pool-avg_prompt-coco"):
            files[f"{dataset}/features/{name}.h5"] = dataset + name
        files[f"{dataset}/control_matrices/control_scene.parquet"] = ""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def settings_of(**sections) -> Settings:
    own = {"bold5000": {"raw": "bold"}, "things": {"raw": "things"}, "nsd": {"raw": "away"}}
    for name, values in sections.items():
        own[name] = {**own.get(name, {}), **values}
    return Settings.model_validate(own)


def build(root, **sections):
    return build_workflow(settings_of(**sections), root)


def wanted(root, **sections) -> set[str]:
    flow, plans = build(root, **sections)
    return {*targets(flow, plans, read_catalogue(root / "config/derivatives.tsv"))}


def options(flow, target: str) -> dict:
    job = flow.producer(target)
    groups = (job.step.inputs, job.step.external, job.step.params)
    return {name: value for group in groups for name, value in group(job.values).items()}


# ------------------------------------------------------------------ what is there


def test_without_nsd_the_others_are_made(root):
    found = wanted(root)
    assert {BOLD, THINGS} <= found
    assert not [target for target in found if target.startswith("results/nsd/")]
    assert not [target for target in found if target.startswith("results/datasets/nsd/")]
    published = [row for row in read_catalogue(ROOT / "config/derivatives.tsv")
                 if row.analysis in ("rsa_subject_subject_sessions", "rsa_subject_model")
                 and row.dataset in ("bold5000", "things")]  # fmt: skip
    assert len(published) == 20
    assert {row.target for row in published} <= found


@pytest.mark.parametrize(("dataset", "raw"), [("bold5000", "bold"), ("things", "things")])
def test_files_of_a_dataset_that_is_not_there_are_left_out(root, dataset, raw):
    (root / raw).rename(root / "elsewhere")
    found = wanted(root)
    assert not [target for target in found if f"/{dataset}/" in target]
    assert found & {BOLD, THINGS}
    flow, plans = build(root)
    assert absent_sources(plans, dataset) == {"recordings"}
    target = {"bold5000": BOLD, "things": THINGS}[dataset]
    with pytest.raises(RepalignError, match=f"repalign simulate {dataset}"):
        options(flow, target)


def test_pictures_and_lists_alone_make_no_alignment(root):
    (root / "bold" / BETAS).unlink()
    assert "recordings" in absent_sources(build(root)[1], "bold5000")
    assert BOLD not in wanted(root)


def test_without_features_or_partners_what_needs_them_is_left_out(root):
    for path in (root / "things/features").iterdir():
        path.unlink()
    found = wanted(root, bold5000={"subjects": [2], "sessions": {1: 1, 2: 1}})
    assert THINGS not in found
    assert THINGS.replace("_model_", "_subject_") in found
    (root / "bold/bold5000/CSI2_x").touch()
    assert BOLD not in found
    with pytest.raises(RepalignError, match=r"no model(.|\n)*things\.features"):
        options(build(root)[0], THINGS)


def test_figures_are_those_of_wanted_tables_over_all_sessions(root):
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    everything = figures(catalogue)
    made = figures(catalogue, wanted(root))
    assert len([path for path in made if path.endswith(("_heatmap.png", "_ranking.png"))]) == 2
    assert "results/things/figures/subjects_and_models.png" in made
    assert set(made) < set(everything)


# ------------------------------------------------------------------ what jobs get


def test_comparisons_by_session_take_all_trials_of_both_subjects(root):
    flow, _ = build(root)
    found = options(flow, BOLD)
    folder = "results/bold5000/parts/subject_subject_sessions/coco_joined"
    pairs = [(i, j) for i in range(1, 5) for j in range(1, 5) if i != j]
    assert found["parts"] == [f"{folder}/sub-{i:02d}_sub-{j:02d}.parquet" for i, j in pairs]
    assert found["image_set"] == "bold5000-coco"
    part = options(flow, f"{folder}/sub-03_sub-01.parquet")
    prepared = "results/bold5000/prepared"
    assert part["responses"] == [f"{prepared}/responses/sub-{s}" for s in ("03", "01")]
    assert part["subset"] == f"{prepared}/subsets/coco.parquet"
    assert (part["subject_i"], part["subject_j"], part["repetitions"]) == (3, 1, 5)
    whole = options(flow, f"{folder.replace('coco', 'all')}/sub-03_sub-01.parquet")
    assert "subset" not in whole
    assert whole["image_set"] == "bold5000"
    with pytest.raises(RepalignError, match="subject 9"):
        options(flow, f"{folder}/sub-09_sub-01.parquet")


def test_the_published_columns_of_other_datasets_are_made_by_the_join_alone(root):
    flow, _ = build(root)
    table = options(flow, THINGS)
    assert table["image_set"] == ["things"]
    assert table["models"] == [LANGUAGE, MODEL], "captions of the dataset's own"
    part = options(flow, table["parts"][0])
    assert part["features"] == f"things/features/{LANGUAGE}.h5"
    assert part["rdms"] == "results/things/session_rdms/all/separated/sub-01"
    assert (part["dataset"], part["repetitions"]) == ("things", 12)
    subset = "results/bold5000/parts/subject_model/scenes_joined/" + MODEL + "/sub-02.parquet"
    assert part.keys() == options(flow, subset).keys(), "the same step"


def test_each_dataset_has_its_own_number_of_repetitions(root):
    plans = Plans.of(settings_of(), root)
    counts = {plan.name: plan.n_repetitions for plan in plans if plan.name != "mouse"}
    assert counts == {"nsd": 3, "bold5000": 5, "things": 12, "laion": 12}
    assert Plans.of(settings_of(bold5000={"repetitions": 4}), root)["bold5000"].n_repetitions == 4
    write_dataset_manifest(root / "bold", "bold5000", Bold5000Simulation(), {"1": 3})
    assert Plans.of(settings_of(), root)["bold5000"].n_repetitions == 2


def test_trials_of_things_are_shared_by_all_partners_and_those_of_bold5000_are_not(root):
    plans = Plans.of(settings_of(), root)
    assert {representative(plans.things, 2, partner, 1) for partner in (1, 2, 3)} == {1}
    found = [representative(plans.bold5000, 2, partner, 0) for partner in (1, 2, 3, 4)]
    assert found == [1, 2, 3, 4]


def test_larger_shifts_are_parts_of_their_own_where_images_come_more_than_three_times(root):
    plans, catalogue = Plans.of(settings_of(), root), root / "extra.tsv"
    line = "things/t.parquet\tthings\trsa_subject_subject\t{};hemispheres=joined;{}\tx"
    row = line.format("shift=2", "comparison=pearson")
    catalogue.write_text("\n".join(["\t".join(COLUMNS), row]) + "\n")
    parts = pair_parts(plans.things, read_catalogue(catalogue)[0])
    assert len(set(parts)) == 9
    assert all("all_shift-2_joined_pearson" in part for part in parts)


def test_pairs_by_session_leave_out_a_subject_with_itself(root):
    plans = Plans.of(settings_of(), root)
    rows = read_catalogue(ROOT / "config/derivatives.tsv")
    row = next(
        row
        for row in rows
        if row.target.endswith("things_subject_subject_alignment_joined.parquet")
    )
    assert [Path(part).stem for part in session_pair_parts(plans.things, row)] == [
        "sub-01_sub-02", "sub-01_sub-03", "sub-02_sub-01",
        "sub-02_sub-03", "sub-03_sub-01", "sub-03_sub-02",
    ]  # fmt: skip
    assert image_set("things", "all") == "things"


def test_pvalues_find_the_files_of_their_own_dataset(root):
    flow, _ = build(root)
    found = options(flow, "results/things/rsa_things_pvalues_subject_language_vision.parquet")
    assert found["subject_model"] == THINGS.replace("separated", "joined")
    assert found["null_vision"][0].startswith("results/things/")
    null = options(flow, found["null_subject"])
    block = options(flow, null["parts"][0])
    assert (block["repetitions"], block["n_images"], block["subjects"]) == (12, 26_107, [1, 2, 3])


def test_controls_are_those_of_the_dataset_by_its_own_numbers(root):
    flow, _ = build(root)
    table = options(
        flow, "results/bold5000/rsa_bold5000_subject_model_alignment_controled_joined.parquet"
    )
    assert (table["by"], table["image_set"]) == ("control", [])
    part = options(flow, table["parts"][0])
    assert part["controls"] == ["bold/control_matrices/control_scene.parquet"]
    assert part["control_id"] == "bold_position"
    for path in (root / "bold/control_matrices").iterdir():
        path.unlink()
    flow, plans = build(root)
    assert "controls" in absent_sources(plans, "bold5000")
    with pytest.raises(RepalignError, match=r"bold5000\.controls") as caught:
        options(flow, table["parts"][0])
    assert "computed" not in str(caught.value), "the workflow computes those of NSD alone"


# ------------------------------------------------------------------ extraction


def test_features_of_picture_files_and_generated_captions_can_be_extracted(root):
    flow, _ = build(root)
    vision = options(flow, f"results/bold5000/features/trained/{MODEL}.h5")
    below = "bold5000_stimuli/Scene_Stimuli/Presented_Stimuli"
    assert (vision["pictures"], vision["below"]) == (f"bold/{below}", [below])
    language = options(flow, f"results/things/features/trained/{LANGUAGE}.h5")
    assert language["captions"] == "results/captions/things-captions-pixtral.csv"
    assert language["dataset"] == "things"
    with pytest.raises(RepalignError, match="`pixtral`"):
        options(flow, "results/things/features/trained/llm_pool-avg_prompt-coco.h5")


def test_extracted_language_models_need_captions_of_the_dataset(root, monkeypatch):
    from repalign.dag import captions, feature_plan

    rows = [(*row[:-1], "yes") for row in ROWS]
    (root / "config/models.tsv").write_text("\n".join("\t".join(r) for r in (REGISTRY, *rows)))
    for path in [*root.glob("*/features/*.h5")]:
        path.unlink()
    monkeypatch.setattr(feature_plan, "models_installed", lambda: True)
    for there in (True, False):
        monkeypatch.setattr(captions, "models_installed", lambda there=there: there)
        assert (THINGS in wanted(root)) == there


# ------------------------------------------------------------------ rows


@pytest.mark.parametrize(
    ("dataset", "analysis", "parameters", "expected"),
    [
        ("bold5000", "rsa_subject_model", "hemispheres=joined;subset=test", "coco, imagenet"),
        ("things", "rsa_subject_model", "hemispheres=joined;subset=coco", "all, train, test"),
        ("nsd", "rsa_subject_model", "hemispheres=joined;subset=test", "animate, inanimate"),
        ("things", "rsa_tokenizers", "hemispheres=joined", "dataset nsd"),
        ("bold5000", "kmcca_projections", "", "dataset nsd"),
        ("bold5000", "rsa_subject_group", "shift=0;hemispheres=joined;subset=coco", "shift"),
    ],
)
def test_rows_that_a_dataset_cannot_have_are_refused(
    tmp_path, dataset, analysis, parameters, expected
):
    path = tmp_path / "derivatives.tsv"
    row = f"{dataset}/t.parquet\t{dataset}\t{analysis}\t{parameters}\tx"
    path.write_text("\n".join(["\t".join(COLUMNS), row]) + "\n")
    with pytest.raises(RepalignError) as caught:
        read_catalogue(path)
    assert expected in caught.value.expected
