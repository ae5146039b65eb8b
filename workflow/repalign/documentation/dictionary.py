"""The data dictionary: every published file, and every column of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from repalign.dag.catalogue import Derivative
from repalign.documentation import facts
from repalign.documentation.layouts import Layout, from_pandera, section
from repalign.documentation.published import LAYOUTS
from repalign.tables import schemas

_OF_DATASET: dict[str, Callable[[Derivative], str]] = {
    "captions": lambda row: (
        "captions_coco" if row.parameters["source"] == "coco" else f"captions_{row.dataset}"
    ),
    "caption_index": lambda row: (
        "caption_index_things" if row.dataset == "things" else f"captions_{row.dataset}"
    ),
    "image_list": lambda row: f"image_list_{row.dataset}",
    "trial_index": lambda row: f"trial_index_{row.dataset}",
    "rsa_subject_model": lambda row: (
        "rsa_subject_model_others" if row.dataset in ("bold5000", "things") else row.analysis
    ),
    "rsa_image_pairs": lambda _: "rsa_subject_subject",
    "null_subject_subject": lambda _: "null",
    "null_subject_model": lambda _: "null",
    "curated_labels": lambda row: (
        "coco_labels" if row.name == "coco_labels" else "curated_trials"
    ),
    "curated_3mm": lambda row: (
        "curated_mask" if row.path.endswith(".nii.gz") else "curated_report"
    ),
    "laion_masks": lambda row: (
        "laion_masks" if row.path.endswith(".h5") else "laion_mask_table"
    ),
}  # fmt: skip


def layout_of(row: Derivative) -> str:
    """Return which of `LAYOUTS` a published file has."""
    choose = _OF_DATASET.get(row.analysis)
    return choose(row) if choose else row.analysis


_HEAD = """\
# Data dictionary

Generated from the schemas in the code by `make docs`; do not edit.

Every file of the [catalogue](derivatives.md), by what it holds. Paths start from the project folder. Parquet files hold types and meanings themselves (`pyarrow.parquet.read_schema(path)`, field metadata `description`); categories come as pandas categories. How a file was made stands in it or beside it, in `<name>.provenance.json`.

**Missing values.** Where a number cannot be computed it is NaN, never 0 and never a missing row: tables always have all rows that the settings ask for. `never` means that the column has a value in every row. In text tables `None`, `NA` and `null` are words; read them with `keep_default_na=False`.

**Numbering.** Subjects, sessions and runs from 1; images, trials, repetitions and layers from 0, but where a column says otherwise. Regions are numbered as in `results/<dataset>/prepared/regions.tsv`.
"""  # noqa: E501


def dictionary_text(catalogue: Sequence[Derivative]) -> str:
    """Return the page of every published file and column.

    Parameters
    ----------
    catalogue : sequence of Derivative
        The published files.
    """
    files: dict[str, list[str]] = {}
    for row in catalogue:
        files.setdefault(layout_of(row), []).append(row.target)
    lines = [_HEAD]
    for name, paths in files.items():
        lines += section(LAYOUTS[name], paths)
    lines += _prepared()
    return "\n".join(lines).rstrip() + "\n"


def _prepared() -> Iterator[str]:
    """Yield what every analysis starts from, which is not published."""
    yield from section(
        Layout(
            "Prepared datasets: trials",
            "A row a recorded trial, in order of subject and trial: a row of the response "
            "matrices (`responses/sub-01/roi-001.npy`, trials × voxels).",
            from_pandera(schemas.TRIALS, facts.PREPARED),
        ),
        ["results/<dataset>/prepared/trials.parquet"],
    )
    for dataset, schema in schemas.STIMULI.items():
        yield from section(
            Layout(
                f"Prepared datasets: stimuli of {dataset}",
                str(schema.description),
                from_pandera(schema, facts.PREPARED),
            ),
            [f"results/{dataset}/prepared/stimuli.parquet"],
        )
