"""Steps per second with exact BLEU after every token, against sacrebleu on every prefix.

Ours are whole steps of Translation-v0, resets included, in the single and in the vector form;
sacrebleu's are calls of `sentence_score` on the texts that these steps write, with its metric made
once, and of the function `sacrebleu.sentence_bleu`, which makes it anew. They take turns, and the
median of the rounds counts. The numbers themselves are compared first.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import gymnasium
import sacrebleu
from sacrebleu.metrics.bleu import BLEU
from token_speed import (
    Player,
    Turn,
    dataset,
    make_vector,
    medians,
    play,
    play_vector,
    rehearse,
    rehearse_vector,
)


def prefixes(env: Any, actions: list[int]) -> list[tuple[str, list[str], float]]:
    """Return each text that the actions write, its references and the score that the step tells."""
    texts = []
    env.reset(seed=0)
    for action in actions:
        _, _, terminated, _, info = env.step(action)
        texts.append((env.unwrapped.text, [*env.unwrapped.references], info["score"].item()))
        if terminated:
            env.reset()
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40_000, help="steps of each of our turns")
    parser.add_argument("--texts", type=int, default=2_000, help="texts of each turn of sacrebleu")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each")
    arguments = parser.parse_args()

    data = dataset()
    env, vector = gymnasium.make("Translation-v0", dataset=data), make_vector(64, dataset=data)
    task = env.unwrapped.task  # type: ignore[attr-defined]
    actions = rehearse(env, Player(task), arguments.steps)
    rows = rehearse_vector(vector, Player(task), arguments.steps // 20)
    texts = prefixes(env, actions[: arguments.texts])
    metric = BLEU(effective_order=True)

    def with_metric() -> tuple[int, float]:
        start = time.perf_counter()
        for text, references, _ in texts:
            metric.sentence_score(text, references)
        return len(texts), time.perf_counter() - start

    def with_function() -> tuple[int, float]:
        start = time.perf_counter()
        for text, references, _ in texts:
            sacrebleu.sentence_bleu(text, references)
        return len(texts), time.perf_counter() - start

    worst = max(
        abs(min(metric.sentence_score(text, references).score / 100, 1.0) - score)
        for text, references, score in texts
    )
    print(f"largest difference on {len(texts)} texts: {worst:.1e}\n")

    turns: dict[str, Turn] = {
        "Translation-v0": lambda: play(env, actions),
        "Translation-v0, vector form, n=64": lambda: play_vector(vector, *rows),
        "sacrebleu.sentence_bleu": with_function,
        "sacrebleu's metric, made once": with_metric,
    }
    speeds = medians(turns, arguments.rounds)
    function, method = list(speeds)[2:]
    print(f"{'texts scored':36} {'a second':>12} {'to sentence_bleu':>17} {'to its metric':>14}")
    for name, speed in speeds.items():
        print(
            f"{name:36} {speed:12,.0f} {speed / speeds[function]:17.1f} "
            f"{speed / speeds[method]:14.1f}"
        )


if __name__ == "__main__":
    main()
