"""Carry the HCP-MMP1 atlas from MNI152 to a BOLD5000 subject's functional space, with FSL."""

from __future__ import annotations

import argparse
from pathlib import Path

from repalign.datasets.bold5000_registration import register_atlas
from repalign.datasets.fsl import find_fsl
from repalign.datasets.registration_inputs import Choices, Images
from repalign.scripting import run, script_parser
from repalign.tables.provenance import make_record, write_sidecar


def main(options: argparse.Namespace) -> None:
    fsl = find_fsl(threads=options.threads)
    (template,) = options.template or [fsl.standard / "MNI152_T1_1mm.nii.gz"]
    (brain,) = options.template_brain or [fsl.standard / "MNI152_T1_1mm_brain.nii.gz"]
    images = Images(
        options.t1, options.bold, options.betas, options.atlas, template, template_brain=brain
    )
    choices = Choices(
        options.atlas_space,
        options.template_space,
        options.t1_fraction,
        options.bold_fraction,
        options.bold_dof,
        options.beta_grid,
        options.max_lost_regions,
    )
    found = register_atlas(images, options.output, choices, fsl)
    write_sidecar(options.output, {**make_record(options.spec), "registration": found})


def parser() -> argparse.ArgumentParser:
    options = script_parser(__doc__)
    add = options.add_argument
    add("--t1", type=Path, required=True, help="T1-weighted image with the skull")
    add("--bold", type=Path, required=True, help="BOLD image or run on the grid of the betas")
    add("--betas", type=Path, required=True, help="betas of a session, for their grid")
    add("--atlas", type=Path, required=True, help="HCP-MMP1 labels in an MNI152 space")
    add("--template", type=Path, nargs="*", required=True, help="T1 template; none: FSL's")
    add("--template-brain", type=Path, nargs="*", required=True, help="the same without skull")
    add("--atlas-space", required=True, help="MNI152 space of the atlas")
    add("--template-space", required=True, help="MNI152 space of the template")
    add("--t1-fraction", type=float, required=True, help="threshold of brain extraction")
    add("--bold-fraction", type=float, required=True, help="threshold of brain extraction")
    add("--bold-dof", type=int, choices=[6, 7, 9, 12], required=True, help="BOLD to T1")
    add("--beta-grid", choices=["header", "shape"], required=True, help="what must fit")
    add("--max-lost-regions", type=float, required=True, help="largest share of lost regions")
    return options


if __name__ == "__main__":
    run(main, parser())
