"""TRL's GRPO teaches a chat model to answer by calling an environment of the suite as a tool."""

import json
import sys

import gymnasium
import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

import lexigym

default = ("QA-v0", '{"level": "small"}', 200, "Qwen/Qwen3-0.6B")
env_id, world, steps, model = sys.argv[1:] or default
env = gymnasium.make(env_id, **json.loads(world))
ask = [{"role": "user", "content": "Answer with the tool `write`. "}]
rows = [{"prompt": ask, "example": i} for i in range(env.unwrapped.num_examples or 64)]
trainer = GRPOTrainer(
    model,
    environment_factory=lexigym.adapt(env, to="trl"),
    train_dataset=Dataset.from_list(rows),
    args=GRPOConfig(
        output_dir="grpo",
        max_steps=int(steps),
        max_completion_length=64,
        report_to="none",
        save_strategy="no",
        use_cpu=not torch.cuda.is_available(),
    ),
)
trainer.train()
rewards = [log["reward"] for log in trainer.state.log_history if "reward" in log]
print(f"trl on {env_id}: mean return {rewards[-1]:.2f}")
