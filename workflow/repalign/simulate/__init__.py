"""Simulated datasets in the raw formats of the real ones, with known truth.

The package imports nothing by itself: the settings of a simulation are read by every run of the
workflow, and must not bring the simulator with them.
"""
