"""Generated files follow the settings, and their schema takes what the settings take."""

import json
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa
import pytest
import yaml
from jsonschema import Draft202012Validator

from repalign import describe
from repalign.dag.catalogue import read_catalogue
from repalign.documentation.consequences import CONSEQUENCES, steps_of
from repalign.documentation.dictionary import dictionary_text, layout_of
from repalign.documentation.layouts import from_arrow, from_names
from repalign.documentation.published import LAYOUTS
from repalign.settings import Settings
from repalign.tables.columns import field

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


def test_a_setting_without_its_consequence_is_an_error(monkeypatch):
    monkeypatch.setattr(describe, "consequence_of", lambda key: None)
    with pytest.raises(ValueError, match=r"nsd\.raw: write what changing it does"):
        describe.keys_text()


def test_every_setting_has_its_consequence():
    rows = [line for line in describe.keys_text().splitlines() if line.startswith("| `")]
    settings = [row.split(" | ") for row in rows if row.count(" | ") >= 3]
    assert len(settings) > 300
    assert all(len(cells[-1].removesuffix(" |")) > 20 for cells in settings)


def test_every_pattern_of_the_consequences_fits_a_setting():
    keys = [key for key, _, _ in describe._rows(Settings())]
    for consequence in CONSEQUENCES:
        for pattern in consequence.keys:
            assert any(fnmatchcase(key, pattern) for key in keys), pattern


def test_steps_that_run_again_are_steps():
    names = {path.stem for path in (ROOT / "workflow/scripts").glob("*.py")}
    found = {step for consequence in CONSEQUENCES for step in consequence.reruns}
    assert found <= names


def test_steps_of_other_datasets_are_not_named():
    assert steps_of("things.trial_order") == ["prepare_things_trials", "index_things_stimuli"]


def test_every_file_of_the_catalogue_is_in_the_dictionary():
    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    text = dictionary_text(catalogue)
    for row in catalogue:
        assert f"- `{row.target}`" in text
    assert {layout_of(row) for row in catalogue} == set(LAYOUTS)


def test_every_column_says_what_it_holds():
    for layout in LAYOUTS.values():
        assert len(set(layout.names)) == len(layout.names), layout.title
        for column in layout.columns:
            assert all((column.kind, column.missing, column.meaning)), (layout.title, column)


def test_a_column_without_facts_is_an_error():
    schema = pa.schema([field("new", pa.uint8(), "something new")])
    with pytest.raises(KeyError, match="new"):
        from_arrow(schema, {})


def test_a_text_table_with_another_column_is_an_error():
    with pytest.raises(ValueError, match="described or in the file"):
        from_names(("a", "b"), {"a": ("text", "", "never", "first")})
