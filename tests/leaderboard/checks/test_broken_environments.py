"""Each environment of `broken` is rejected by the one check that names what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import gymnasium
import pytest

from lexigym.leaderboard.checks import Outcome, Status, check_environment
from lexigym.leaderboard.checks.catalog import ENVIRONMENT_CHECKS

BROKEN: list[tuple[str, str, str]] = [
    ("interface:RefusesToBeMade", "spawning", "it raised RuntimeError: not today"),
    ("interface:ReturnsFour", "interface", "step must return a tuple of 5, got a tuple of 4"),
    ("interface:ForgetsTheInfo", "interface", "reset must return a tuple of 2, got ndarray"),
    ("interface:ListsItsInfo", "interface", "the info that reset returns must be a dict, got list"),
    (
        "interface:RaisesInStepThree",
        "interface",
        r"ZeroDivisionError: in step 3 \(seed \d+, step 3",
    ),
    ("interface:KnowsNoOptions", "interface", "unexpected keyword argument 'options'"),
    ("interface:KeepsItsOwnGenerator", "gymnasium", r"does not call `super\(\).reset"),
    ("interface:PaysFloat32", "types", "reward must be an int or a float, got np.float32"),
    ("interface:EndsInNumPy", "types", "terminated must be a bool"),
    ("interface:NumbersItsInfo", "types", "a key of the info must be a str, got 0"),
    ("interface:ShowsInt32", "observations", "dtype int64 and shape .*, got int32"),
    ("interface:LeavesTheSpace", "observations", "must be in Box"),
    ("interface:GoesOn", "horizon", "must end by step 10, .* but goes on"),
    ("rewards:PaysNothingKnown", "finite-rewards", r"got nan \(seed \d+, step 3\)"),
    ("rewards:PaysTooMuch", "reward-bounds", r"within reward_bounds \(-0.1, 1.0\), got 1.01"),
    ("rewards:DeclaresOneBound", "reward-bounds", r"must be two numbers, got \(1.0,\)"),
    ("rewards:IsAllThumbs", "oracle", "as much as random play, but they are -1 and"),
    ("rewards:Boasts", "oracle-return", r"must earn oracle_return\(\)"),
    ("rewards:IsModest", "oracle-return", "must be the best return"),
    ("masks:GivesBooleans", "masks", "must be an array of int8, got bool"),
    ("masks:GivesTooFew", "masks", r"must have shape \(3,\), got \(2,\)"),
    ("masks:AllowsNothing", "masks", "must allow an action, but allows none"),
    ("masks:SaysOneAndTheOther", "masks", r"the mask\[2\] is False in one and True in the other"),
    ("masks:ForgetsTheMask", "masks", r"info\['action_mask'\] is missing"),
    ("masks:AllowsTheIllegal", "legality", r"allows action 2, but info\['invalid'\] rises"),
    ("masks:PaysTheIllegal", "legality", "forbids action 2, but it is paid 0.5"),
    ("masks:TakesTheIllegal", "legality", "forbids action 1, but it is taken as if it were legal"),
    ("masks:LampForgetsAPart", "masks", r"info\['action_mask'\] must be a tuple of 2"),
    ("masks:LampGivesTuples", "masks", r"action_masks\(\) must be an array of int8, got tuple"),
    ("masks:LampHasTooMany", "masks", r"\['action_mask'\]\[1\] must have shape \(2,\), got \(3,\)"),
    ("masks:LampAllowsNoMove", "masks", "must allow an action, but allows none"),
    (
        "masks:LampAllowsTheIllegal",
        "legality",
        r"allows action \[. 1\], but info\['invalid'\] rises",
    ),
    ("masks:LampPaysTheIllegal", "legality", r"forbids action \[. 1\], but it is paid 0.5"),
    ("determinism:DrawsFromRandom", "global-generators", "the global generator of random"),
    ("determinism:SeedsNumPy", "global-generators", "the global generator of numpy.random"),
    ("determinism:RemembersEpisodes", "determinism", "the same again, but observation"),
    ("determinism:DrawsFromTheSystem", "determinism", r"info\['noise'\] is"),
    ("determinism:DoubtsZero", "seeds", "0 is a seed as any other"),
    ("determinism:SeedsItself", "seeds", "generators are in the same state"),
    ("determinism:HashesStrings", "processes", r"PYTHONHASHSEED=1 .* info\['hash'\]"),
    ("serialization:HoldsAFunction", "pickling", "pickle must be able to write it"),
    ("serialization:LosesItsPlace", "pickling", "in the middle of an episode, must go on"),
    ("serialization:TakesASet", "spec-json", "its spec can't be written as JSON"),
    ("serialization:ReadsTuples", "spec-json", "must give the same, but observation"),
    ("rendering:ShowsNothing", "rendering", "'ansi' must return a str, got NoneType"),
    ("rendering:ShowsFloats", "rendering", r"\(height, width, 3\) uint8, got .* float64"),
    ("rendering:ReturnsToPeople", "rendering", "'human' must return None, got str"),
    ("rendering:StepsWhenSeen", "rendering", "shown in mode 'ansi' must be the same"),
    ("rendering:DrawsOver", "rendering", "must not change when the next is drawn"),
    ("vector:next_step", "vector-next-step", "but reward"),
    ("vector:same_step", "vector-same-step", "but the keys of info"),
    ("vector:disabled", "vector-disabled", "but observation"),
    ("ownership:ReusesItsBuffer", "buffers", "must not change later, but observation"),
    ("ownership:ReusesItsInfo", "buffers", "must not change later, but info"),
    ("ownership:HandsOutItsState", "overwriting", "must change nothing, but observation"),
    ("ownership:HandsOutItsMask", "overwriting", r"must change nothing, but info\['action_mask'\]"),
    ("registration:Counting-v0", "registration", "max_episode_steps.*1000 in one and 1001"),
]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "serialization:TakesASet": {"words": {"a"}},
    "serialization:ReadsTuples": {"bonus": (1,)},
}
SOUND = "broken.sound:Sound", "broken.sound:sound_vector"
NAMES = [check.name for check in ENVIRONMENT_CHECKS]


def check(entry_point: str, vector_entry_point: str | None = None, **keywords: Any) -> Any:
    """Check an entry point in this process, and return the outcomes by name."""
    arguments = keywords.pop("arguments", None)
    gymnasium.register("Broken-v0", entry_point, vector_entry_point=vector_entry_point)
    return by_name(check_environment("Broken-v0", arguments, isolated=False, **keywords))


def by_name(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {outcome.check: outcome for outcome in outcomes}


@pytest.mark.parametrize(("broken", "name", "message"), BROKEN, ids=lambda value: str(value)[:40])
def test_it_is_rejected_by_the_check_that_names_its_fault(broken, name, message):
    # Starting processes takes longer than all else.
    only = [each for each in NAMES if name == "processes" or each != "processes"]
    if name == "registration":
        outcomes = by_name(check_environment(f"broken.{broken}", only=only, isolated=False))
    elif name.startswith("vector"):
        outcomes = check("broken.sound:Sound", f"broken.{broken}", only=only)
    else:
        outcomes = check(f"broken.{broken}", only=only, arguments=ARGUMENTS.get(broken))
    failed = [each for each, outcome in outcomes.items() if outcome.status is Status.FAILED]
    # Gymnasium's own checker may see it, too.
    assert [each for each in failed if name == "gymnasium" or each != "gymnasium"] == [name]
    assert re.search(message, outcomes[name].detail), outcomes[name].detail


def test_every_check_rejects_something():
    assert {name for _, name, _ in BROKEN} == set(NAMES)


@pytest.mark.parametrize("sound", ["WithALamp", "LampInOneArray"])
def test_masks_of_several_numbers_are_tried(sound):
    only = ["interface", "masks", "legality", "horizon", "oracle", "oracle-return"]
    outcomes = check(f"broken.masks:{sound}", only=only)
    assert {outcome.status for outcome in outcomes.values()} == {Status.PASSED}, outcomes


def test_a_sound_one_passes_all():
    outcomes = check(*SOUND)
    assert {each: outcome.status for each, outcome in outcomes.items()} == dict.fromkeys(
        NAMES, Status.PASSED
    )
