"""The settings: every key with its meaning, bounds and default, checked before any job runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from repalign.settings.analysis import (
    PermutationSettings,
    ResourceSettings,
    RsaSettings,
    StorageSettings,
)
from repalign.settings.assemblies import AssemblySettings
from repalign.settings.captions import CaptionSettings, ObjectSettings
from repalign.settings.cluster import ClusterSettings
from repalign.settings.comparisons import (
    ModelModelSettings,
    TokenizerSettings,
    UntrainedSettings,
)
from repalign.settings.curated_3mm import Curated3mmSettings
from repalign.settings.datasets import Bold5000Settings, ThingsSettings
from repalign.settings.figures import FigureSettings
from repalign.settings.kmcca import KmccaSettings
from repalign.settings.laion import LaionSettings
from repalign.settings.maps import MapSettings
from repalign.settings.models import ModelSettings
from repalign.settings.mouse import MouseSettings
from repalign.settings.nsd import NsdSettings
from repalign.settings.retrieval import RetrievalSettings
from repalign.settings.section import Section
from repalign.simulate.laion_settings import LaionSimulation
from repalign.simulate.mouse_settings import MouseSimulation
from repalign.simulate.other_settings import Bold5000Simulation, ThingsSimulation
from repalign.simulate.settings import NsdSimulation

__all__ = ["NsdSettings", "RsaSettings", "Settings"]


class SimulateSettings(Section):
    """Simulated datasets, made by `repalign simulate`."""

    nsd: NsdSimulation = Field(NsdSimulation(), description="Sizes and seed of the simulated NSD.")
    bold5000: Bold5000Simulation = Field(
        Bold5000Simulation(), description="Sizes and seed of the simulated BOLD5000."
    )
    things: ThingsSimulation = Field(
        ThingsSimulation(), description="Sizes and seed of the simulated THINGS."
    )
    mouse: MouseSimulation = Field(
        MouseSimulation(), description="Sizes and seed of the simulated mouse scans."
    )
    laion: LaionSimulation = Field(
        LaionSimulation(), description="Sizes and seed of the simulated LAION-fMRI."
    )


class Settings(Section):
    """All settings of the workflow."""

    nsd: NsdSettings = Field(NsdSettings(), description="The Natural Scenes Dataset.")
    bold5000: Bold5000Settings = Field(Bold5000Settings(), description="BOLD5000.")
    things: ThingsSettings = Field(ThingsSettings(), description="THINGS.")
    mouse: MouseSettings = Field(MouseSettings(), description="Mouse V1 scans.")
    laion: LaionSettings = Field(LaionSettings(), description="LAION-fMRI.")
    rsa: RsaSettings = Field(RsaSettings(), description="Representational similarity analysis.")
    permutation: PermutationSettings = Field(PermutationSettings(), description="Null draws.")
    models: ModelSettings = Field(
        ModelSettings(), description="Features that the workflow extracts itself."
    )
    captions: CaptionSettings = Field(
        CaptionSettings(), description="Captions and short answers about images."
    )
    objects: ObjectSettings = Field(ObjectSettings(), description="Objects in the images.")
    untrained: UntrainedSettings = Field(
        UntrainedSettings(), description="Comparison with untrained models."
    )
    model_model: ModelModelSettings = Field(
        ModelModelSettings(), description="Comparison of language with vision models."
    )
    tokenizers: TokenizerSettings = Field(
        TokenizerSettings(), description="Comparison with tokens of captions."
    )
    kmcca: KmccaSettings = Field(
        KmccaSettings(), description="Kernel multi-view CCA over subjects."
    )
    assemblies: AssemblySettings = Field(
        AssemblySettings(), description="Assemblies of NSD for Brain-Score."
    )
    curated_3mm: Curated3mmSettings = Field(
        Curated3mmSettings(), description="The curated decoding set of NSD in MNI space."
    )
    figures: FigureSettings = Field(FigureSettings(), description="Choices of figures.")
    maps: MapSettings = Field(MapSettings(), description="Maps on the flattened cortex.")
    identity: Literal["quick", "full"] = Field(
        "quick",
        description=(
            "How raw files are recognised. `quick`: files over 64 MiB by size and 64 blocks, "
            "which for compressed recordings includes the checksum of their content. `full`: "
            "every byte."
        ),
    )
    resources: ResourceSettings = Field(ResourceSettings(), description="Limits of a job.")
    cluster: ClusterSettings = Field(ClusterSettings(), description="Jobs of a cluster.")
    storage: StorageSettings = Field(StorageSettings(), description="Intermediate files.")
    retrieval: RetrievalSettings = Field(
        RetrievalSettings(), description="Fetching raw data, by rules that are asked for by name."
    )
    simulate: SimulateSettings = Field(SimulateSettings(), description="Simulated datasets.")
