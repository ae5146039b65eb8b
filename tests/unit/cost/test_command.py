"""The command line of `repalign cost`: what it refuses, before anything is planned."""

import pytest

from repalign import cli


def test_it_is_asked_in_a_project_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["cost", "results/x.parquet"]) == 1
    error = capsys.readouterr().err
    assert "workflow/Snakefile" in error
    assert "project folder" in error


@pytest.mark.parametrize("cores", ["0", "-1", "many"])
def test_a_wrong_number_of_cores_shows_the_usage(cores, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["cost", "--cores", cores])
    assert caught.value.code == 2
    assert "--cores" in capsys.readouterr().err


def test_without_snakemake_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    import sys

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "snakemake.api", None)
    assert cli.main(["cost"]) == 1
    assert "repalign[workflow]" in capsys.readouterr().err


def test_a_table_needs_projects_with_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["cost", "--calibrate", "elsewhere"]) == 1
    assert "elsewhere/config/config.yaml" in capsys.readouterr().err
