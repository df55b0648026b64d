"""What the command `lexigym` takes, and what its help says."""

from __future__ import annotations

import argparse
import tomllib
from typing import Any, NoReturn

from ..registry.terminal import printable

STORE = "runs/leaderboard.sqlite"
DESCRIPTION = "Reinforcement learning on language: train agents, watch them, compare them."
EXAMPLES = """
examples:
  lexigym list                                   what there is
  lexigym describe dqn                           an agent and its hyperparameters
  lexigym train GridRobot-v0 dqn                 learn, evaluate, save
  lexigym watch runs/GridRobot-v0/dqn-seed0.zip  see an episode
  lexigym play QA-v0                             write the answers yourself
  lexigym record QA-v0 oracle --out answers      write episodes to learn from
  lexigym tune GridRobot-v0 dqn                  search hyperparameters
  lexigym bench quick                            compare the agents, in a few minutes
  lexigym leaderboard                            show what was compared
  lexigym check GridRobot-v0                     whether an environment keeps its promises
  lexigym verify 3fa94c                          run a result again, compare bit for bit
  lexigym submit --suite quick --out mine.jsonl  hand results to others
  lexigym merge packs/                           take in the results of others
"""
TRAIN_EXAMPLES = """
examples:
  lexigym train GridRobot-v0 dqn --steps 20000 --progress
  lexigym train GridRobot-v0 sb3/ppo --set learning_rate=1e-3 --env-set size=5
  lexigym train GridRobot-v0 dqn --env-set layout=random --num-envs 8 --out maps.zip
"""
WATCH_EXAMPLES = """
examples:
  lexigym watch dqn.zip                  in the terminal
  lexigym watch dqn.zip --out robot.gif  as a picture that moves
"""
TUNE_EXAMPLES = """
What to search is LOW..HIGH, by orders of magnitude where they are far apart, or a list. Trials that
do worse than most are given up. The same command goes on after an interruption.

examples:
  lexigym tune GridRobot-v0 dqn --trials 30
  lexigym tune QA-v0 dqn --env-set level=small --search learning_rate=1e-4..1e-2 \\
      --search "double=[true, false]" --num-envs 16
  lexigym bench runs/tune/GridRobot-v0-dqn.toml  compare what was found with the defaults
"""
PLAY_EXAMPLES = """
what to type:
  seventy two    tokens, or actions by name or number, with spaces between; Tab completes
  (nothing)      an empty line ends the text
  :q             quits

examples:
  lexigym play QA-v0 --set level=small        answer in words
  lexigym play TextGen-v0 --episodes 3        write sentences
  lexigym play GridRobot-v0 --set size=5      walk
"""
RECORD_EXAMPLES = """
examples:
  lexigym record QA-v0 oracle --set level=small --episodes 500 --out data/answers-v0
  lexigym record dqn.zip --explore --out data/robot-v0

to read one:
  lexigym.agents.recordings.read_recording("data/answers-v0")
  minari.load_dataset("answers-v0"), with MINARI_DATASETS_PATH=data
"""
BENCH_EXAMPLES = """
What was run before is not run again; after an interruption the same command goes on.

examples:
  lexigym bench quick
  lexigym bench my-suite.toml --jobs 4 --timeout 3600 --out results.json
  lexigym bench full --executor ray --address 10.0.0.1:6379
"""
CHECK_EXAMPLES = """
Each check puts one promise to the test, such as that the same seed gives the same episodes, in a
process that may hang or crash. The exit code is 1 if a promise is broken, else 0.

examples:
  lexigym check GridRobot-v0 --set layout=random
  lexigym check my_package:MyWorld-v0 --only determinism --only processes
  lexigym check --agent dqn                     on the first environment that it takes
  lexigym check QA-v0 --set level=small --agent sb3/dqn --agent-set learning_starts=50
"""
VERIFY_EXAMPLES = """
A run is named by its key, or by the first six or more characters of it. The exit code is 0 if all
outcomes are bit-equal, else 1.

examples:
  lexigym verify 3fa94c
  lexigym verify 3fa94c 90be11 --store board.sqlite
"""
SUBMIT_EXAMPLES = """
A pack tells the results with their specs, versions, system and processor; of failed runs also the
traceback, with the paths of files.

examples:
  lexigym submit --suite quick --out results.jsonl
  lexigym submit 3fa94c --out one.jsonl
  lexigym submit --out all.parquet              for pandas, DuckDB, ...
"""
MERGE_EXAMPLES = """
Each row is checked, and all are merged or none. A digest guards against damage, not against lies:
what tells whether a result is true is --rerun, which imports and executes what the rows name.

examples:
  lexigym merge theirs.jsonl
  lexigym merge board/packs --store board.sqlite
  lexigym merge theirs.jsonl --rerun
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors show what was typed, and don't let a terminal obey it."""

    def error(self, message: str) -> NoReturn:
        """Print how the command is used and what is wrong, and exit with 2."""
        super().error(printable(message))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = _parser(Parser, EXAMPLES, prog="lexigym", description=DESCRIPTION)
    parser.add_argument("--version", action=_Versions, nargs=0, help="show the versions in use")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: str, summary: str, epilog: str = "") -> argparse.ArgumentParser:
        each = _parser(
            commands.add_parser, epilog, name=name, help=summary, description=f"{summary}."
        )
        each.add_argument("--debug", action="store_true", help="show the traceback of an error")
        each.set_defaults(command=command)
        return each

    add("list", "listing:list_all", "list the environments, agents and everything else by name")

    add("models", "models:list_models", "list the language models, and how to use others")

    describe = add("describe", "listing:describe", "describe an environment, an agent, ...")
    describe.add_argument("name", metavar="NAME", help="a name of `lexigym list`")

    train = add("train", "training:train", "let an agent learn, then evaluate it", TRAIN_EXAMPLES)
    train.add_argument("environment", metavar="ENV", help="a Gymnasium id, such as GridRobot-v0")
    train.add_argument("agent", metavar="AGENT", help="an agent, such as dqn or sb3/ppo")
    _add_number(train, "--steps", 50_000, "environment steps to learn from")
    _add_number(train, "--seed", 0, "root of all random numbers", least=0)
    _add_number(train, "--num-envs", 1, "environments to learn on in parallel")
    _add_settings(train, "--set", "a hyperparameter of `lexigym describe AGENT`")
    _add_settings(train, "--env-set", "an argument of `lexigym describe ENV`")
    train.add_argument(
        "--out", metavar="PATH", help="the checkpoint (runs/ENV/AGENT-seedN.zip if left out)"
    )
    _add_number(train, "--eval-episodes", 100, "episodes of the evaluation at the end")
    train.add_argument("--progress", action="store_true", help="show a progress bar")

    tune = add("tune", "tuning:tune", "search the hyperparameters of an agent", TUNE_EXAMPLES)
    tune.add_argument("environment", metavar="ENV", help="a Gymnasium id, such as GridRobot-v0")
    tune.add_argument("agent", metavar="AGENT", help="an agent, such as dqn or sb3/ppo")
    _add_number(tune, "--trials", 20, "trials, with those of earlier calls")
    _add_number(tune, "--steps", 20_000, "environment steps of a trial")
    tune.add_argument(
        "--search",
        action="append",
        default=[],
        metavar="NAME=SPEC",
        help="what to search, a range or a list; may be repeated (the usual ones if left out)",
    )
    _add_settings(tune, "--set", "a hyperparameter that all trials share")
    _add_settings(tune, "--env-set", "an argument of the environment")
    _add_settings(tune, "--eval-set", "one of the environment that trials are judged on")
    _add_number(tune, "--num-envs", 1, "environments to learn on in parallel")
    _add_number(tune, "--seeds", 1, "agents that learn in a trial, each under a seed of its own")
    _add_number(tune, "--seed", 0, "root of all random numbers", least=0)
    _add_number(tune, "--episodes", 50, "episodes of an evaluation")
    _add_number(tune, "--reports", 5, "evaluations of a trial, at which it may be given up")
    _add_number(tune, "--timeout", None, "seconds after which no trial begins; none if left out")
    tune.add_argument(
        "--out", metavar="PATH", help="the experiment (runs/tune/ENV-AGENT.toml if left out)"
    )
    tune.add_argument(
        "--storage", metavar="PATH", help="the trials (runs/tune/ENV-AGENT.sqlite if left out)"
    )

    evaluate = add("evaluate", "training:evaluate_checkpoint", "evaluate a saved agent")
    _add_checkpoint(evaluate)
    _add_number(evaluate, "--episodes", 100, "episodes to play")

    watch = add("watch", "watching:watch", "watch a saved agent play an episode", WATCH_EXAMPLES)
    _add_checkpoint(watch)
    watch.add_argument("--out", metavar="PATH", help="a .gif or .mp4 instead of the terminal")

    record = add(
        "record",
        "recording:record",
        "write episodes to learn from, in the format of Minari",
        RECORD_EXAMPLES,
    )
    record.add_argument(
        "checkpoint",
        metavar="ENV_OR_CHECKPOINT",
        help="a Gymnasium id, such as QA-v0, or what `lexigym train` saved",
    )
    record.add_argument(
        "agent",
        metavar="AGENT",
        nargs="?",
        help="who plays ENV, such as oracle or random; with --trust, who saved CHECKPOINT",
    )
    record.add_argument(
        "--out", metavar="PATH", required=True, help="the directory to write, a new one"
    )
    _add_number(record, "--episodes", 100, "episodes to play")
    _add_number(record, "--seed", 0, "root of all random numbers", least=0)
    record.add_argument(
        "--explore", action="store_true", help="draw actions, instead of the greedy ones"
    )
    _add_settings(record, "--set", "an argument of the environment", also="--env-set")
    _add_settings(record, "--agent-set", "a hyperparameter of AGENT")
    record.add_argument(
        "--env", metavar="ID", help="another environment than a checkpoint's agent learned on"
    )
    _add_trust(record)

    play = add("play", "play:play", "play yourself, in the terminal", PLAY_EXAMPLES)
    play.add_argument("environment", metavar="ENV", help="a Gymnasium id, such as QA-v0")
    _add_settings(play, "--set", "an argument of `lexigym describe ENV`")
    _add_number(play, "--seed", 0, "root of the seeds of the episodes", least=0)
    _add_number(play, "--episodes", None, "episodes to play; asks after each if left out")

    bench = add("bench", "benching:bench", "compare agents over environments", BENCH_EXAMPLES)
    bench.add_argument("suite", metavar="SUITE", help="a suite that ships, or a TOML file")
    _add_number(bench, "--jobs", None, "runs at a time; as many as there are cores if left out")
    _add_number(bench, "--timeout", None, "seconds of each run; what the suite says if left out")
    _add_store(bench)
    bench.add_argument(
        "--executor",
        choices=("local", "ray"),
        default="local",
        help="processes of this machine, or a Ray cluster (local if left out)",
    )
    bench.add_argument(
        "--address", metavar="HOST:PORT", help="of the Ray cluster; one is started if left out"
    )
    bench.add_argument("--out", metavar="PATH", help="write the results there too, as JSON")
    bench.add_argument(
        "--tensorboard", metavar="DIR", help="log each run there, in a folder of its own"
    )

    board = add("leaderboard", "benching:leaderboard", "show what `bench` has kept")
    board.add_argument("suite", metavar="SUITE", nargs="?", help="its name; all if left out")
    board.add_argument("--out", metavar="DIR", help="write a page there too, DIR/index.html")
    board.add_argument(
        "--runs", action="store_true", help="list the runs too, with the keys that `verify` takes"
    )
    _add_store(board)

    check = add(
        "check",
        "checking:check",
        "check that an environment, or an agent, keeps its promises",
        CHECK_EXAMPLES,
    )
    check.add_argument(
        "environment", metavar="ENV", nargs="?", help="a Gymnasium id, or module:Name-v0"
    )
    check.add_argument("--agent", metavar="AGENT", help="check this agent, on ENV if it is given")
    _add_settings(check, "--set", "an argument of the environment", also="--env-set")
    _add_settings(check, "--agent-set", "a hyperparameter of AGENT")
    _add_number(check, "--seed", 0, "root of all random numbers", least=0)
    _add_number(check, "--episodes", 5, "episodes to play")
    _add_number(check, "--timeout", 120, "seconds that each check may take")
    check.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CHECK",
        help="make this check only; may be repeated",
    )
    check.add_argument("--out", metavar="PATH", help="write the outcomes there too, as JSON")

    verify = add(
        "verify",
        "verifying:verify",
        "run results again and compare them bit for bit",
        VERIFY_EXAMPLES,
    )
    verify.add_argument("runs", metavar="RUN", nargs="+", help="a key, or the beginning of one")
    _add_store(verify)

    submit = add(
        "submit", "submitting:submit", "write results to a file, to hand them on", SUBMIT_EXAMPLES
    )
    submit.add_argument("runs", metavar="RUN", nargs="*", help="a key, or the beginning of one")
    submit.add_argument("--suite", metavar="SUITE", help="of this suite; of all if left out")
    submit.add_argument(
        "--out", metavar="FILE", required=True, help="a .jsonl file, or a .parquet one"
    )
    _add_store(submit)

    merge = add("merge", "merging:merge", "take the results of others into a store", MERGE_EXAMPLES)
    merge.add_argument(
        "files", metavar="FILE", nargs="+", help="what `lexigym submit` wrote, or a folder of it"
    )
    merge.add_argument(
        "--rerun", action="store_true", help="run new results again, and refuse what differs"
    )
    merge.add_argument(
        "--keep-mine",
        action="store_true",
        help="leave out what contradicts a result that is kept, instead of refusing all",
    )
    _add_store(merge)
    return parser


def setting(text: str) -> tuple[str, Any]:
    """Split "name=value"; the value is read as TOML, or is the text itself where it isn't TOML.

    >>> setting("learning_rate=1e-3"), setting("net_arch=[64, 64]"), setting("layout=random")
    (('learning_rate', 0.001), ('net_arch', [64, 64]), ('layout', 'random'))
    """
    name, equals, value = text.partition("=")
    name = name.strip()
    if not (equals and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=value")
    try:
        parsed = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return name, value
    # A line break in the value could hold a second key, which TOML would accept.
    return name, parsed["value"] if len(parsed) == 1 else value


def _parser(make: Any, epilog: str, **keywords: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = make(
        **keywords,
        epilog=epilog.strip() or None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return parser


def _add_number(
    parser: argparse.ArgumentParser, option: str, default: int | None, text: str, least: int = 1
) -> None:
    def number(value: str) -> int:
        if not value.replace("_", "").isdecimal() or int(value) < least:
            raise argparse.ArgumentTypeError(f"{value!r} is not a whole number of at least {least}")
        return int(value)

    suffix = "" if default is None else f" ({default} if left out)"
    parser.add_argument(option, type=number, default=default, metavar="N", help=text + suffix)


def _add_settings(
    parser: argparse.ArgumentParser, option: str, text: str, also: str | None = None
) -> None:
    options = [option] if also is None else [option, also]
    parser.add_argument(
        *options,
        dest=options[-1].strip("-").replace("-", "_"),
        action="append",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help=f"{text}; may be repeated",
    )


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store",
        metavar="PATH",
        default=STORE,
        help=f"where results are kept and found ({STORE} if left out)",
    )


class _Versions(argparse.Action):
    """Print what results depend on, and end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        # Imported when used, so that `lexigym --help` is quick.
        from .manifest import manifest

        versions = manifest()["versions"]
        print("lexigym", versions.pop("lexigym"))
        print(", ".join(f"{name} {version}" for name, version in versions.items()))
        parser.exit()


def _add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--trust",
        action="store_true",
        help="execute whatever a file of Stable-Baselines3's own holds, to load it",
    )


def _add_checkpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="what `lexigym train` saved")
    parser.add_argument("--env", metavar="ID", help="another environment than it learned on")
    _add_trust(parser)
    parser.add_argument("--agent", metavar="AGENT", help="who saved such a file, such as sb3/ppo")
    _add_settings(parser, "--env-set", "an argument of the environment")
    _add_number(parser, "--seed", 0, "root of the seeds of the episodes", least=0)
