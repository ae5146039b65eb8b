"""Disturb real runs at random, many times, and count what became of them.

`make test-faults` runs it; see docs/faults.md, which it writes.
"""
