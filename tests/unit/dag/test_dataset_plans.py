"""What a run of BOLD5000 and THINGS-fMRI covers, and what their steps read."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from repalign.dag.bold5000 import bold5000_steps
from repalign.dag.dataset_plan import Bold5000Plan, ThingsPlan
from repalign.dag.prepared import prepared_steps
from repalign.dag.things import things_steps
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.simulate.other_settings import Bold5000Simulation, ThingsSimulation
from repalign.simulate.truth import write_dataset_manifest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def root(tmp_path) -> Path:
    """A project whose raw folders are there but empty."""
    for name in ("raw", "resources"):
        (tmp_path / name).mkdir()
    (tmp_path / "resources/hcp_mmp1.tsv").write_bytes(
        (ROOT / "resources/hcp_mmp1.tsv").read_bytes()
    )
    return tmp_path


def bold5000(root: Path, **own) -> Bold5000Plan:
    return Bold5000Plan(Settings.model_validate({"bold5000": {"raw": "raw", **own}}), root)


def things(root: Path, **own) -> ThingsPlan:
    return ThingsPlan(Settings.model_validate({"things": {"raw": "raw", **own}}), root)


def test_real_data_have_the_published_sessions(root):
    assert bold5000(root).source == things(root).source == "real"
    assert bold5000(root).sessions == {1: 15, 2: 15, 3: 15, 4: 9}
    assert things(root).sessions == {1: 12, 2: 12, 3: 12}
    assert bold5000(root, subjects=[4, 1]).sessions == {1: 15, 4: 9}
    assert bold5000(root, sessions={2: 3}).sessions == {2: 3}
    assert things(root, regions=["MST"]).regions == [2, 182]


@pytest.mark.parametrize(
    ("plan", "own", "where"),
    [
        (bold5000, {"subjects": [5]}, "bold5000.subjects"),
        (things, {"subjects": [4]}, "things.subjects"),
        (things, {"regions": ["V99"]}, "things.regions"),
    ],
)
def test_what_the_dataset_lacks_is_refused_by_its_own_key(root, plan, own, where):
    with pytest.raises(RepalignError) as caught:
        _ = plan(root, **own).sessions, plan(root, **own).regions
    assert caught.value.where == where


def test_sessions_of_a_simulation_are_its_own(root):
    write_dataset_manifest(root / "raw", "bold5000", Bold5000Simulation(), {"1": 3, "2": 2})
    assert bold5000(root).source == "simulated"
    assert bold5000(root).sessions == {1: 3, 2: 2}
    with pytest.raises(RepalignError, match="a simulation of bold5000"):
        _ = things(root).source
    write_dataset_manifest(root / "raw", "things", ThingsSimulation(seed=5), {"1": 3})
    with pytest.raises(RepalignError, match="other values of seed"):
        _ = things(root).sessions


@pytest.mark.parametrize(
    ("letter", "name"),
    [("A", "TYPEA-ASSUMEHRF"), ("D", "TYPED-FITHRF-GLMDENOISE-RR")],
)
def test_betas_are_found_by_their_type_and_missing_ones_named(root, letter, name):
    plan = bold5000(root, beta_type=letter)
    step = {step.name: step for step in bold5000_steps(plan)}["extract_bold5000_session"]
    path = f"raw/bold5000/CSI4_GLMbetas-{name}_ses-09.nii.gz"
    wildcards = {"subject": "04", "session": "09"}
    with pytest.raises(RepalignError) as caught:
        step.external(wildcards)
    assert caught.value.where == path
    assert "session 9 of subject 4" in caught.value.found
    (root / "raw/bold5000").mkdir()
    (root / path).touch()
    assert step.external(wildcards) == {"betas": path}
    assert step.params(wildcards)["non_finite"] == "zero"


def test_events_stand_in_for_lists_and_metadata_and_must_be_there(root):
    assert bold5000(root).trial_order()["events"] == []
    assert things(root, subjects=[2]).trial_order() == {
        "metadata": ["raw/betas_csv/betas_csv/sub-02_StimulusMetadata.csv"],
        "events": [],
    }
    for plan, name in (
        (bold5000, "sub-CSI1/ses-01/func/sub-CSI1_ses-01_task-5000scenes_run-01_events.tsv"),
        (things, "sub-01/ses-things01/func/sub-01_ses-things01_task-things_run-01_events.tsv"),
    ):
        with pytest.raises(RepalignError, match="no sub-"):
            plan(root, trial_order="events").trial_order()
        path = root / "raw/events" / name
        path.parent.mkdir(parents=True)
        path.touch()
        path.with_name(path.name.replace("task-", "task-localizer")).touch()
        found = plan(root, trial_order="events").trial_order()
        assert found["events"] == [f"raw/events/{name}"]


def test_hemispheres_are_options_of_each_subject(root):
    plan = things(root, midline={1: 35.5, 2: 36.0}, subjects=[1, 2], left_side="upper")
    step = {step.name: step for step in things_steps(plan)}["extract_things_responses"]
    params = step.params({"subject": "01"})
    assert (params["midline"], params["left_side"]) == (35.5, "upper")
    assert params["hemisphere_numbering"] == "canonical"
    with pytest.raises(RepalignError, match="subject 3"):
        step.external({"subject": "03"})
    with pytest.raises(ValidationError, match=r"no midline of subject\(s\) \[2\]"):
        things(root, midline={1: 35.5}, subjects=[1, 2])


def test_steps_of_all_datasets_are_made_of_each_ones_plan(root):
    plans = [bold5000(root), things(root, regions=["V1"])]
    steps = {step.name: step for step in prepared_steps(plans)}
    assert steps["build_regions"].params({"dataset": "things"})["regions"] == [1, 181]
    quality = steps["summarise_quality"].inputs({"dataset": "bold5000"})["responses"]
    assert quality == [f"results/bold5000/prepared/responses/sub-0{s}" for s in range(1, 5)]
    gathered = steps["gather_responses"].inputs({"scanned": "bold5000", "subject": "04"})
    assert len(gathered["sessions"]) == 9
    assert gathered["atlas"] == "results/bold5000/prepared/atlas/sub-04.nii.gz"


def test_indexes_are_left_out_where_their_sources_are_not_there(root):
    files = Settings().bold5000.files
    assert not bold5000(root).can_index()
    (root / "raw" / files.lists).mkdir(parents=True)
    assert not bold5000(root).can_index()
    (root / "raw" / files.images).mkdir(parents=True)
    assert bold5000(root).can_index()
    assert not bold5000(root, trial_order="events").can_index()
    own = Settings().things.files
    (root / "raw" / own.images).mkdir(parents=True)
    for name in (own.concepts, own.memberships, own.tags, own.stimulus_metadata):
        assert not things(root).can_index()
        path = root / "raw" / name.format(subject=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert things(root).can_index()
    assert not things(root, trial_order="events").can_index()


SPACE = {"atlas_space": "MNI152NLin2009aAsym"}


def atlas_steps(root: Path, **own) -> dict:
    """The steps of the atlas, where subject 1 has betas."""
    betas = root / "raw/bold5000/CSI1_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-01.nii.gz"
    betas.parent.mkdir(exist_ok=True)
    betas.touch()
    steps = {step.name: step for step in bold5000_steps(bold5000(root, **own))}
    return {name: step for name, step in steps.items() if name.endswith("_atlas")}


def test_a_supplied_atlas_is_a_file_and_needs_no_registration(root):
    steps = atlas_steps(root)
    assert list(steps) == ["relabel_bold5000_atlas"]
    (relabel,) = steps.values()
    assert relabel.inputs({"subject": "01"}) == {}
    supplied = "raw/preprocessed/atlas/subj-01_HCP_atlas_func_360.nii.gz"
    assert relabel.external({"subject": "01"}) == {"atlas": supplied}


def test_an_atlas_made_by_fsl_feeds_the_same_step(root):
    steps = atlas_steps(root, atlas="fsl", registration={**SPACE, "bold_dof": 6})
    relabel, register = steps["relabel_bold5000_atlas"], steps["register_bold5000_atlas"]
    made = register.output.format(subject="01")
    assert relabel.inputs({"subject": "01"}) == {"atlas": made}
    assert relabel.external({"subject": "01"}) == {}
    assert register.external({"subject": "01"}) == {
        "t1": "raw/anat/sub-CSI1_T1w.nii.gz",
        "bold": "raw/func/sub-CSI1_bold.nii.gz",
        "betas": "raw/bold5000/CSI1_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-01.nii.gz",
        "atlas": "raw/atlas/HCP-MMP1_on_MNI152.nii.gz",
        "template": [],
        "template_brain": [],
    }
    params = register.params({"subject": "01"})
    assert (params["bold_dof"], params["atlas_space"]) == (6, "MNI152NLin2009aAsym")
    with pytest.raises(RepalignError, match="subject 7"):
        register.external({"subject": "07"})


def test_a_template_of_ones_own_is_an_input(root):
    own = {"template": "t.nii.gz", "template_brain": "b.nii.gz"}
    own |= {"template_space": "MNI152NLin2009aAsym", **SPACE}
    register = atlas_steps(root, atlas="fsl", registration=own)["register_bold5000_atlas"]
    external = register.external({"subject": "01"})
    assert (external["template"], external["template_brain"]) == (
        ["raw/t.nii.gz"],
        ["raw/b.nii.gz"],
    )


@pytest.mark.parametrize(
    ("registration", "part"),
    [
        ({}, "needs registration.atlas_space"),
        ({"atlas_space": "MNI305"}, "MNI152NLin6Asym"),
        ({**SPACE, "template": "t.nii.gz"}, "belong together"),
        ({**SPACE, "template_space": "MNI152NLin2009cAsym"}, "FSL's own template is in"),
        ({**SPACE, "bold_dof": 8}, "bold_dof"),
        ({**SPACE, "bold_fraction": 1.0}, "less than 1"),
    ],
)
def test_a_registration_without_known_spaces_is_refused(root, registration, part):
    with pytest.raises(ValidationError, match=part):
        bold5000(root, atlas="fsl", registration=registration)
