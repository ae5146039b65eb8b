"""Settings are checked before any job: all errors at once, with line, nearest name, and bounds."""

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from repalign.errors import RepalignError
from repalign.settings import Settings
from repalign.settings_file import check_settings, read_settings

ROOT = Path(__file__).parents[3]


def keys(value: object, prefix: str = "") -> set[str]:
    """The dotted names of all leaves."""
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if not isinstance(value, dict):
        return {prefix}
    return {leaf for k, v in value.items() for leaf in keys(v, f"{prefix}.{k}")}


def refused(tmp_path: Path, text: str) -> RepalignError:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(RepalignError) as caught:
        read_settings(path)
    return caught.value


def test_nothing_set_means_the_defaults(tmp_path):
    (tmp_path / "config.yaml").write_text("# nothing\n")
    assert read_settings(tmp_path / "config.yaml") == Settings()
    assert check_settings({}) == Settings()
    assert Settings.model_validate(Settings().model_dump()) == Settings()


def test_the_committed_file_has_every_key_and_nothing_else():
    committed = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    found, wanted = keys(committed), keys(Settings())
    # A user's own numbers of sessions are one value.
    assert {k for k in found if not k.startswith(".nsd.sessions.")} | {".nsd.sessions"} == wanted
    read_settings(ROOT / "config/config.yaml")


@pytest.mark.parametrize("section", ["nsd", "rsa", "resources", "storage", "simulate"])
def test_every_key_has_a_meaning(section):
    model = Settings.model_fields[section].annotation
    assert all(field.description for field in model.model_fields.values())


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("rsa:\n  clip_quantil: 0.1\n", "clip_quantile"),
        ("nsd:\n  files:\n    beta: x\n", "betas"),
        ("nds:\n  raw: x\n", "nsd"),
        ("simulate:\n  nsd:\n    seeds: 1\n", "seed"),
        ("resources:\n  memory: 1000\n", "memory_mb"),
    ],
)
def test_unknown_keys_get_the_nearest_name(tmp_path, text, near):
    error = refused(tmp_path, text)
    line = text.count("\n") if not text.startswith("nds") else 1
    assert f"config.yaml:{line}: " in error.found
    assert "unknown key" in error.found
    assert f"did you mean {near!r}?" in error.found


def test_an_unknown_key_without_a_near_name_gets_all_names(tmp_path):
    found = refused(tmp_path, "storage:\n  zzz: true\n").found
    assert "valid keys: keep_sessions, keep_rdms" in found


def test_all_errors_come_at_once_with_their_lines(tmp_path):
    text = (
        "rsa:\n  clip_quantile: 0.5\n  min_trials: 2\nresources:\n  threads: none\nidentiy: full\n"
    )
    found = refused(tmp_path, text).found
    assert found.startswith("4 wrong setting(s)")
    for place in (
        "config.yaml:2: rsa.clip_quantile: 0.5",
        "config.yaml:3: rsa.min_trials: 2",
        "config.yaml:5: resources.threads: 'none'",
        "config.yaml:6: identiy: unknown key; did you mean 'identity'?",
    ):
        assert place in found


@pytest.mark.parametrize(
    "text",
    [
        "rsa:\n  clip_quantile: '0.1'\n",
        "rsa:\n  clip_quantile: true\n",
        "rsa:\n  clip_quantile: .nan\n",
        "rsa:\n  min_trials: 3.5\n",
        "rsa:\n  min_trials: '5'\n",
        "rsa:\n  spearman_ties: Average\n",
        "rsa: null\n",
        "storage:\n  keep_rdms: 1\n",
        "storage:\n  keep_rdms: 'yes'\n",
        "nsd:\n  raw: 5\n",
        "nsd:\n  subjects: 1\n",
        "nsd:\n  subjects: [0]\n",
        "nsd:\n  subjects: [1.5]\n",
        "nsd:\n  subjects: some\n",
        "nsd:\n  sessions: {1: 0}\n",
        "nsd:\n  sessions: {1: 40.5}\n",
        "nsd:\n  sessions: 40\n",
        "nsd:\n  regions: V1\n",
        "nsd:\n  regions: [1]\n",
        "resources:\n  memory_mb: 100\n",
        "resources:\n  threads: 0\n",
    ],
)
def test_values_of_another_type_or_out_of_bounds_are_refused_not_coerced(tmp_path, text):
    error = refused(tmp_path, text)
    assert error.found.startswith("1 wrong setting(s)")
    assert f"config.yaml:{text.count(chr(10))}: " in error.found


def test_a_whole_number_is_a_number(tmp_path):
    assert check_settings({"rsa": {"clip_quantile": 0}}).rsa.clip_quantile == 0


def test_later_files_name_their_own_lines(tmp_path):
    first, second = tmp_path / "config.yaml", tmp_path / "mine.yaml"
    first.write_text("rsa:\n  min_trials: 3\n")
    second.write_text("# mine\n\nrsa:\n  min_trials: 1\n")
    with pytest.raises(RepalignError, match=r"mine\.yaml:4: rsa\.min_trials"):
        check_settings({"rsa": {"min_trials": 1}}, [first, second])


def test_values_of_the_command_line_have_no_line():
    with pytest.raises(RepalignError, match=r"\n    rsa\.min_trials: 1: "):
        check_settings({"rsa": {"min_trials": 1}})


def test_sizes_of_a_simulation_that_contradict_each_other(tmp_path):
    text = "simulate:\n  nsd:\n    sessions: [9]\n"
    assert "config.yaml:2: simulate.nsd: sessions (9,)" in refused(tmp_path, text).found


@pytest.mark.parametrize("content", [None, b"a: [\n", b"\xff\xfe", b"- a\n", b"text\n"])
def test_a_file_that_holds_no_settings_is_said(tmp_path, content):
    path = tmp_path / "config.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RepalignError, match=r"config\.yaml"):
        read_settings(path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("files.betas", "sub-{sub}/{session}.nii.gz", "{sub}; allowed: {subject}, {session}"),
        (
            "files.betas",
            "{subject}/{ses}_{run}.nii",
            "{run}, {ses}; allowed: {subject}, {session}",
        ),
        ("files.betas", "{}/{session}.nii", "allowed: {subject}, {session}"),
        ("files.betas", "{0}.nii", "allowed: {subject}, {session}"),
        ("files.betas", "{subject.__class__}.nii", "allowed: {subject}, {session}"),
        ("files.betas", "{subject:02q}.nii", "allowed: {subject}, {session}"),
        ("files.betas", "{subject:{width}}.nii", "allowed: {subject}, {session}"),
        ("files.betas", "{subject", "allowed: {subject}, {session}"),
        ("files.atlas_left", "{session}.nii", "{session}; allowed: {subject}"),
        ("files.atlas_right", "{subj}.nii", "{subj}; allowed: {subject}"),
        ("files.design", "{subject}.mat", "{subject}; allowed: no placeholders"),
        ("files.stimulus_info", "{x}.csv", "{x}; allowed: no placeholders"),
        ("roi_matrices.responses", "{region}.npy", "{region}; allowed: {subject}, {roi}"),
        ("roi_matrices.stimuli", "{roi}.csv", "{roi}; allowed: no placeholders"),
    ],
)
def test_path_templates_with_other_placeholders_are_refused(tmp_path, key, value, message):
    section, name = key.split(".")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"nsd": {section: {name: value}}}))
    with pytest.raises(RepalignError) as caught:
        read_settings(path)
    assert f"config.yaml:3: nsd.{key}: {value!r}: " in caught.value.found
    assert message in caught.value.found


def test_path_templates_may_leave_placeholders_out_and_format_them():
    files = {"betas": "s{subject}/{session:03d}.nii", "design": "a{{b}}.mat"}
    settings = check_settings({"nsd": {"files": files}})
    assert settings.nsd.files.betas.format(subject=1, session=2) == "s1/002.nii"
