"""One step, one rule, one script: what each says fits the others."""

import argparse
import ast
import importlib.util
import re
from pathlib import Path

import pytest

import repalign.options
from repalign import scripting
from repalign.dag.brain_figures import brain_figures
from repalign.dag.catalogue import read_catalogue
from repalign.dag.fingerprint import named_part
from repalign.dag.plans import Plans
from repalign.dag.steps import Step, Workflow
from repalign.dag.table_maker import TABLES
from repalign.documentation.consequences import steps_of
from repalign.options import OPTIONS
from repalign.provenance.methods import ON_DEVICE
from repalign.settings import Settings
from repalign.tables import paths
from repalign.tables.hubs import HUBS, control_names

from ...every_step import SCANS, build

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "workflow/scripts"
RULE = re.compile(r"^( *)rule (\w+):\n((?:\1[ ]+.*\n|\n)+)", re.MULTILINE)
LABELS = re.compile(r"category=SECTIONS\[(.+?)\].*?labels=(\{.+?\}),\n", re.DOTALL)
COMPUTED = "results/nsd/control_matrices/control_{}.parquet"
OF_THE_RULE = {"output", "spec", "threads"}
"""Options that the rule's own command line gives."""


@pytest.fixture(scope="module")
def workflows(tmp_path_factory) -> list[Workflow]:
    root = tmp_path_factory.mktemp("rules")
    own = ("raw", "coco_instances", "computed")
    kinds = [("raw",), ("raw", "detr"), ("roi_matrices",), own, (*own, "fsl")]
    return [build(root, *kind) for kind in kinds]


@pytest.fixture(scope="module")
def steps(workflows) -> dict[str, tuple[Workflow, Step]]:
    return {name: (flow, step) for flow in workflows for name, step in flow.steps.items()}


def rules() -> dict[str, str]:
    """The text of every rule of a step, by its name."""
    found = {}
    for file in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for _, name, body in RULE.findall(file.read_text()):
            assert name not in found, f"{name} twice"
            found[name] = body
    return found


def parser(name: str) -> argparse.ArgumentParser:
    """The parser of a script, which is imported for it."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: argparse.ArgumentParser = module.parser()
    return made


OTHERS = ("bold5000", "things", "laion")
ALIGNED = (paths.ALIGNED_EMBEDDING, paths.ALIGNED_CAPTIONS, paths.ALIGNED_MASKS)
RETRIEVE = "retrieve_"
"""What the rules that fetch data, and their script, start with; they are no steps."""
NAMES = sorted(p.stem for p in SCRIPTS.glob("*.py") if not p.stem.startswith(RETRIEVE))


def dataset_of(wildcard: str) -> str:
    """The dataset that has files of an analysis."""
    owners = {
        "rsa_subject_subject_sessions": "bold5000",
        "rsa_images": "laion",
        "rsa_image_pairs": "mouse",
        "neuron_ceilings": "mouse",
    }
    return owners.get(wildcard, "nsd")


WILDCARDS = {
    "dataset": "nsd", "subject": "01", "partner": "02", "subject_i": "01", "subject_j": "02",
    "session": "01", "role": "x", "shift": "1", "hemispheres": "joined", "comparison": "pearson",
    "vectors": "rdms", "subset": "animate", "partition": "animate", "model": "vit_pool-cls",
    "weights": "trained", "vision_model": "vit_pool-avg",
    "language_model": "llm_pool-avg_prompt-coco", "source": "coco", "question": "motion",
    "control": "scene", "prompt": "caption", "image_set": "bold5000", "captioned": "bold5000",
    "scanned": "bold5000", "stimulus_set": "coco", "permutations": "100", "block": "00",
    "seed": "0", "variant": "", "region": "IT", "split": "train", "figure": "rdms",
    "measure": "vision", "extent": "top", "halves": "areas",
    "hierarchy": "hubs", "connectivity": "shifts", "network": "brain", "map": "depth",
    "label": "CLIP", "embedding": "CLIP", "laion_set": "main",
    "scan": "21067-10-18", "export": "part",
    "hcp_table": "metadata/hcp", "words": "words", "tokenizer": "llm",
    **{
        f"{wildcard}_table": row.name
        for wildcard, analyses in TABLES.items()
        for row in read_catalogue(ROOT / "config/derivatives.tsv")
        if row.analysis == analyses[0] and row.dataset == dataset_of(wildcard)
    },
}  # fmt: skip


def values_of(step: Step) -> dict[str, str]:
    """Values of the wildcards of a step."""
    names = re.findall(r"\{(\w+)\}", step.output)
    table = next((name for name in names if name.endswith("_table")), "")
    chosen = {**WILDCARDS, "dataset": dataset_of(table.removesuffix("_table"))}
    return {name: chosen[name] for name in names}


def test_each_step_has_one_rule_and_one_script(steps):
    assert sorted(steps) == NAMES
    assert sorted(name for name in rules() if not name.startswith(RETRIEVE)) == NAMES


def test_data_are_fetched_by_rules_that_are_asked_for_by_name():
    """They are inputs of nothing, have no outputs, and are the only ones to run their script."""
    found = {name: body for name, body in rules().items() if name.startswith(RETRIEVE)}
    assert len(found) == 6
    for name, body in found.items():
        assert not re.search(r"^\s+(input|output|benchmark|threads):", body, re.MULTILINE)
        assert f'command=retrieval("{name.removeprefix(RETRIEVE)}")' in body
        assert re.search(r"conda:\s+ENVIRONMENT", body)
        assert re.search(rf'log:\s+"logs/{name}.log"', body)
    texts = [p.read_text() for p in (ROOT / "workflow/rules").glob("*.smk")]
    texts.append((ROOT / "workflow/Snakefile").read_text())
    assert not any(re.search(r"rules\.retrieve_|\buse rule\b", text) for text in texts)


def test_every_included_file_exists_and_every_file_is_included():
    text = (ROOT / "workflow/Snakefile").read_text()
    included = set(re.findall(r'include: "rules/(\w+\.smk)"', text))
    assert included == {path.name for path in (ROOT / "workflow/rules").glob("*.smk")}


@pytest.mark.parametrize("name", NAMES)
def test_options_of_the_step_are_those_of_its_script(steps, name):
    _, step = steps[name]
    values = values_of(step)
    groups = [step.inputs(values), step.external(values), step.params(values), step.limits]
    passed = [option for group in groups for option in group]
    assert len(set(passed)) == len(passed), "an option twice hides one of its values"
    assert not set(passed) & OF_THE_RULE
    actions = [a for a in parser(name)._actions if a.dest != "help"]
    accepted = {action.dest for action in actions}
    required = {action.dest for action in actions if action.required}
    assert set(passed) <= accepted
    assert required <= set(passed) | OF_THE_RULE | set(step.extra_outputs)
    # What the script takes, it gets from the workflow: a default would be a hidden setting.
    hidden = accepted - set(passed) - OF_THE_RULE - set(step.extra_outputs)
    assert hidden <= {"source"}


class Recording(dict[str, dict[str, object]]):
    """The common options, which remember what is asked of them."""

    def __init__(self) -> None:
        super().__init__(OPTIONS)
        self.taken: set[str] = set()

    def __getitem__(self, name: str) -> dict[str, object]:
        self.taken.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_fingerprint_of_a_script_covers_the_common_options_that_it_takes(name, monkeypatch):
    options = Recording()
    monkeypatch.setattr(scripting, "OPTIONS", options)
    parser(name)
    text = (SCRIPTS / f"{name}.py").read_text()
    kept = named_part(ast.parse(Path(repalign.options.__file__).read_text()), ast.parse(text))
    keys = {
        key.value
        for node in kept.body
        if isinstance(value := getattr(node, "value", None), ast.Dict)
        for key in value.keys
        if isinstance(key, ast.Constant)
    }
    assert options.taken <= keys


@pytest.mark.parametrize("name", NAMES)
def test_the_command_of_a_step_can_be_parsed(steps, name):
    """Types, choices and numbers of values fit, too."""
    import shlex

    flow, step = steps[name]
    values = values_of(step)
    outputs = [f"--{option}=x" for option in step.outputs()]
    words = shlex.split(flow.arguments(flow.job(name, values)))
    options = vars(parser(name).parse_args([*words, *outputs, "--spec", "{}", "--threads", "2"]))
    for key, value in step.params(values).items():
        assert options[key] == value


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_says_what_every_rule_must(steps, name):
    body = rules()[name]
    _, step = steps[name]
    assert re.search(r'^\s+"""\w.+\."""', body), "a docstring"
    for line in (
        f'log_of(FLOW["{name}"].output)',
        "ENVIRONMENT",
        f'spec=spec("{name}")',
        f'command=command("{name}")',
    ):
        assert line in body
    assert re.search(r"conda:\s+(MODELS_|FSL_)?ENVIRONMENT", body)
    assert re.search(r"resources:\s+mem_mb=[\w.]+,\s+runtime=\d+,", body)
    assert re.search(rf'shell:\s+run\("{name}"\)\n', body)
    assert set(re.findall(r'\b(?:FLOW\[|spec\(|command\(|inputs\(|run\()"(\w+)"', body)) == {name}
    assert body.count("].output,") + body.count("].output)") >= 2
    # `--resources gpu=1` and clusters know of a GPU by this alone.
    on_device = "device" in step.params(values_of(step)) or "device" in step.limits
    assert on_device == ("gpu=GPU" in body)
    for option in step.extra_outputs:
        assert f'extra_outputs["{option}"]' in body
    # Also where there are none: asking for them is when damaged outputs are found.
    assert f'unpack(inputs("{name}"))' in body


def test_documents_know_the_steps_that_use_a_gpu():
    on_device = {name for name, body in rules().items() if "gpu=GPU" in body}
    texts = {name for name in on_device if name.startswith("describe_")}
    assert set(ON_DEVICE) == on_device - texts
    assert set(steps_of("resources.device")) == on_device


@pytest.mark.parametrize("name", NAMES)
def test_folders_are_declared_as_folders(steps, name):
    _, step = steps[name]
    is_folder = not Path(step.output).suffix
    assert is_folder == bool(re.search(r"(directory|RDM_FOLDER)\(", rules()[name]))


def test_every_figure_has_a_line_of_its_own_in_the_report(steps):
    """A second label is taken for a switch where it halves a section, and then a page is empty."""
    lines = []
    for name, body in rules().items():
        for section, labels in LABELS.findall(body):
            label = re.fullmatch(r'\{"figure": "([^"]+)"\}', labels)
            assert label, f"{name}: one label, `figure`, and not {labels}"
            lines.append((section, label[1]))
            wildcards = set(re.findall(r"\{(\w+)\}", steps[name][1].output))
            below = set(re.findall(r'subcategory="\{(\w+)\}"', body))
            assert wildcards - below == set(re.findall(r"\{(\w+)\}", label[1])), name
    assert len(lines) == sum(body.count("report(") for body in rules().values())
    assert len(set(lines)) == len(lines)


def test_no_rule_runs_python_inside_snakemake():
    for file in [ROOT / "workflow/Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]:
        assert not re.search(r"^\s+(run|script|notebook|wrapper):", file.read_text(), re.MULTILINE)


def test_every_wildcard_is_constrained(workflows):
    for flow in workflows:
        for step in flow.steps.values():
            for pattern in step.outputs().values():
                assert set(re.findall(r"\{(\w+)\}", pattern)) <= set(flow.constraints)


def test_every_step_is_reached_from_a_target(workflows):
    from repalign.dag.build import figures
    from repalign.dag.steps import as_list

    catalogue = read_catalogue(ROOT / "config/derivatives.tsv")
    for flow in workflows:
        pending = [*(row.target for row in catalogue), *figures(catalogue)]
        pending = [path for path in pending if flow.producer(path)]
        pending += brain_figures(Plans.of(Settings()), catalogue)
        pending += map(COMPUTED.format, control_names(tuple(HUBS)))
        if flow.producer("results/nsd/curated_3mm/trials.parquet"):
            pending.append("results/nsd/curated_3mm/sub-01.nii.gz")
        pending += [paths.QUALITY.format(dataset=dataset) for dataset in OTHERS]
        pending += [path.format(subject="01", embedding="CLIP") for path in ALIGNED]
        pending += [paths.MOUSE_STATISTICS.format(scan=SCANS[0])]
        pending += [paths.MOUSE_ASSEMBLIES.format(scan=SCANS[0])]
        pending += [paths.PROVENANCE]
        pending += [paths.MOUSE_EXPORT.format(export="part")]
        seen = set()
        while pending:
            job = flow.producer(pending.pop())
            assert job is not None
            if job in seen:
                continue
            seen.add(job)
            pending += [p for ps in job.step.inputs(job.values).values() for p in as_list(ps)]
        assert {job.step.name for job in seen} == set(flow.steps)


def test_patterns_of_the_steps_come_from_one_place(workflows):
    known = {value for value in vars(paths).values() if isinstance(value, str)}
    for flow in workflows:
        for step in flow.steps.values():
            shape = re.sub(
                r"results/(nsd|bold5000|things|laion|mouse)/", "results/{dataset}/", step.output
            )
            shape = re.sub(r"\{\w+_table\}(?!\.csv)", "{table}", shape)
            shape = re.sub(r"\{(partition|stimulus_set|laion_set)\}", "{subset}", shape)
            shape = re.sub(r"\{(vision|language)_model\}", "{model}", shape)
            shape = re.sub(r"(?<=datasets/)(bold5000|things)(?=/)", "{dataset}", shape)
            shape = re.sub(r"\{(image_set|captioned|scanned)\}", "{dataset}", shape)
            shape = shape.replace("stimulus_index.csv", "stimulus_index")
            shape = shape.replace("validation.html", "validation")
            shape = shape.replace("texts/caption.csv", "texts/{prompt}.csv")
            shape = shape.replace("{variant}_train_", "{variant}_{split}_")
            own = {shape, *(shape.replace("{dataset}", name) for name in ("laion", "mouse"))}
            assert own & known or step.output.startswith(paths.NSD_INDEX)
