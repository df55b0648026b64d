"""TRL's GRPO fine-tunes a language model; a scorer of the suite is its reward function."""

import json
import sys

import gymnasium
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

import lexigym  # noqa: F401, registers the ids
from lexigym.agents.lm.models import model_folder
from lexigym.envs.scorers.rewards import as_reward_function

SCORERS = {"QA-v0": "f1", "Translation-v0": "bleu", "TextGen-v0": "keywords*distinct"}

env_id, world, steps = sys.argv[1:] or ("QA-v0", '{"level": "small"}', 200)
env = gymnasium.make(env_id, **json.loads(world)).unwrapped
rows = []
for example in range(min(64, env.num_examples or 64)):
    env.reset(options={"example": example})
    # The model that ships was trained on prompts that end so.
    row = {"prompt": f"{env.prompt} <eos>", "references": list(env.references)}
    rows.append(row | {"keywords": env.prompt.split()})
trainer = GRPOTrainer(
    model_folder("shipped"),
    reward_funcs=as_reward_function(SCORERS[env_id]),
    train_dataset=Dataset.from_list(rows),
    args=GRPOConfig(
        output_dir="grpo",
        max_steps=int(steps),
        max_completion_length=16,
        learning_rate=1e-4,
        report_to="none",
        save_strategy="no",
        use_cpu=True,
    ),
)
trainer.train()
rewards = [log["reward"] for log in trainer.state.log_history if "reward" in log]
print(f"trl on {env_id}: mean return {rewards[-1]:.2f}")
