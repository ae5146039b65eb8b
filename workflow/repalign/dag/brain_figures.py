"""The figures of hierarchy, connectivity, networks and cortical maps: what each is made from."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repalign.dag.catalogue import Derivative
from repalign.dag.plans import Plans
from repalign.dag.recorded import AREAS
from repalign.dag.steps import Step, Wildcards
from repalign.dag.table_maker import TableMaker
from repalign.errors import RepalignError
from repalign.models.modality import by_modality
from repalign.tables import paths

Choice = tuple[str, Mapping[str, str]]
"""An analysis of the catalogue, and some of its parameters."""
Tables = Mapping[str, Choice]
"""What a figure is drawn from, by the option of the script."""

Params = Callable[[Plans, str], dict[str, Any]]

_JOINED, _SEPARATED = {"hemispheres": "joined"}, {"hemispheres": "separated"}
_PEARSON = {"comparison": "pearson"}
SHIFTED: Choice = ("rsa_subject_subject", {"shift": "1", **_JOINED, **_PEARSON})
UNSHIFTED: Choice = ("rsa_subject_subject", {"shift": "0", **_JOINED, **_PEARSON})
SEPARATED: Choice = ("rsa_subject_subject", {"shift": "1", **_SEPARATED, **_PEARSON})
PARTITIONS: Choice = ("rsa_partitions", {"shift": "1", **_JOINED, **_PEARSON})
MODELS: Choice = ("rsa_subject_model", _JOINED)
MODELS_SEPARATED: Choice = ("rsa_subject_model", _SEPARATED)
PVALUES: Choice = ("rsa_pvalues", {})

HIERARCHY: dict[str, Tables] = {
    name: {"table": MODELS} for name in ("parcels", "hubs", "areas", "families", "peaks")
}
CONNECTIVITY: dict[str, Tables] = {
    "inter": {"shifted": SHIFTED},
    "within": {"shifted": SHIFTED},
    "hemispheres": {"separated": SEPARATED},
    "within_inter": {"shifted": SHIFTED},
    "shifts": {"shifted": SHIFTED, "unshifted": UNSHIFTED},
    "spectral": {"shifted": SHIFTED},
    "subjects": {"shifted": SHIFTED},
}
WHERE_THERE: dict[str, Tables] = {"spectral": {"pvalues": PVALUES}}
"""Tables that a figure is drawn from, too, where they can be made."""
_NETWORK: Tables = {"similarity": SHIFTED, "depth": MODELS}
NETWORKS: dict[str, Tables] = {
    "inter": _NETWORK,
    "within": _NETWORK,
    "brain": {**_NETWORK, "pvalues": PVALUES},
    "partitions": {"partitions": PARTITIONS, "depth": MODELS},
    "areas": _NETWORK,
    "subjects": _NETWORK,
}
_MODEL_MAP: Tables = {"alignment": MODELS_SEPARATED, "pvalues": PVALUES}
MAPS: dict[str, Tables] = {
    "intersubject": {"similarity": SEPARATED, "pvalues": PVALUES},
    "vision": _MODEL_MAP,
    "language": _MODEL_MAP,
    "depth": _MODEL_MAP,
}
DEPTH_POINTS = 40
"""Points of a curve over the layers of models, whatever the number of their layers."""
SHOWN = ("nsd",)
"""Datasets whose figures are made with everything else; those of others are made by name."""
OUTPUTS = ("svg", "tsv")
HEMISPHERES = {"left": "lh", "right": "rh"}


@dataclass(frozen=True)
class Topic:
    """Figures that one rule makes.

    Attributes
    ----------
    step : str
        Name of the step, the rule and the script.
    wildcard : str
        Wildcard of their names.
    pattern : str
        Path of the picture.
    figures : mapping of str to Tables
        What each is drawn from.
    """

    step: str
    wildcard: str
    pattern: str
    figures: Mapping[str, Tables]

    @property
    def constraint(self) -> str:
        """Return the regular expression of the wildcard."""
        return "|".join(self.figures)


TOPICS = (
    Topic("plot_hierarchy", "hierarchy", paths.HIERARCHY_FIGURE, HIERARCHY),
    Topic("plot_connectivity", "connectivity", paths.CONNECTIVITY_FIGURE, CONNECTIVITY),
    Topic("plot_networks", "network", paths.NETWORK_FIGURE, NETWORKS),
    Topic("plot_cortical_maps", "map", paths.MAP_FIGURE, MAPS),
)


def brain_figure_constraints() -> dict[str, str]:
    """Return the regular expressions of the names of the figures."""
    return {topic.wildcard: topic.constraint for topic in TOPICS}


def brain_figure_steps(plans: Plans, tables: TableMaker) -> list[Step]:
    """Return the steps that make the figures, one a topic."""
    hierarchy, connectivity, networks, maps = TOPICS
    return [
        _step(hierarchy, plans, tables, (), _hierarchy_params),
        _step(
            connectivity, plans, tables, ("shifted", "unshifted", "separated", "pvalues"), _params
        ),
        _step(networks, plans, tables, ("similarity", "partitions", "pvalues"), _model_params),
        _step(maps, plans, tables, ("similarity", "alignment"), _map_params),
    ]


def brain_figures(
    plans: Plans, catalogue: Sequence[Derivative], wanted: Container[str] | None = None
) -> list[str]:
    """Return the figures that the present settings and files can make.

    Parameters
    ----------
    plans : Plans
        What the run covers.
    catalogue : sequence of Derivative
        All tables.
    wanted : container of str, optional
        Tables that can be made; all of the catalogue, if not given, and then maps as well.

    Returns
    -------
    list of str
        Pictures. Maps are left out where there is no parcellation; asked for by name, they say
        so.
    """
    tables = TableMaker(plans, catalogue)
    found = []
    for dataset in SHOWN:
        for topic in TOPICS:
            for name, needed in topic.figures.items():
                there = all(
                    _is_there(tables, dataset, choice, wanted) for choice in needed.values()
                )
                if there and (wanted is None or _can_draw(plans, dataset, topic, name)):
                    values = {"dataset": dataset, topic.wildcard: name}
                    found.append(topic.pattern.format(**values))
    return found


def brain_figure_names(dataset: str) -> list[str]:
    """Return all figures that there can be of a dataset, whether its tables are there or not."""
    return [
        topic.pattern.format(**{"dataset": dataset, topic.wildcard: name})
        for topic in TOPICS
        for name in topic.figures
    ]


def parcellation(plans: Plans, hemisphere: str) -> str:
    """Return the parcellation of a hemisphere, whether it is there or not."""
    return plans.nsd.raw(plans.settings.maps.parcellation, hemisphere=hemisphere)


def _is_there(
    tables: TableMaker, dataset: str, choice: Choice, wanted: Container[str] | None
) -> bool:
    """Say whether the catalogue has a table, and whether it can be made."""
    analysis, parameters = choice
    if not tables.has(dataset, analysis, **parameters):
        return False
    return wanted is None or _find(tables, dataset, choice) in wanted


def _where_there(plans: Plans, tables: TableMaker, dataset: str, figure: str) -> Tables:
    """Return the tables of `WHERE_THERE` that the dataset has and that can be made.

    P-values are of models as well, and cannot be made without their features.
    """
    if figure not in WHERE_THERE or "features" in plans[dataset].absent_sources():
        return {}
    return {
        option: (analysis, parameters)
        for option, (analysis, parameters) in WHERE_THERE.get(figure, {}).items()
        if tables.has(dataset, analysis, **parameters)
    }


def _find(tables: TableMaker, dataset: str, choice: Choice) -> str:
    """Return a table; p-values have a number of draws of their own in each dataset."""
    analysis, parameters = choice
    if choice == PVALUES:
        rows = (row for row in tables.by_name.values() if row.dataset == dataset)
        return next((row.target for row in rows if row.analysis == analysis), "") or tables.find(
            dataset, analysis
        )
    return tables.find(dataset, analysis, **parameters)


def _can_draw(plans: Plans, dataset: str, topic: Topic, name: str) -> bool:
    """Say whether there is what a figure needs beside tables."""
    if topic.wildcard != "map":
        return True
    places = (parcellation(plans, hemisphere) for hemisphere in HEMISPHERES.values())
    if not all((plans.root / place).is_file() for place in places):
        return False
    return name not in ("vision", "language") or bool(by_modality(plans[dataset].models)[name])


def _step(
    topic: Topic, plans: Plans, tables: TableMaker, optional: Sequence[str], params: Params
) -> Step:
    """Return the step of a topic; options of tables that a figure does not show are empty."""

    def inputs(w: Wildcards) -> dict[str, Any]:
        needed = {
            **topic.figures[w[topic.wildcard]],
            **_where_there(plans, tables, w["dataset"], w[topic.wildcard]),
        }
        found = {key: _find(tables, w["dataset"], choice) for key, choice in needed.items()}
        lists = {key: [found.pop(key)] if key in found else [] for key in optional}
        return {**found, **lists, "regions": paths.REGIONS.format(dataset=w["dataset"])}

    is_map = topic.wildcard == "map"
    return Step(
        topic.step,
        topic.pattern,
        inputs,
        external=(lambda _: _surface(plans)) if is_map else (lambda _: {}),
        params=lambda w: {**params(plans, w["dataset"]), "figure": w[topic.wildcard]},
        extra_outputs={suffix: topic.pattern.removesuffix("png") + suffix for suffix in OUTPUTS},
    )


def _params(plans: Plans, dataset: str) -> dict[str, Any]:
    """Return the parameters of all figures."""
    return {"source": plans[dataset].source, "subjects": plans[dataset].subjects}


def _model_params(plans: Plans, dataset: str) -> dict[str, Any]:
    """Return the parameters of figures with models."""
    return {**_params(plans, dataset), "models": plans[dataset].models}


def _hierarchy_params(plans: Plans, dataset: str) -> dict[str, Any]:
    """Return the parameters of figures of hierarchy."""
    features, models = plans[dataset].feature_plan, plans[dataset].models
    families = {model.key(features.prompt): model.family for model in features.registry}
    return {
        **_model_params(plans, dataset),
        # A model that no registry lists is a family by itself.
        "families": [families.get(key) or key.split("_pool")[0] for key in models],
        "points": DEPTH_POINTS,
    }


def _map_params(plans: Plans, dataset: str) -> dict[str, Any]:
    """Return the parameters of maps."""
    settings = plans.settings.maps
    # Relative paths lead into the raw folder of NSD, which may be simulated.
    own = not Path(settings.parcellation).is_absolute()
    is_simulated = own and plans.nsd.source == "simulated"
    return {
        **_model_params(plans, dataset),
        "parcellation": "simulated" if is_simulated else "real",
        "level": settings.level,
    }


def _surface(plans: Plans) -> dict[str, Any]:
    """Return the parcellation, which must be there."""
    found = {}
    for side, hemisphere in HEMISPHERES.items():
        place = parcellation(plans, hemisphere)
        if not (plans.root / place).is_file():
            raise RepalignError(
                "no such file",
                where=place,
                expected=(
                    "HCP-MMP1 on the surface of fsaverage, the place of areas on cortical maps"
                ),
                remedy=(
                    "Fetch freesurfer/fsaverage/label from NSD's bucket, or name a parcellation "
                    "in maps.parcellation."
                ),
            )
        found[side] = place
    return {**found, "areas": AREAS}
