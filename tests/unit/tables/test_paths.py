"""Every path pattern leads to a place of its own."""

import re

from repalign.tables import paths

PATTERNS = {
    name: value
    for name, value in vars(paths).items()
    if name.isupper() and isinstance(value, str) and "{" in value and name != "RDM_SET"
}


def fill(pattern: str, **changed: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: changed.get(m[1], "01"), pattern)


def test_patterns_do_not_meet():
    filled = [fill(pattern) for pattern in PATTERNS.values()]
    assert len(set(filled)) == len(filled)


def test_every_entity_changes_the_path():
    for pattern in PATTERNS.values():
        for name in re.findall(r"\{(\w+)\}", pattern):
            assert fill(pattern, **{name: "02"}) != fill(pattern)


def test_everything_lies_in_results():
    assert all(value.startswith("results/") for value in PATTERNS.values())


def test_labels_are_two_digits_and_sort_as_numbers():
    labels = [paths.subject_label(k) for k in (1, 2, 10, 99)]
    assert labels == ["01", "02", "10", "99"]
    assert labels == sorted(labels)


def test_logs_of_different_outputs_are_different_and_lie_outside_results():
    outputs = ["results/nsd/a.parquet", "results/nsd/a.png", "results/nsd/rdms/s/sub-01_x_sub-02"]
    logs = [place(o) for o in outputs for place in (paths.log_of, paths.benchmark_of)]
    assert len(set(logs)) == 6
    assert all(log.startswith("logs/nsd/") for log in logs)
    assert paths.log_of(outputs[0]) == "logs/nsd/a.parquet.log"
