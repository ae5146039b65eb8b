"""What a spec says of all that lies upstream: settings in common, and the raw files as a set."""

from repalign.dag.history import History


def of(step: str, *inputs: History, raw: tuple[str, ...] = (), **params: object) -> History:
    return History.of_job(step, params, raw, inputs)


def test_settings_of_all_steps_upstream_are_kept():
    rdms = of("compute", raw=("sha256:a",), clip=0.003, subject=1)
    pair = of("compare", rdms, device="cpu")
    assert of("join", pair, subjects=[1]).summary()["settings"] == {
        "compute": {"clip": 0.003, "subject": 1},
        "compare": {"device": "cpu"},
        "join": {"subjects": [1]},
    }


def test_what_differs_between_jobs_of_a_step_is_no_setting():
    one, two = (of("compute", clip=0.003, subject=s) for s in (1, 2))
    pair = of("compare", one, two)
    assert pair.summary()["settings"]["compute"] == {"clip": 0.003}
    third = of("compute", clip=0.003, subject=1)
    assert of("join", pair, third).summary()["settings"]["compute"] == {"clip": 0.003}, (
        "a value that differed once does not come back"
    )


def test_raw_files_count_once_and_in_no_order():
    one, two = of("a", raw=("sha256:1", "sha256:2")), of("a", raw=("sha256:2", "sha256:3"))
    forwards, backwards = of("b", one, two).summary(), of("b", two, one).summary()
    assert forwards["raw"] == backwards["raw"]
    assert forwards["raw"]["files"] == 3
    assert of("b", one).summary()["raw"]["digest"] != forwards["raw"]["digest"]


def test_a_job_with_no_files_from_outside_has_none():
    assert of("a").summary()["raw"]["files"] == 0
