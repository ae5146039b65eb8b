"""Simulated datasets in the raw formats of the real ones, with known truth."""

from repalign.simulate.nsd import simulate_nsd, write_full_size_session
from repalign.simulate.settings import SIMULATOR_VERSION, NsdSimulation
from repalign.simulate.truth import read_simulation

__all__ = [
    "SIMULATOR_VERSION",
    "NsdSimulation",
    "read_simulation",
    "simulate_nsd",
    "write_full_size_session",
]
