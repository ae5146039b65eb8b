"""Captions become text without loose ends, whatever the settings are."""

import re
from collections import defaultdict
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined

from repalign.dag.alignment_figures import alignment_constraints
from repalign.dag.assembly_plan import FIGURES
from repalign.dag.brain_figures import brain_figure_constraints
from repalign.dag.table_maker import TABLES

REPORT = Path(__file__).parents[3] / "workflow/report"
RULES = Path(__file__).parents[3] / "workflow/rules"
CAPTIONS = sorted(path for path in REPORT.glob("*.rst") if path.stem != "workflow")
SPECS = [
    "{}",
    '{"comparison":"spearman","source":"simulated","shift":0,"hemispheres":"separated"}',
    '{"comparison":"pearson","source":"simulated","shift":1,"test":"welch","distance":"jaccard"}',
    '{"source":"real","distance":"correlation_freq"}',
]


def rendered(path: Path, **things: object) -> str:
    """The HTML of a page, made as Snakemake makes it."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)  # noqa: S701
    source = environment.from_string(path.read_text(encoding="utf-8")).render(**things)
    strict = {"halt_level": 2, "report_level": 2}
    html: str = publish_parts(source, writer="html", settings_overrides=strict)["html_body"]
    return html


CHOICES = {
    "figure": FIGURES,
    **{
        name: tuple(pattern.replace("\\", "").split("|"))
        for name, pattern in (alignment_constraints() | brain_figure_constraints()).items()
    },
}
"""What wildcards of figures may be; those of tables are not asked for."""


class Inputs(dict[str, str]):
    """Inputs as Snakemake hands them over: by attribute, or by `get`."""

    def __getattr__(self, name: str) -> str:
        return self[name]


def names_in(path: Path, what: str) -> set[str]:
    """The wildcards or inputs that the text uses; that rules have them is tested below."""
    text = path.read_text(encoding="utf-8")
    return set(re.findall(rf"snakemake\.{what}\.(\w+)", text)) - {"get"}


def variants() -> list[tuple[Path, dict[str, str]]]:
    """Every caption with every choice of its wildcards."""
    found = []
    for path in CAPTIONS:
        names = sorted(names_in(path, "wildcards"))
        values = [CHOICES.get(name, (name,)) for name in names]
        found += [(path, dict(zip(names, chosen, strict=True))) for chosen in product(*values)]
    return found


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize(
    ("path", "wildcards"),
    variants(),
    ids=lambda x: x.stem if isinstance(x, Path) else "-".join(x.values()),
)
def test_a_caption_is_whole(path, wildcards, spec):
    inputs = Inputs({name: f"results/nsd/{name}.parquet" for name in names_in(path, "input")})
    snakemake = SimpleNamespace(
        params={"spec": spec},
        config=defaultdict(dict),
        wildcards=SimpleNamespace(**wildcards),
        input=inputs,
    )
    html = rendered(path, snakemake=snakemake)
    text = html.replace("<tt", "").replace("</tt", "")
    for loose in ("**", "``", "{%", "{{", "problematic", "None"):
        assert loose not in text, loose
    assert ("recordings are simulated" in html) == ('"simulated"' in spec)
    assert "How to read it." in html


@pytest.mark.parametrize("path", CAPTIONS, ids=lambda path: path.stem)
def test_the_rule_of_a_caption_has_its_wildcards(path):
    known = {f"{name}_table" for name in TABLES} | {"dataset", "variant", *CHOICES}
    assert names_in(path, "wildcards") <= known, path
    used = [f for f in RULES.glob("*.smk") if f'"../report/{path.name}"' in f.read_text()]
    assert used, "no rule shows it"


@pytest.mark.parametrize("datasets", [[], [{"title": "A", "raw": "a", "source": "real"}]])
def test_the_first_page_is_whole(datasets):
    config = {"datasets_of_report": datasets, "nsd": {"subjects": [1]}}

    class Name(str):
        """A section as Snakemake hands it over."""

        @property
        def name(self) -> str:
            return str(self)

    html = rendered(
        REPORT / "workflow.rst",
        snakemake=SimpleNamespace(config=config),
        categories={Name("1 One"): {"x": [1, 2]}},
    )
    assert "<td>1 One</td>" in html.replace("\n", "")
    assert "<td>2</td>" in html.replace("\n", "")
    assert ("<td>A</td>" in html.replace("\n", "")) == bool(datasets)
    assert ("The datasets are those of the settings below" in html) == (not datasets)
    assert html.count("<table") == (3 if datasets else 2)
