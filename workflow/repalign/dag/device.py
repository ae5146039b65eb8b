"""The device of heavy jobs, as what decides staleness and as what does not."""

from __future__ import annotations

from repalign.settings import Settings


def device_options(settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """Return the device as a parameter and as a limit, one of them empty.

    A GPU changes the last digits, so results say that they come from one. Those of the CPU say
    nothing, as before there was a choice.
    """
    chosen: dict[str, str] = {"device": settings.resources.device}
    return ({}, chosen) if chosen["device"] == "cpu" else (chosen, {})
