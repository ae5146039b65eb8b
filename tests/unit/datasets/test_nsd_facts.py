import numpy as np
import pandas as pd
import pytest

from repalign.datasets.matching import match_trials
from repalign.datasets.nsd_facts import MATCHED_TRIALS, SESSIONS, check_real_nsd
from repalign.errors import RepalignError

from .conftest import assert_error
from .full_size import full_trials


@pytest.fixture(scope="module")
def trials():
    return full_trials()


def test_all_facts_hold(trials):
    stimuli = pd.DataFrame({"shared": np.arange(73_000) < 1_000})
    check_real_nsd(trials, stimuli, sessions=SESSIONS)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_matched_trials_of_every_pair(trials, shift):
    own = dict(list(trials.groupby("subject")))
    for i in (1, 3, 4):
        for j in (2, 6, 8):
            rows_i, rows_j, keys = match_trials(own[i], own[j], shift, 3)
            n = MATCHED_TRIALS[shift][SESSIONS[i], SESSIONS[j]]
            assert rows_i.size == rows_j.size == keys.size == n


def refusal(trials, *parts, **kw):
    with pytest.raises(RepalignError) as error:
        check_real_nsd(trials, **kw)
    assert_error(error.value, *parts, "nsd.source")


def test_violations(trials):
    missing = trials.drop(index=trials.index[(trials.subject == 3)][100])
    refusal(missing, "subject 3: trials", "23999", "24000")
    flag = trials.copy()
    flag.loc[flag.index[(flag.subject == 4) & ~flag.shared][0], "shared"] = True
    refusal(flag, "subject 4: shared trials", "2189", "2188")
    refusal(trials, "subject 8: sessions", "30", "32", sessions={8: 32})
    refusal(trials, "stimuli", "100", "73000", stimuli=pd.DataFrame({"shared": [False] * 100}))


def test_shared_image_replaced_by_another(trials):
    other = trials.copy()
    rows = other.index[(other.subject == 6) & other.shared]
    counts = other.loc[rows, "stimulus"].value_counts()
    once, twice = counts.index[counts == 1][0], counts.index[counts == 2][0]
    other.loc[rows, "stimulus"] = other.loc[rows, "stimulus"].replace(once, twice)
    refusal(other, "subject 6: shared images seen", "929", "930")


def test_repetition_mistakes_show_in_matched_counts(trials):
    late = trials.copy()
    own = (late.subject == 3) & late.shared
    late.loc[own, "repetition"] = (late.loc[own, "repetition"] + 1) % 3
    refusal(late, "subjects 3 and 4, shift 0: matched trials", "1881", "2188")


def test_wrong_number_of_images_seen(trials):
    fewer = trials.copy()
    fewer.loc[fewer.index[(fewer.subject == 1) & ~fewer.shared], "stimulus"] = 70_000
    refusal(fewer, "all subjects: images seen", "70566")


def test_subjects_and_sessions_may_be_fewer(trials, caplog):
    check_real_nsd(trials[trials.subject.isin([3, 4])], sessions={3: 32, 4: 30})
    few = trials[(trials.subject == 1) & (trials.session <= 2)]
    check_real_nsd(few, sessions={1: 2})
    assert "no known counts" in caplog.text
