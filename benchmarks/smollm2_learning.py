"""What SmolLM2-135M learns to answer on `QA-v0`, from a plain prompt and from one with examples.

Each line is one training on the training split, judged on held-out questions, evenly spaced over
the test split: the exact match of the greedy answers before, after supervised learning alone, and
after learning by reward as well. Where only the k likeliest tokens are judged, no more can be
learned than what can be written with them; the ceilings say how much that is.

The honest rival learns nothing and is shown three examples in its prompt; it writes freely, and its
first line counts. The environment knows no lines: what it gives before is of a model that may not
end one.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import torch

import lexigym
from lexigym.agents.lm.models import SmolLM2
from lexigym.envs.datasets.make import make_dataset
from lexigym.registry.environments import make_vector_environment

PLAIN = "Question: {prompt}\nAnswer: "
# One pass over the weights reads a token of each.
NUM_ENVS = 64
BATCH = 16
CEILINGS = (16, 64, 256, 1024)
HYPERPARAMETERS: dict[str, Any] = {
    "model": "smollm2",
    # A step of each of a head's weights adds up to a large one of a logit.
    "learning_rate": 1e-5,
    "gradient_steps": 4,
    "pretrain_learning_rate": 1e-3,
    "batch_size": 64,
    "n_steps": 32,
    "beta": 2.0,
    "munchausen": False,
    "imitation_weight": 1.0,
    "learning_starts": 200,
}


def few_shot() -> str:
    """Return the plain prompt after three answered questions of the training split."""
    facts = make_dataset("facts")
    size = facts.size("train") or 0
    shown = [facts.example("train", size * part // 4) for part in (1, 2, 3)]
    answered = [PLAIN.format(prompt=each.prompt) + each.references[0] for each in shown]
    return "\n\n".join([*answered, PLAIN])


PROMPTS = {"plain": lambda: PLAIN, "few-shot": few_shot}


def held_out(count: int) -> list[int]:
    """Return which examples of the test split are asked, evenly spaced."""
    size = make_dataset("facts").size("test") or 0
    return np.linspace(0, size - 1, min(count, size)).astype(int).tolist()


def answers(agent: Any, env: Any, examples: list[int]) -> list[str]:
    """Return the greedy answers of an agent."""
    return [text for batch in batches(examples) for text in _answer(agent, env, batch)]


def batches(examples: list[int]) -> Iterator[list[int]]:
    """Yield examples a few at a time."""
    for start in range(0, len(examples), BATCH):
        yield examples[start : start + BATCH]


def _answer(agent: Any, env: Any, batch: list[int]) -> list[str]:
    task = env.unwrapped.task
    pages = np.stack([task.examples.get(index).blank for index in batch])
    legal = np.tile(task.mask, (len(batch), 1))
    running = np.ones(len(batch), bool)
    for slot in range(task.prompt_tokens, pages.shape[1]):
        tokens, _ = agent.predict(pages, deterministic=True, action_masks=legal)
        running &= tokens != task.tokenizer.eos
        if not running.any():
            break
        pages[running, slot] = tokens[running]
    written = pages[:, task.prompt_tokens :]
    return [task.decode(row[row != task.tokenizer.pad].tolist()) for row in written]


def exact_match(texts: list[str], examples: list[int]) -> float:
    """Return the share of right answers."""
    facts = make_dataset("facts")
    asked = [facts.example("test", index) for index in examples]
    scores = [
        lexigym.score("exact_match", text, example.references)
        for text, example in zip(texts, asked, strict=True)
    ]
    return float(np.mean(scores))


def rival(examples: list[int]) -> float:
    """Return the exact match of the first lines that the model writes after three examples."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, facts = SmolLM2.folder(), make_dataset("facts")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, texts = AutoModelForCausalLM.from_pretrained(folder), []
    for index in examples:
        prompt = few_shot().format(prompt=facts.example("test", index).prompt).rstrip()
        ids = tokenizer(prompt, return_tensors="pt")
        written = model.generate(**ids, max_new_tokens=16, do_sample=False)
        text = tokenizer.decode(written[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)
        texts.append(text.strip().partition("\n")[0])
    return exact_match(texts, examples)


def ceilings(agent: Any, env: Any, examples: list[int]) -> dict[int, float]:
    """Return the share of questions with an answer whose tokens are all among the k likeliest."""
    task, needed = env.unwrapped.task, []
    for index in examples:
        example = task.examples.get(index)
        needed.append(min(_needed(agent, task, example.blank, example.references)))
    return {k: float(np.mean(np.array(needed) < k)) for k in CEILINGS}


def _needed(
    agent: Any, task: Any, blank: npt.NDArray[Any], references: list[list[int]]
) -> Iterator[int]:
    """Yield the worst rank of the tokens of each reference; the end is always a candidate."""
    for reference in references:
        tokens = reference[: task.new_tokens]
        pages = np.tile(blank, (len(tokens), 1))
        for place, token in enumerate(tokens[:-1]):
            pages[place + 1 :, task.prompt_tokens + place] = token
        legal = np.tile(task.mask.astype(bool), (len(tokens), 1))
        scores = agent.policy.outlook(torch.from_numpy(pages), legal).log_prior
        right = scores.gather(1, torch.tensor(tokens)[:, None])
        yield int((scores > right).sum(dim=1).max())


def train(settings: argparse.Namespace, prompt: str, seed: int) -> dict[str, Any]:
    """Return what one training gives, and the answers before and after."""
    arguments = {"tokenizer": "smollm2", "template": PROMPTS[prompt]()}
    env = gymnasium.make("QA-v0", split="test", **arguments)
    asked = held_out(settings.questions)
    alone = lexigym.make_agent("lm", env, model="smollm2")
    before = answers(alone, env, asked)
    found: dict[str, Any] = {"prompt": prompt, "train": settings.train, "seed": seed}
    found["before"] = exact_match(before, asked)
    found["ceilings"] = ceilings(alone, env, asked)
    del alone
    start = time.process_time()
    agent = lexigym.make_agent(
        "lm-dqn",
        make_vector_environment("QA-v0", NUM_ENVS, **arguments),
        seed=seed,
        train=settings.train,
        candidates=settings.candidates,
        demonstrations=settings.demonstrations,
        pretrain_updates=settings.updates,
        **HYPERPARAMETERS | settings.set,
    )
    # One step, for the demonstrations; updates by reward begin later.
    agent.learn(NUM_ENVS)
    found["processor seconds"] = time.process_time() - start
    found["supervised"] = exact_match(answers(agent, env, asked), asked)
    start = time.process_time()
    agent.learn(settings.steps)
    found["processor seconds"] += time.process_time() - start
    after = answers(agent, env, asked)
    found["after"] = exact_match(after, asked)
    found["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    facts = make_dataset("facts")
    found["answers"] = [
        [facts.example("test", index).prompt, old, new]
        for index, old, new in zip(asked, before, after, strict=True)
    ]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", nargs="+", default=sorted(PROMPTS), choices=sorted(PROMPTS))
    parser.add_argument("--train", default="head", choices=("head", "lora", "full"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--questions", type=int, default=200, help="held out")
    parser.add_argument("--candidates", type=int, default=256, help="k")
    parser.add_argument(
        "--demonstrations", type=int, default=40_000, help="before the same are dropped"
    )
    parser.add_argument("--updates", type=int, default=1_500, help="supervised")
    parser.add_argument("--steps", type=int, default=2_000, help="tokens written for rewards")
    parser.add_argument("--set", type=json.loads, default={}, help="hyperparameters, as JSON")
    parser.add_argument("--rival", action="store_true", help="judge the untrained rival first")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="a file of JSON lines to append to")
    settings = parser.parse_args()
    torch.set_num_threads(settings.threads)
    if settings.rival:
        print(f"few-shot, untrained: {rival(held_out(settings.questions)):.3f}", flush=True)
    for seed in settings.seeds:
        for prompt in settings.prompts:
            found = train(settings, prompt, seed)
            if settings.out is not None:
                with settings.out.open("a") as file:
                    file.write(json.dumps(found) + "\n")
            for question, old, new in found.pop("answers")[::20]:
                print(f"  {question}  before: {old!r}  after: {new!r}")
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
