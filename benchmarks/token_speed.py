"""Steps per second of Translation-v0 with its dense, exact BLEU, against GEM and TextArena.

Everything counts: observations, infos, rewards, and resets where an episode ends. The actions are
drawn beforehand, half of them along the reference, so that n-grams match. All run in one thread and
take turns; the median of the rounds counts. Peers, which take texts as actions: GEM's
`game:GuessTheNumber-v0-hard` and TextArena's fastest games for one player, without its wrappers,
and with and without asking for the observation. They pin other versions than this project: install
`gem-llm` and `textarena` in an environment of their own, with this project's dependencies.

A second table shows what a step costs as prompts, texts and vocabularies grow.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np

import lexigym  # noqa: F401, registers Translation-v0
from lexigym.envs.datasets.schema import Dataset, Example, split_by_hash
from lexigym.registry.errors import LexigymError

# Times one turn: how many steps, in how many seconds.
Turn = Callable[[], tuple[int, float]]
Rows = Sequence[Any]

SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprst" for vowel in "aeiou"]
WORDS = ["".join(pair) for pair in itertools.product(SYLLABLES, repeat=2)]
WORDS += ["".join(triple) for triple in itertools.product(SYLLABLES, repeat=3)]


def sentence_pairs(pairs: int, words: int, lengths: tuple[int, int], prompt: int = 0) -> Dataset:
    """Made up sentences and their word-by-word translations.

    Args:
        pairs: How many.
        words: Different words in both languages together.
        lengths: The fewest and the most words of a sentence.
        prompt: Words of a prompt; 0 is as many as its sentence has.
    """
    generator = np.random.default_rng(0)
    half, examples = words // 2, []
    for _ in range(pairs):
        ids = generator.integers(half, size=generator.integers(lengths[0], lengths[1] + 1))
        asked = generator.integers(half, size=prompt) if prompt else ids
        examples.append(
            Example(
                " ".join(WORDS[word] for word in asked) + ".",
                (" ".join(WORDS[half + word] for word in ids) + ".",),
            )
        )
    splits = split_by_hash({example.prompt: example for example in examples}.values())
    return Dataset("made up", "fr", "en", "MIT", "a benchmark", splits)


def dataset() -> Any:
    """The phrase book where it can be made, else 800 sentences of 4 to 9 of 700 words."""
    try:
        gymnasium.make("Translation-v0", dataset="phrases")
    except LexigymError:
        return sentence_pairs(800, 700, (4, 9))
    return "phrases"


def make_vector(n: int, **arguments: Any) -> Any:
    return gymnasium.make_vec(
        "Translation-v0", n, vectorization_mode="vector_entry_point", **arguments
    )


class Player:
    """Writes mostly along the reference, and ends a text early now and then.

    Args:
        task: The task that is played.
        stop: Probability of an early end; 0 writes whatever the budget allows.
    """

    def __init__(self, task: Any, stop: float = 0.05) -> None:
        self.task, self.stop = task, stop
        self.generator = np.random.default_rng(0)
        self.legal = np.flatnonzero(task.mask)

    def act(self, example: int, place: int) -> int:
        """Return the token to write in a place of the text."""
        reference = self.task.examples.get(example).references[0]
        luck = self.generator.random()
        if self.stop and (luck < self.stop or place >= len(reference)):
            return int(self.task.tokenizer.eos)
        if luck < 0.5 and place < len(reference):
            return int(reference[place])
        # Id 1 ends a text.
        return int(self.generator.choice(self.legal[1:]))


def rehearse(env: Any, player: Player, steps: int) -> list[int]:
    """Return actions for the episodes that seed 0 begins."""
    _, info = env.reset(seed=0)
    actions, place = [], 0
    for _ in range(steps):
        actions.append(player.act(info["example"].item(), place))
        _, _, terminated, _, info = env.step(actions[-1])
        place += 1
        if terminated:
            _, info = env.reset()
            place = 0
    return actions


def rehearse_vector(env: Any, player: Player, calls: int) -> tuple[list[Any], int]:
    """Return rows of actions for the episodes that seed 0 begins, and how many tokens they write.

    An episode's end takes a step of its own, which begins the next one and writes nothing.
    """
    _, infos = env.reset(seed=0)
    rows, tokens = [], 0
    places, ended = np.zeros(env.num_envs, np.int64), np.zeros(env.num_envs, bool)
    for _ in range(calls):
        tokens += np.count_nonzero(~ended)
        pairs = zip(infos["example"].tolist(), places.tolist(), strict=True)
        rows.append(np.array([player.act(example, place) for example, place in pairs]))
        _, _, terminated, _, infos = env.step(rows[-1])
        places, ended = np.where(ended, 0, places + 1), terminated
    return rows, tokens


def play(env: Any, actions: Rows) -> tuple[int, float]:
    env.reset(seed=0)
    start = time.perf_counter()
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return len(actions), time.perf_counter() - start


def play_vector(env: Any, rows: Rows, tokens: int) -> tuple[int, float]:
    env.reset(seed=0)
    start = time.perf_counter()
    for row in rows:
        env.step(row)
    return tokens, time.perf_counter() - start


def play_textarena(env: Any, actions: Rows, look: bool) -> tuple[int, float]:
    env.reset(num_players=1, seed=0)
    start = time.perf_counter()
    for action in actions:
        done, _ = env.step(action)
        if done:
            env.reset(num_players=1)
        if look:
            env.get_observation()
    return len(actions), time.perf_counter() - start


def peers(steps: int) -> dict[str, Turn]:
    """Turns of the peers that are installed."""
    turns: dict[str, Turn] = {}
    chance = random.Random(0)
    if importlib.util.find_spec("gem"):
        import gem

        game = gem.make("game:GuessTheNumber-v0-hard")
        guesses = [f"\\boxed{{{chance.randint(1, 50)}}}" for _ in range(steps)]
        turns["GEM, GuessTheNumber"] = lambda: play(game, guesses)
    else:
        print("GEM is left out: install gem-llm.")
    if importlib.util.find_spec("textarena"):
        import textarena

        numbers = [str(number) for number in range(1, 21)]
        colours = ["red", "blue", "green", "yellow", "purple"]
        for name, choices in (("GuessTheNumber", numbers), ("Bandit", colours)):
            raw = textarena.make(f"{name}-v0-raw")
            chosen = [f"[{chance.choice(choices)}]" for _ in range(steps)]
            for look, how in ((False, "step alone"), (True, "step and observation")):
                turns[f"TextArena, {name}, {how}"] = lambda raw=raw, chosen=chosen, look=look: (
                    play_textarena(raw, chosen, look)
                )
    else:
        print("TextArena is left out: install textarena.")
    return turns


def medians(turns: dict[str, Turn], rounds: int) -> dict[str, float]:
    """Let all take turns, after a first one that warms up; return the medians of steps/s."""
    speeds: dict[str, list[float]] = {name: [] for name in turns}
    for turn in range(rounds + 1):
        for name, play_once in turns.items():
            steps, seconds = play_once()
            if turn:
                speeds[name].append(steps / seconds)
    return {name: statistics.median(values) for name, values in speeds.items()}


def compare(arguments: argparse.Namespace) -> None:
    """Print the speeds of both forms and of the peers."""
    data = dataset()
    env, n = gymnasium.make("Translation-v0", dataset=data), arguments.num_envs
    task = env.unwrapped.task  # type: ignore[attr-defined]
    actions = rehearse(env, Player(task), arguments.steps)
    vector = make_vector(n, dataset=data)
    rows = rehearse_vector(vector, Player(task), arguments.steps // 20)
    single, many = "Translation-v0", f"Translation-v0, vector form, n={n}"
    turns: dict[str, Turn] = {
        single: lambda: play(env, actions),
        many: lambda: play_vector(vector, *rows),
        **peers(arguments.steps),
    }
    speeds = medians(turns, arguments.rounds)
    resets = 0
    env.reset(seed=0)
    for action in actions:
        if env.step(action)[2]:
            env.reset()
            resets += 1
    name = data if isinstance(data, str) else data.name
    print(f"\ndataset {name!r}, V = {task.tokenizer.size}, {len(actions) / resets:.1f} steps/reset")
    print(f"{'environment':48} {'steps/s':>12} {'to single':>10} {'single to it':>13}")
    for label, speed in speeds.items():
        print(
            f"{label:48} {speed:12,.0f} {speed / speeds[single]:10.2f} "
            f"{speeds[single] / speed:13.2f}"
        )


def show_costs(arguments: argparse.Namespace) -> None:
    """Print what a step costs at several lengths and vocabularies."""
    # Prompt and text grow together; then the vocabulary grows alone.
    sizes = [(16, 700), (64, 700), (256, 700), (16, 5_000), (16, 50_000)]
    turns: dict[str, Turn] = {}
    masks: dict[str, float] = {}
    for length, words in sizes:
        pairs = max(800, words // 5)
        data = sentence_pairs(pairs, words, (length - 2, length - 2), prompt=length - 1)
        env, vector = gymnasium.make("Translation-v0", dataset=data), make_vector(64, dataset=data)
        task = env.unwrapped.task  # type: ignore[attr-defined]
        name = f"P = T = {task.new_tokens}, V = {task.tokenizer.size}"
        actions = rehearse(env, Player(task, stop=0), arguments.steps // 4)
        rows = rehearse_vector(vector, Player(task, stop=0), arguments.steps // 80)
        turns[name] = lambda env=env, actions=actions: play(env, actions)
        turns[f"{name}, n=64"] = lambda vector=vector, rows=rows: play_vector(vector, *rows)
        start = time.perf_counter()
        for _ in range(10_000):
            task.mask.copy()
        masks[name] = (time.perf_counter() - start) / 10_000 * 1e9
    speeds = medians(turns, arguments.rounds)
    print(f"\n{'ns of a step, whole episodes':32} {'single':>8} {'its mask':>9} {'vector':>8}")
    for name, mask in masks.items():
        print(
            f"{name:32} {1e9 / speeds[name]:8.0f} {mask:9.0f} {1e9 / speeds[name + ', n=64']:8.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40_000, help="steps of each turn")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each environment")
    parser.add_argument("--num-envs", type=int, default=64, help="n of the vector form")
    arguments = parser.parse_args()
    compare(arguments)
    show_costs(arguments)


if __name__ == "__main__":
    main()
