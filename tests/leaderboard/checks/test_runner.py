"""Whatever an environment does to its process, the checker lives to tell."""

from __future__ import annotations

import gymnasium
import psutil
import pytest

from lexigym.leaderboard.checks import Status, check_environment

LIMIT = 300


def outcomes(entry_point, only, timeout=LIMIT):
    gymnasium.register("Broken-v0", entry_point)
    return check_environment("Broken-v0", only=only, timeout=timeout)


def left_behind():
    # Python starts one such tracker, for as long as the tests last.
    children = psutil.Process().children(recursive=True)
    return [each for each in children if "resource_tracker" not in " ".join(each.cmdline())]


@pytest.mark.parametrize(
    ("broken", "message", "timeout"),
    [
        ("Hangs", r"it hangs: it didn't end within 5 s (seed 1826701615, step 1)", 5),
        ("Exits", r"it raised SystemExit: 3 (seed 1826701615, step 1)", LIMIT),
        ("Vanishes", r"its process ended itself with exit code 3 (seed 1826701615, step 1)", LIMIT),
        ("Crashes", r"its process was ended by SIGSEGV (seed 1826701615, step 1)", LIMIT),
    ],
)
def test_a_process_that_is_lost_is_told_with_its_place(broken, message, timeout):
    played, *others = outcomes(
        f"broken.processes:{broken}", ["interface", "determinism", "horizon"], timeout
    )
    assert (played.check, played.status) == ("interface", Status.FAILED)
    assert played.detail == message
    assert [(other.status, other.detail) for other in others] == [
        (Status.SKIPPED, "it needs interface, which failed")
    ] * 2
    assert not left_behind()


def test_another_process_goes_on_after_a_failure():
    types, observations = outcomes("broken.interface:EndsInNumPy", ["types", "observations"])
    assert (types.status, observations.status) == (Status.FAILED, Status.PASSED)


def test_what_no_other_process_can_make_is_told():
    only = ["spawning", "interface"]
    made, played = outcomes(lambda **arguments: None, only)
    assert made.status is Status.FAILED
    assert "it can't be sent to a spawned process" in made.detail
    assert played.status is Status.SKIPPED


def test_an_id_that_only_this_process_knows_is_warned_of():
    (outcome,) = outcomes("broken.sound:Sound", ["registration"])
    assert outcome.status is Status.WARNING
    assert "other processes don't know the id" in outcome.detail
