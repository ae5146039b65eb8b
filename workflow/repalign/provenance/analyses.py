"""What the methods text says of each analysis: a title, and in which choices its files differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Analysis:
    """An analysis.

    Attributes
    ----------
    title : str
        What it is.
    keys : tuple of str
        Parameters of its step that are named for each file.
    references : tuple of str
        Keys of `REFERENCES`.
    """

    title: str
    keys: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


_PAIR = ("shift", "hemispheres")
ANALYSES = {
    "join_rsa_subject_subject": Analysis(
        "RSA of all regions of each subject with all regions of each other one, and of the same",
        (*_PAIR, "comparison"),
        ("rsa",),
    ),
    "join_rsa_sessions": Analysis(
        "RSA of pairs of subjects within the sessions of the first",
        ("hemispheres", "image_set"),
        ("rsa",),
    ),
    "join_rsa_partitions": Analysis(
        "RSA of pairs of subjects on subsets of the images",
        (*_PAIR, "comparison", "subsets"),
        ("rsa",),
    ),
    "join_rsa_partial": Analysis(
        "Partial RSA of pairs of subjects, one control held constant at a time", _PAIR, ("rsa",)
    ),
    "join_rsa_subject_group": Analysis("RSA of each subject with all others", _PAIR, ("rsa",)),
    "join_cka_subject_subject": Analysis(
        "Unbiased linear CKA of pairs of subjects", _PAIR, ("cka",)
    ),
    "join_rsa_subject_model": Analysis(
        "RSA of every region with every layer of models", ("by", "hemispheres", "models"), ("rsa",)
    ),
    "join_rsa_images": Analysis(
        "RSA of mean responses to images, with noise ceilings", ("hemispheres",), ("rsa",)
    ),
    "compare_image_rdms": Analysis(
        "RSA of pairs of subjects on mean responses to images", ("hemispheres",), ("rsa",)
    ),
    "join_rsa_tokenizers": Analysis(
        "RSA of regions with tokens of captions", ("hemispheres",), ("rsa",)
    ),
    "join_cka_untrained": Analysis(
        "Unbiased linear CKA of regions with trained and untrained models",
        ("hemispheres",),
        ("cka",),
    ),
    "join_model_model": Analysis("Comparison of language with vision models", ("metrics",)),
    "join_subject_null": Analysis("Null distribution of the mean similarity of pairs of subjects"),
    "join_model_null": Analysis(
        "Null distribution of the highest similarity over the layers of models",
        ("modality", "models"),
    ),
    "compute_rsa_pvalues": Analysis(
        "P-values of inter-subject and brain-model similarity from the null distributions, "
        "corrected over regions by the Benjamini-Hochberg procedure",
        (),
        ("fdr",),
    ),
}
"""By the step that makes the files."""

WORDS = {
    "shift": lambda value: (
        f"repetitions shifted by {value}" if value else "no shift of repetitions"
    ),
    "hemispheres": lambda value: f"hemispheres {value}",
    "comparison": lambda value: f"{str(value).capitalize()} correlation of RDMs",
}
"""How values of some parameters are said; others are said as `name: value`."""

DATASETS = {
    "nsd": ("the Natural Scenes Dataset (NSD)", "nsd"),
    "bold5000": ("BOLD5000", "bold5000"),
    "things": ("THINGS-fMRI", "things"),
    "laion": ("LAION-fMRI", ""),
    "mouse": ("scans of mouse visual cortex", ""),
}
"""Names of datasets, and their references, by the folder of their results."""

REFERENCES = {
    "nsd": "Allen et al. (2022), doi:10.1038/s41593-021-00962-x",
    "bold5000": "Chang et al. (2019), doi:10.1038/s41597-019-0052-3",
    "things": "Hebart et al. (2023), doi:10.7554/eLife.82580",
    "hcp": "Glasser et al. (2016), doi:10.1038/nature18933",
    "rsa": "Kriegeskorte, Mur & Bandettini (2008), doi:10.3389/neuro.06.004.2008",
    "cka": "Kornblith et al. (2019), doi:10.48550/arXiv.1905.00414",
    "fdr": "Benjamini & Hochberg (1995), doi:10.1111/j.2517-6161.1995.tb02031.x",
    "snakemake": "Mölder et al. (2021), doi:10.12688/f1000research.29032.2",
}
