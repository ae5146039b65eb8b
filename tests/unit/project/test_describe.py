"""Generated files follow the settings, and their schema takes what the settings take."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from repalign import describe
from repalign.settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", describe.generated(), ids=lambda p: str(p.relative_to(ROOT)))
def test_generated_files_are_current(path):
    assert path.read_text(encoding="utf-8") == describe.generated()[path], "run `make docs`"


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = (ROOT / "workflow/schemas/settings.schema.json").read_text(encoding="utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def test_the_schema_takes_the_committed_settings(schema):
    text = (ROOT / "config/config.yaml").read_text(encoding="utf-8")
    assert not list(schema.iter_errors(yaml.safe_load(text)))


@pytest.mark.parametrize(
    "values",
    [
        {"rsa": {"clip_quantil": 0.1}},
        {"rsa": {"clip_quantile": 0.5}},
        {"nds": {}},
        {"nsd": {"subjects": "some"}},
        {"resources": {"threads": 0}},
    ],
)
def test_the_schema_refuses_what_the_settings_refuse(schema, values):
    assert list(schema.iter_errors(values))
    with pytest.raises(ValueError, match="validation error"):
        Settings.model_validate(values)


def test_the_generated_settings_are_the_defaults():
    values = yaml.safe_load(describe.config_text())
    assert Settings.model_validate(values) == Settings()


def test_every_key_is_explained():
    text = describe.keys_text()
    assert "`rsa.clip_quantile` | `0.003`" in text
    assert "`simulate.nsd.seed`" in text
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert all(line.count(" | ") >= 1 and not line.endswith("|  |") for line in rows)


def test_check_names_what_is_out_of_date_and_changes_nothing(tmp_path, monkeypatch, capsys):
    path = tmp_path / "keys.md"
    path.write_text("old")
    monkeypatch.setattr(describe, "ROOT", tmp_path)
    monkeypatch.setattr(describe, "generated", lambda: {path: "new"})
    assert describe.main(["--check"]) == 1
    assert "keys.md is out of date" in capsys.readouterr().err
    assert path.read_text() == "old"
    assert describe.main([]) == 0
    assert path.read_text() == "new"
    assert describe.main(["--check"]) == 0


@pytest.mark.parametrize("spoil", [describe.BEGIN, describe.END])
def test_a_readme_without_its_marks_is_not_overwritten(tmp_path, monkeypatch, spoil):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/derivatives.tsv").write_bytes(
        (ROOT / "config/derivatives.tsv").read_bytes()
    )
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(text.replace(spoil, ""), encoding="utf-8")
    monkeypatch.setattr(describe, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"README\.md"):
        describe.generated()
