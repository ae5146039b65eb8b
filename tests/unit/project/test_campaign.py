"""What the campaign of faults takes for a message about a damaged file."""

import pytest

from repalign.errors import RepalignError

from ...faults.campaign.damage import says

NAME = "raw/subj01/betas_session01.nii.gz"
COMMAND = f"""\
Error in rule extract_nsd_session:
    input: {NAME}
    shell:
        env python extract_nsd_session.py --betas {NAME} raw/subj01/roi.nii.gz --session 1
"""


def error(where: str) -> str:
    return str(RepalignError("cut short", where=where, expected="all", remedy="Fetch it."))


def test_the_command_of_a_failed_job_is_no_message():
    assert not says(COMMAND, NAME)
    assert not says(COMMAND + error("raw/subj01/roi.nii.gz"), NAME)


@pytest.mark.parametrize("where", [NAME, f"{NAME}, volume 3", f"/project/{NAME}, after volume 2"])
def test_an_error_about_the_file_is(where):
    assert says(f"{COMMAND}2026-01-01 ERROR {error(where)}\n", NAME)


def test_new_content_that_is_said_to_be_new_is():
    assert says(f"{NAME}: not the content that was read before; what depends on it is", NAME)


def test_a_file_of_a_longer_name_is_another():
    assert not says(error("results/nsd/rdms/sub-01_sub-02"), "results/nsd/rdms/sub-01")
