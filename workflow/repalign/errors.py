"""The one error type for everything that a user can mend."""

from __future__ import annotations

from pathlib import Path


class RepalignError(Exception):
    """Something in the input, the settings or the machine that a user can mend.

    Parameters
    ----------
    found : str
        What was found, with the value that is wrong.
    where : str or Path
        The file, and the place in it (volume, row, region, subject), or the settings key.
    expected : str
        What should have been there.
    remedy : str
        The setting to change or the command to run.

    Examples
    --------
    >>> print(RepalignError("749 volumes", where="betas_session03.nii.gz",
    ...                     expected="750", remedy="Download the file again."))
    betas_session03.nii.gz
      found:    749 volumes
      expected: 750
      remedy:   Download the file again.
    """

    def __init__(self, found: str, *, where: str | Path, expected: str, remedy: str) -> None:
        self.found = found
        self.where = str(where)
        self.expected = expected
        self.remedy = remedy
        super().__init__(
            f"{where}\n  found:    {found}\n  expected: {expected}\n  remedy:   {remedy}"
        )
