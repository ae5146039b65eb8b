"""The settings of retrieval: what is fetched by the rules `retrieve_…`, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from repalign.settings.section import Section

Address = Annotated[str, StringConstraints(pattern=r"^(s3|figshare|https?)://\S*$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class RetrievalSettings(Section):
    """Fetching raw data. Nothing else in the workflow uses the network."""

    accepted: list[Literal["hcp", "nsd"]] = Field(
        [],
        description=(
            "Agreements that you have read and accepted, by the names in external_data.tsv; "
            "nothing that needs one is fetched before."
        ),
    )
    items: list[Annotated[str, StringConstraints(pattern=r"^\S+$")]] = Field(
        [],
        description=(
            "Items of external_data.tsv to fetch, as names or patterns (betas, atlas_*). Empty: "
            "those that the settings of the dataset need."
        ),
    )
    atlas: str = Field(
        "resources/external/hcp_mmp1",
        description="Folder of the parcellation on fsaverage, which `retrieve_atlas` fetches.",
    )
    check: Literal["quick", "full"] = Field(
        "quick",
        description=(
            "How files that were fetched before are compared with the record retrieved.tsv beside "
            "them. `quick`: those whose size or time changed are read; `full`: every byte."
        ),
    )
    only_list: bool = Field(
        False, description="Whether to write into the log what would be fetched, and no more."
    )
    endpoints: dict[Address, Url] = Field(
        {},
        description=(
            "Mirrors: the start of addresses of external_data.tsv, and what takes its place, such "
            "as s3://natural-scenes-dataset: http://mirror.example/nsd. `s3://` stands for all "
            "buckets; {region} in a value is the region of the bucket."
        ),
    )
    connections: int = Field(4, ge=1, le=32, description="Files that are fetched at once.")
    attempts: int = Field(
        6, ge=1, le=100, description="Attempts without a new byte before a file is given up."
    )
    wait: float = Field(
        1.0,
        ge=0,
        le=60,
        description="Seconds before the second attempt; twice as many before each further one.",
    )
    timeout: float = Field(
        60.0, gt=0, le=3600, description="Seconds without a byte that count as a failed attempt."
    )
