"""Settings and raw folders with which every step of the workflow is there."""

from __future__ import annotations

from pathlib import Path

from repalign.dag.build import build_workflow
from repalign.dag.steps import Workflow
from repalign.models.registry import COLUMNS
from repalign.settings import Settings
from repalign.tables import laion_layout

ROOT = Path(__file__).parents[1]
SCANS = ("21067-10-18", "22846-10-16")

REGISTRY = "\n".join(
    "\t".join(row)
    for row in (
        COLUMNS,
        ("vit", "ViT", "-", "vision", "timm", "hub", "", "", "", "avg", "no", "yes"),
        ("llm", "LLM", "-", "language", "encoder", "hub", "", "", "", "avg", "no", "yes"),
    )
)
"""Two models whose features are extracted."""


def build(
    tmp: Path,
    layout: str,
    objects: str = "coco_instances",
    controls: str = "control_matrices",
    atlas: str = "supplied",
) -> Workflow:
    """The workflow of settings, on a raw folder that has all that a spec looks at."""
    nsd = {"raw": "raw", "layout": layout, "source": "other", "subjects": [1, 2]}
    settings = Settings.model_validate(
        {
            "nsd": {**nsd, "controls": controls},
            "assemblies": {"variants": {"4subj": [1, 2]}},
            "objects": {"backend": objects},
            "laion": {"stimuli": {"captions": {"ai": None if objects == "detr" else "ai.csv"}}},
            "mouse": {"export": {"part": {"scan": "21067-10-18"}}},
            "bold5000": {
                "atlas": atlas,
                "registration": {"atlas_space": "MNI152NLin2009aAsym"},
            },
        }
    )
    roi = tmp / "raw/subj01/func1mm/roi"
    if not roi.exists():
        (tmp / "config").mkdir()
        for name in ("config/derivatives.tsv", "config/models.tsv", "config/prompts.yaml"):
            (tmp / name).write_bytes((ROOT / name).read_bytes())
        (tmp / "config/models.tsv").write_text(REGISTRY)
        for subject, session in ((1, 1), (2, 1)):
            folder = tmp / f"raw/subj{subject:02d}/func1mm"
            betas = folder / "betas_fithrf_GLMdenoise_RR"
            for place in (betas, folder / "roi"):
                place.mkdir(parents=True)
            (betas / f"betas_session{session:02d}.nii.gz").touch()
            (folder / "roi/lh.HCP_MMP1.nii.gz").touch()
            mni = tmp / f"raw/1mm/subj{subject:02d}/betas_session{session:02d}.nii.gz"
            mni.parent.mkdir(parents=True)
            mni.touch()
        for path in (
            "features/vit_pool-cls.h5",
            "features/words_pool-avg.h5",
            "control_matrices/control_scene.parquet",
            "nsd_stimuli.hdf5",
            *(f"freesurfer/fsaverage/label/{side}.HCP_MMP1.mgz" for side in ("lh", "rh")),
            "subj01/func1pt8mm/betas_fithrf_GLMdenoise_RR/betas_session01.hdf5",
        ):
            file = tmp / "raw" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        (tmp / "resources/hcp_mmp1.tsv").parent.mkdir()
        (tmp / "resources/hcp_mmp1.tsv").touch()
        others = tmp / "resources/simulated"
        betas = "bold5000/bold5000/CSI1_GLMbetas-TYPED-FITHRF-GLMDENOISE-RR_ses-01.nii.gz"
        scans = ("anat/sub-CSI1_T1w.nii.gz", "func/sub-CSI1_bold.nii.gz")
        scans += ("atlas/HCP-MMP1_on_MNI152.nii.gz",)
        for path in (
            betas,
            "things/empty",
            *(f"mouse/static{key}-GrayImageNet-a.zip" for key in SCANS),
            *(f"bold5000/{scan}" for scan in scans),
        ):
            (others / path).parent.mkdir(parents=True, exist_ok=True)
            (others / path).touch()
        laion_tree(others / "laion")
    return build_workflow(settings, tmp)[0]


def laion_tree(root: Path) -> None:
    """Make a LAION-fMRI that has all that a spec looks at."""
    start = "derivatives/rois/sub-{subject:02d}/face/sub-{subject:02d}_space-T1w_res-1pt8_label-"
    names = [laion_layout.METADATA, laion_layout.STIMULI, laion_layout.MASK_TABLE]
    names += [laion_layout.EMBEDDINGS.format(label="CLIP"), laion_layout.CAPTIONS]
    names += [start.format(subject=subject) + "FFA1_mask.nii.gz" for subject in (1, 3)]
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
