"""The settings of mouse V1 scans."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from repalign.settings.section import Section, template

KEY = r"\d+-\d+-\d+"
ScanKey = Annotated[str, StringConstraints(pattern=rf"^{KEY}$")]
Tier = Literal["train", "validation", "test", "final_test"]
ExportName = Annotated[str, StringConstraints(pattern=r"^\w[\w-]*$")]
AreaName = Annotated[str, StringConstraints(pattern=r"^[^\W_]\S*$")]


class SameCell(Section):
    """When two neurons of a scan may be one cell, recorded in two planes: a hint, no more."""

    distance: float = Field(15, ge=0, description="Micrometres up to which they lie apart.")
    correlation: float = Field(
        0.5, ge=-1, le=1, description="Correlation of their responses from which on."
    )


class MouseExport(Section):
    """A part of a scan that is written as a scan of its own."""

    scan: ScanKey = Field(description="Data key of the scan.")
    tiers: list[Tier] = Field(
        [], description="Tiers of the trials; empty: all. Statistics need `train`."
    )
    regions: list[str] = Field(
        [], description="Areas (V1), or areas with layers (V1 L2/3); empty: all neurons."
    )


class MouseSettings(Section):
    """Mouse V1 scans in the layout of Sensorium 2022 and of Franke, Willeke et al. 2022."""

    raw: str = Field(
        "resources/simulated/mouse",
        description=(
            "Folder of the scans, zip files or folders named static*. Without it, all mice are "
            "left out."
        ),
    )
    source: Literal["auto", "real", "simulated", "other"] = Field(
        "auto",
        description="What it holds. `auto`: simulated if it has a simulation.json, else real.",
    )
    scans: Literal["all"] | list[ScanKey] = Field(
        "all", description="Scans to use, as a list of data keys (21067-10-18), or `all`."
    )
    files: dict[ScanKey, str] = Field(
        {},
        description=(
            "File or folder below `raw` of scans whose names do not say animal, session and scan, "
            "by data key."
        ),
    )
    stimulus_set: str | None = Field(
        None,
        description=(
            "Hash of the stimulus set, the end of the names of scans: scans of this set are the "
            "subjects that are compared. Empty: that of most scans."
        ),
    )
    withheld: list[ScanKey] = Field(
        ["26872-17-20", "27204-5-13"],
        description=(
            "Scans whose responses to test images were withheld, for a competition: they are "
            "indexed, and left out of comparisons."
        ),
    )
    areas: dict[AreaName, list[str]] = Field(
        {"V1": []},
        min_length=1,
        description=(
            "Areas, each with the layers that are regions of their own beside the whole area: "
            "V1: [L2/3, L4]."
        ),
    )
    regions: Literal["all"] | list[str] = Field(
        "all", description="Regions to use, as a list of names (V1, V1 L2/3), or `all`."
    )
    scale: Literal["standardised", "raw"] = Field(
        "standardised",
        description=(
            "Responses that are compared: divided by their standard deviation over training "
            "trials, as evaluations of models do, or as stored."
        ),
    )
    min_fev: float | None = Field(
        None,
        ge=0,
        lt=1,
        description=(
            "Fraction of explainable variance that a neuron must have to be compared; 0.15 is "
            "usual. Empty: all neurons are."
        ),
    )
    repetitions: Annotated[int, Field(ge=1, le=255)] | None = Field(
        None,
        description=(
            "How often a test image is shown at most. Empty: as in the simulation, or 10."
        ),
    )
    channels: Literal["uv_green_zero", "luminance"] = Field(
        "luminance",
        description=(
            "What models see of UV and green: their mean in three equal channels, or UV, green "
            "and 0 as red, green and blue. Grey becomes three equal channels."
        ),
    )
    same_cell: SameCell = Field(SameCell(), description="Hint at cells that were recorded twice.")
    export: dict[ExportName, MouseExport] = Field(
        {},
        description=(
            "Parts of scans to write in the layout of scans, by name. They hold pictures, which "
            "nothing else that is computed does; so none is written unless it is asked for."
        ),
    )
    features: Annotated[str, template(stimulus_set="")] = Field(
        "features/{stimulus_set}",
        description=(
            "Folder of model features, one .h5 or .pt file a model; relative to `raw`, or an "
            "absolute path. Their ids are the numbers of the images in the scans (image_id), "
            "which other stimulus sets use for other images."
        ),
    )
    skip_features: list[str] = Field([], description="Patterns of files that are left out.")
    assume_row_order: bool = Field(
        False, description="Whether row k of a .pt file without ids is image k."
    )
    controls: str = Field(
        "control_matrices",
        description=(
            "Folder of control tables (control_<name>.parquet) for partial RSA; relative to "
            "`raw`, or an absolute path."
        ),
    )

    @property
    def subjects(self) -> Literal["all"]:
        """Subjects are chosen by `scans`: their numbers follow from the raw folder."""
        return "all"

    @property
    def sessions(self) -> None:
        """A scan is one session."""
        return
