"""The committed names of the HCP-MMP1 areas, and what is planted in which of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from repalign.errors import RepalignError
from repalign.simulate.settings import N_AREAS

Family = Literal["energy", "layout", "animacy", "none"]
FAMILIES: tuple[Family, ...] = ("energy", "layout", "animacy")

# Joined inter-subject similarity aimed at, strongest first. The exact expectation, which depends
# on the voxel counts drawn, is computed by `repalign.simulate.geometry`.
_GOALS: dict[Family, dict[str, float]] = {
    "energy": {
        "V1": 0.55, "V2": 0.52, "V3": 0.48, "V4": 0.44, "V3A": 0.33, "V3B": 0.28, "V7": 0.20,
        "IPS1": 0.14, "V6": 0.115, "DVT": 0.095, "V6A": 0.08, "ProS": 0.065,
    },
    "layout": {
        "VMV2": 0.42, "VMV1": 0.40, "VMV3": 0.38, "PHA3": 0.36, "V8": 0.35, "PHA1": 0.32,
        "VVC": 0.30, "PHA2": 0.27, "PIT": 0.255, "FFC": 0.24, "PGp": 0.16, "POS1": 0.13,
        "IP0": 0.105, "RSC": 0.085, "PreS": 0.07, "TF": 0.06,
    },
    "animacy": {
        "MT": 0.39, "LO2": 0.37, "MST": 0.34, "FST": 0.31, "LO1": 0.29, "V4t": 0.26,
        "LO3": 0.25, "PH": 0.23, "V3CD": 0.215, "TPOJ2": 0.19, "TPOJ3": 0.175, "PHT": 0.15,
        "TE2p": 0.12, "TPOJ1": 0.11, "STSdp": 0.09, "STSvp": 0.075, "STV": 0.062,
    },
}  # fmt: skip

# Left stronger than right: the odds of the hemispheres' similarities are as (1 + x) : (1 - x).
_ASYMMETRY: dict[str, float] = {
    "V1": 0.15, "V2": 0.25, "V4": 0.30, "V3A": 0.30, "VMV1": 0.30, "PHA3": 0.35, "VVC": 0.30,
    "FFC": 0.40, "MT": 0.30, "LO2": 0.35, "FST": 0.30, "PH": 0.40, "TPOJ2": 0.40,
}  # fmt: skip


@dataclass(frozen=True)
class Parcel:
    """One area of one hemisphere.

    Attributes
    ----------
    roi : int
        1 to 180 in the left hemisphere, 181 to 360 in the right.
    name : str
        Name of the area, equal in both hemispheres.
    hemisphere : str
        ``"lh"`` or ``"rh"``.
    family : str
        Which image features drive the parcel; ``"none"`` for noise only.
    goal : float
        Planted inter-subject similarity of this hemisphere alone; 0 for ``"none"``.
    """

    roi: int
    name: str
    hemisphere: str
    family: Family
    goal: float

    @property
    def area(self) -> int:
        """Number of the area, 1 to 180 in both hemispheres."""
        return (self.roi - 1) % N_AREAS + 1


def _hemisphere_goal(name: str, joined: float, hemisphere: str) -> float:
    """Split a joined goal: twice the voxels have nearly twice the odds."""
    tilt = _ASYMMETRY.get(name, 0.0) * (1 if hemisphere == "lh" else -1)
    odds = joined / (1 - joined) / 1.9 * (1 + tilt)
    return round(odds / (1 + odds), 4)


@lru_cache(maxsize=1)
def parcels() -> tuple[Parcel, ...]:
    """Read the 360 parcels and what is planted in each.

    Returns
    -------
    tuple of Parcel
        Ordered by ``roi``, 1 to 360.

    Raises
    ------
    RepalignError
        If the committed table is missing or does not hold rois 1 to 360 in order.
    """
    table = Path(__file__).resolve().parents[3] / "resources" / "hcp_mmp1.tsv"
    planted: dict[str, tuple[Family, float]] = {
        name: (family, goal) for family in FAMILIES for name, goal in _GOALS[family].items()
    }
    found = []
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                name, hemisphere = row["name"], row["hemisphere"]
                family, joined = planted.get(name, ("none", 0.0))
                goal = _hemisphere_goal(name, joined, hemisphere) if joined else 0.0
                found.append(Parcel(int(row["roi"]), name, hemisphere, family, goal))
    if [parcel.roi for parcel in found] != list(range(1, 2 * N_AREAS + 1)):
        raise RepalignError(
            f"{len(found)} parcels" if table.is_file() else "no such file",
            where=table,
            expected=f"rois 1 to {2 * N_AREAS} in order",
            remedy="Restore the file from the repository: git checkout resources/hcp_mmp1.tsv",
        )
    return tuple(found)
