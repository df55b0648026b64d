"""Rows of packs: results and their places in suites as plain data that others can be handed.

A row of a stranger is data to check, and nothing in it is believed: `entry_of` refuses whatever
`row_of` doesn't write. Its digest guards against damage, not against lies: who makes up a result
can make up its digest. What tells whether a result is true is to run it again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from reprlib import repr as shortened
from typing import Any, NoReturn

from ...registry.errors import LexigymError
from ...registry.names import label_fault
from ...registry.plain_json import infinity, nests_too_deeply, write_plain
from ..run import Episode, Point, Result, Run
from ..store import Entry

# Of what a row holds and means; a program reads those up to its own.
VERSION = 1
# No row of ours comes near; a stranger's may be made to fill the memory.
MOST_BYTES = 16_000_000
# What the integers of every reader hold.
MOST = 2**63 - 1

# The type of each field of a row; floats are never written as whole numbers.
TYPES: dict[str, tuple[type, ...]] = {
    "version": (int,),
    "suite": (str, type(None)),
    "position": (int, type(None)),
    "environment": (str,),
    "agent": (str,),
    "key": (str,),
    "spec": (str,),
    "returns": (list,),
    "learning_seconds": (float,),
    "evaluation_seconds": (float,),
    "curve": (list,),
    "episodes": (list,),
    "error": (str, type(None)),
    "traceback": (str, type(None)),
    "manifest": (dict,),
    "digest": (str,),
}
POINT_TYPES: dict[str, tuple[type, ...]] = {
    "steps": (int,),
    "seconds": (float,),
    "mean_return": (float,),
}
EPISODE_TYPES: dict[str, tuple[type, ...]] = {
    "seed": (int,),
    "actions": (list,),
    "episode_return": (float,),
    "text": (str,),
}
RUN_TYPES: dict[str, tuple[type, ...]] = {
    "environment_id": (str,),
    "arguments": (dict,),
    "evaluation_arguments": (dict,),
    "agent_name": (str,),
    "hyperparameters": (dict,),
    "seed": (int,),
    "steps": (int,),
    "num_envs": (int,),
    "evaluation_episodes": (int, type(None)),
    "evaluation_seed": (int,),
    "curve_points": (int,),
    "curve_episodes": (int,),
}
# Of a run, what there must be one of at least.
POSITIVE = ("num_envs", "evaluation_episodes", "curve_episodes")


class PackError(LexigymError, ValueError):
    """A pack, or a row of one, that is damaged, foreign, or contradicts what is known."""


def row_of(entry: Entry) -> dict[str, Any]:
    """Return an entry as a row, signed with its digest.

    Raises:
        PackError: If it holds what no reader would take, such as a return that is not finite.
    """
    result = entry.result
    row = {
        "version": VERSION,
        "suite": entry.suite,
        "position": entry.position,
        "environment": result.run.environment,
        "agent": result.run.agent,
        "key": result.run.key,
        "spec": result.run.spec,
        "returns": list(result.returns),
        "learning_seconds": result.learning_seconds,
        "evaluation_seconds": result.evaluation_seconds,
        "curve": [point._asdict() for point in result.curve],
        "episodes": [
            episode._asdict() | {"actions": list(episode.actions)} for episode in result.episodes
        ],
        "error": result.error,
        "traceback": result.traceback,
        "manifest": result.manifest,
    }
    row["digest"] = digest(row)
    entry_of(row)
    return row


def digest(row: dict[str, Any]) -> str:
    """Return the SHA-256 of a row without its digest, as JSON in one form, in hexadecimal.

    Raises:
        PackError: If the row is no JSON, or too large.
    """
    try:
        written = write_plain({name: value for name, value in row.items() if name != "digest"})
    except ValueError as error:
        _refuse(str(error))
    encoded = written.encode()
    if len(encoded) > MOST_BYTES:
        _refuse(f"it has {len(encoded):,} bytes, and {MOST_BYTES:,} are the most")
    return hashlib.sha256(encoded).hexdigest()


def entry_of(row: Any) -> Entry:
    """Check a row, and return its entry; nothing that it names is imported.

    Raises:
        PackError: If it isn't as `row_of` makes it.
    """
    version = row.get("version") if isinstance(row, dict) else None
    if type(version) is not int or version < 1:
        _refuse("it is no row of a pack: it tells no version of one")
    if version > VERSION:
        _refuse(f"it is of version {version}, and up to {VERSION} are known: update lexigym")
    _check_types("it", row, TYPES)
    if digest(row) != row["digest"]:
        _refuse("it is damaged: its digest is another than that of what it holds")
    if (row["suite"] is None) != (row["position"] is None):
        _refuse("it has a suite without a position, or a position without a suite")
    _check_count("position", row["position"])
    for name in ("suite", "environment", "agent"):
        _check_label(name, row[name] or "")
    run = _run_of(row)
    result = Result(
        run,
        tuple(row["returns"]),
        learning_seconds=row["learning_seconds"],
        evaluation_seconds=row["evaluation_seconds"],
        curve=tuple(Point(**_checked("a point", each, POINT_TYPES)) for each in row["curve"]),
        episodes=tuple(_episode_of(each) for each in row["episodes"]),
        error=row["error"],
        traceback=row["traceback"],
        manifest=row["manifest"],
    )
    _check_result(result)
    return Entry(row["suite"], row["position"], result)


def _run_of(row: dict[str, Any]) -> Run:
    spec = row["spec"]
    if hashlib.sha256(spec.encode()).hexdigest() != row["key"]:
        _refuse(f"its key {shortened(row['key'])} is not the SHA-256 of its spec")
    asked = _checked("the spec", _read_spec(spec), RUN_TYPES)
    for name, types in RUN_TYPES.items():
        if int in types:
            _check_count(name, asked[name], least=int(name in POSITIVE))
    run = Run(environment=row["environment"], agent=row["agent"], **asked)
    if run.spec != spec:
        _refuse("its spec is not in the form that lexigym writes")
    return run


def _read_spec(spec: str) -> Any:
    """Return what a spec holds, and the defaults of what it leaves out."""
    try:
        # Not strictly: a hyperparameter may be infinite.
        asked = json.loads(spec, parse_constant=infinity)
        json.dumps(asked, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        _refuse("its spec holds half of a character, a lone surrogate")
    except (ValueError, RecursionError):
        _refuse(f"its spec is no JSON: {shortened(spec)}")
    if nests_too_deeply(asked):
        _refuse("its spec is nested too deeply")
    if not isinstance(asked, dict):
        return asked
    defaults = {
        each.name: each.default
        for each in dataclasses.fields(Run)
        if each.default is not dataclasses.MISSING
    }
    return defaults | asked


def _episode_of(read: Any) -> Episode:
    episode = _checked("an episode", read, EPISODE_TYPES)
    _check_count("the seed of an episode", episode["seed"])
    return Episode(**episode | {"actions": tuple(episode["actions"])})


def _check_label(name: str, label: str) -> None:
    if fault := label_fault(label):
        _refuse(f"the name of its {name} {fault}: {shortened(label)}")


def _check_result(result: Result) -> None:
    for returned in result.returns:
        if type(returned) is not float or not math.isfinite(returned):
            _refuse(f"a return is {shortened(returned)}, which is no finite float")
    if (result.error is None) == (not result.returns):
        _refuse("it has neither returns nor an error, or both")
    if result.traceback is not None and result.error is None:
        _refuse("it has a traceback, and no error")
    episodes = result.run.evaluation_episodes
    if result.error is None and episodes not in (None, len(result.returns)):
        _refuse(f"it has {len(result.returns)} returns of {episodes} evaluation episodes")
    for seconds in (result.learning_seconds, result.evaluation_seconds):
        _check_seconds(seconds)
    before = -1
    for point in result.curve:
        if not before < point.steps <= result.run.steps:
            _refuse(
                f"its curve goes from step {before} to {shortened(point.steps)} of "
                f"{result.run.steps}: steps must increase up to these"
            )
        before = point.steps
        _check_seconds(point.seconds)


def _check_seconds(seconds: float) -> None:
    if seconds < 0:
        _refuse(f"it tells of {seconds} seconds, which is less than none")


def _check_count(name: str, value: int | None, least: int = 0) -> None:
    if value is not None and not least <= value <= MOST:
        _refuse(f"{name} must be from {least} to {MOST}, got {shortened(value)}")


def _checked(what: str, read: Any, types: dict[str, tuple[type, ...]]) -> dict[str, Any]:
    if not isinstance(read, dict):
        _refuse(f"{what} must be an object, got {shortened(read)}")
    _check_types(what, read, types)
    return read


def _check_types(what: str, read: dict[str, Any], types: dict[str, tuple[type, ...]]) -> None:
    if missing := types.keys() - read.keys():
        _refuse(f"{what} has no {min(missing)!r}")
    if unknown := read.keys() - types.keys():
        _refuse(f"{what} has an unknown {shortened(min(unknown))}")
    for name, allowed in types.items():
        if type(read[name]) not in allowed:
            expected = " or ".join(each.__name__ for each in allowed)
            _refuse(f"{name} of {what} must be {expected}, got {shortened(read[name])}")


def _refuse(why: str) -> NoReturn:
    raise PackError(f"{why}.")
