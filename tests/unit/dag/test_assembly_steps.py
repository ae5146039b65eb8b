"""Steps of assemblies: which subjects, sessions and volumes they read, and what is refused."""

from pathlib import Path

import pytest

from repalign.dag.assembly_plan import AssemblyPlan
from repalign.dag.build import build_workflow, targets
from repalign.dag.catalogue import read_catalogue
from repalign.dag.steps import Workflow
from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.settings_file import check_settings

ROOT = Path(__file__).parents[3]
SESSIONS = {1: 4, 2: 3, 3: 2}


@pytest.fixture
def root(tmp_path) -> Path:
    """A project with the betas of three subjects, all of them empty files."""
    for name in ("config/derivatives.tsv", "config/models.tsv", "resources/hcp_mmp1.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    files = Settings().nsd.files
    for subject, sessions in SESSIONS.items():
        names = [files.ncsnr, files.visual_areas, files.streams_left, files.streams_right,
                 files.atlas_1pt8mm]  # fmt: skip
        paths = [name.format(subject=subject) for name in names]
        paths += [
            files.betas_1pt8mm.format(subject=subject, session=k + 1) for k in range(sessions)
        ]
        for path in paths:
            (tmp_path / "raw" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "raw" / path).touch()
    return tmp_path


def settings(**assemblies: object) -> Settings:
    nsd = {"raw": "raw", "source": "other", "sessions": SESSIONS}
    return Settings.model_validate({"nsd": nsd, "assemblies": assemblies})


def flow(root: Path, **assemblies: object) -> Workflow:
    return build_workflow(settings(**assemblies), root)[0]


def inputs(workflow: Workflow, path: str) -> dict[str, object]:
    job = workflow.producer(path)
    assert job is not None
    return dict(job.step.inputs(job.values))


def test_sessions_after_the_first_subject_stopped_are_not_read(root):
    workflow = flow(root, variants={"two": [2, 1]})
    found = inputs(workflow, "results/nsd/assemblies/Allen2022.IT.nc")
    assert found["sessions"] == [
        f"results/nsd/prepared/assembly_sessions/sub-{subject:02d}/ses-{session:02d}.h5"
        for subject in (1, 2, 3)
        for session in (1, 2)
    ]
    found = inputs(workflow, "results/nsd/assemblies_two/Allen2022.V1.nc")
    sessions = found["sessions"]
    assert isinstance(sessions, list)
    assert len(sessions) == 6
    assert found["split"] == "results/nsd/assemblies_two/train_test_split.csv"


def test_all_regions_share_what_is_extracted(root):
    workflow = flow(root)
    of_regions = [
        inputs(workflow, f"results/nsd/assemblies/Allen2022.{region}.nc")["sessions"]
        for region in ("V1", "V2", "V4", "IT")
    ]
    assert all(sessions == of_regions[0] for sessions in of_regions)


def test_a_missing_session_is_named(root):
    gone = Settings().nsd.files.betas_1pt8mm.format(subject=1, session=2)
    (root / "raw" / gone).unlink()
    workflow = flow(root)
    path = "results/nsd/prepared/assembly_sessions/sub-01/ses-02.h5"
    job = workflow.producer(path)
    assert job is not None
    with pytest.raises(RepalignError, match=r"session\(s\) \[2\] of subject 1 missing") as caught:
        job.step.external(job.values)
    assert caught.value.where.endswith(gone)
    # A session that the subject never had is said, too.
    job = workflow.producer(path.replace("ses-02", "ses-09"))
    assert job is not None
    with pytest.raises(RepalignError, match="1 to 4 without a gap"):
        job.step.external(job.values)


def test_definitions_of_it(root):
    for definition, n_volumes, labels in (
        ("streams5", 2, [5]),
        # FFC, PHA1, PHA3, TE1p, TE2p, VMV3, PHA2, VMV2, VVC by their HCP-MMP1 numbers.
        ("glasser9", 1, [18, 126, 127, 133, 136, 154, 155, 160, 163]),
    ):
        plan = AssemblyPlan(build_workflow(settings(it_definition=definition), root)[1].nsd)
        volumes, found = plan.ventral(2)
        assert len(volumes) == n_volumes
        assert all((root / volume).is_file() for volume in volumes)
        assert found == labels


def test_regions_are_those_of_the_settings(root):
    workflow = flow(root, visual_areas={"V3": [5, 6]})
    assert workflow.producer("results/nsd/assemblies/Allen2022.V3.nc") is not None
    assert workflow.producer("results/nsd/assemblies/Allen2022.IT.nc") is not None
    assert workflow.producer("results/nsd/assemblies/Allen2022.V1.nc") is None


def test_there_may_be_no_further_set(root):
    """An expression of no characters would mean any to Snakemake, and at least one."""
    workflow = flow(root, variants={})
    assert workflow.constraints["variant"]
    assert workflow.producer("results/nsd/assemblies/Allen2022.V1.nc") is not None
    assert workflow.producer("results/nsd/assemblies_4subj/Allen2022.V1.nc") is None


def test_subjects_that_the_run_does_not_cover(root):
    workflow = flow(root)
    job = workflow.producer("results/nsd/assemblies_4subj/Allen2022.V1.nc")
    assert job is not None
    with pytest.raises(RepalignError, match=r"subject\(s\) \[5, 7\]"):
        job.step.inputs(job.values)
    job = flow(root, subjects=[1, 9]).producer("results/nsd/assemblies/Allen2022.V1.nc")
    assert job is not None
    with pytest.raises(RepalignError, match=r"subject\(s\) \[9\]"):
        job.step.params(job.values)


def test_what_cannot_be_made_is_no_target(root):
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")

    def wanted(**assemblies: object) -> set[str]:
        workflow, plans = build_workflow(settings(**assemblies), root)
        return {path for path in targets(workflow, plans, catalogue) if "/assemblies" in path}

    regions = {f"results/nsd/assemblies/Allen2022.{name}.nc" for name in ("V1", "V2", "V4", "IT")}
    assert regions < wanted()
    assert not any("4subj" in path for path in wanted())
    # The pictures are not there.
    assert not any("stimulus_" in path or "packages" in path for path in wanted())
    (root / "raw/nsd_stimuli.hdf5").touch()
    assert len(wanted()) == 10
    assert len(wanted(variants={"4subj": [1, 2]})) == 20
    (root / "raw" / Settings().nsd.files.ncsnr.format(subject=1)).unlink()
    assert not wanted()


def test_region_matrices_have_no_assemblies(root):
    found = Settings.model_validate({"nsd": {"raw": "raw", "layout": "roi_matrices"}})
    workflow, plans = build_workflow(found, root)
    assert workflow.producer("results/nsd/assemblies/Allen2022.V1.nc") is None
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    assert not [path for path in targets(workflow, plans, catalogue) if "/assemblies" in path]


@pytest.mark.parametrize(
    "wrong",
    [
        {"visual_areas": {"IT": [5]}},
        {"visual_areas": {}},
        {"visual_areas": {"V1": []}},
        {"visual_areas": {"V 1": [1]}},
        {"variants": {"a/b": [1]}},
        {"variants": {"a": []}},
        {"train_share": 1.0},
        {"it_definition": "glasser"},
        {"global_zscore": "train"},
        {"subjects": [0]},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(RepalignError, match="assemblies"):
        check_settings({"assemblies": wrong}, ["config.yaml"])
