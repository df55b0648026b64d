"""RLlib's PPO and DQN learn by id, and play legal actions only.

RLlib pins its version of Gymnasium, so these run in an environment of their own; see
`constraints-rllib.txt`.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from packaging.requirements import Requirement

from lexigym.agents.adapters.rllib import adapt, make, register
from lexigym.registry.errors import InvalidArgumentError, UnknownNameError

from ..environments import Match
from .test_rllib import IDS

ROOT = Path(__file__).parents[3]


def what_rllib_lacks() -> str:
    """Return the first package that RLlib asks for and that isn't here in that version."""
    try:
        wanted = [Requirement(line) for line in importlib.metadata.requires("ray") or ()]
    except importlib.metadata.PackageNotFoundError:
        return "ray"
    for each in wanted:
        if each.marker is None or each.marker.evaluate({"extra": "rllib"}):
            try:
                version = importlib.metadata.version(each.name)
            except importlib.metadata.PackageNotFoundError:
                return str(each)
            if not each.specifier.contains(version, prereleases=True):
                return f"{each}, here is {version}"
    return ""


if lacking := what_rllib_lacks():
    pytest.skip(f"RLlib needs {lacking}", allow_module_level=True)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ray
    from ray import tune
    from ray.rllib.algorithms.dqn import DQNConfig
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
    from ray.rllib.core.columns import Columns
    from ray.rllib.core.distribution.torch.torch_distribution import TorchCategorical
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
    from ray.rllib.core.rl_module.rl_module import RLModule, RLModuleSpec

    from lexigym.agents.adapters.rllib_encoder import EMBEDDING, Features
    from lexigym.agents.adapters.rllib_modules import MaskedDQN, MaskedPPO

# What Ray and RLlib warn of is theirs.
pytestmark = pytest.mark.filterwarnings("ignore")

N_ACTIONS = 6
SPACE = spaces.Dict(
    {
        "observations": spaces.Box(0, 1, (3,), np.float32),
        "action_mask": spaces.Box(0, 1, (N_ACTIONS,), np.bool_),
    }
)
DQN_SETTINGS = {
    "double_q": True,
    "dueling": True,
    "num_atoms": 1,
    "v_min": -1.0,
    "v_max": 1.0,
    "epsilon": 1.0,
}
DQN_KINDS = [
    {"double_q": double_q, "dueling": dueling, "num_atoms": num_atoms}
    for double_q, dueling, num_atoms in [
        (True, True, 1),
        (False, True, 1),
        (True, False, 1),
        (False, False, 1),
        (True, True, 5),
        (False, False, 5),
    ]
]


def build(
    module_class: Any, space: Any = SPACE, n_actions: int = N_ACTIONS, **settings: Any
) -> Any:
    torch.manual_seed(0)
    module = module_class(
        observation_space=space,
        action_space=spaces.Discrete(N_ACTIONS),
        model_config=vars(DefaultModelConfig(fcnet_hiddens=[16])) | settings,
    )
    if module_class is MaskedDQN:
        module.make_target_networks()
    return module


def random_batch(size: int, seed: int = 0) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand((size, N_ACTIONS), generator=generator) < 0.4
    mask[torch.arange(size), torch.randint(N_ACTIONS, (size,), generator=generator)] = True
    observations = torch.rand((size, 3), generator=generator)
    return {"obs": {"observations": observations, "action_mask": mask}}


def legal(batch: dict[str, Any], actions: torch.Tensor) -> bool:
    return bool(batch["obs"]["action_mask"].gather(1, actions.long().view(-1, 1)).all())


def test_ppo_plays_its_own_distribution_over_the_legal_actions():
    module, batch = build(MaskedPPO), random_batch(200)
    mask = batch["obs"]["action_mask"]
    logits = DefaultPPOTorchRLModule._forward(module, batch)["action_dist_inputs"]
    weights = torch.where(mask, logits.exp(), 0)
    expected = weights / weights.sum(-1, keepdim=True)
    for forward in (module.forward_inference, module.forward_exploration, module.forward_train):
        outputs = forward(batch)["action_dist_inputs"].softmax(-1)
        torch.testing.assert_close(outputs, expected)
        assert (outputs[~mask] == 0).all()
        assert legal(batch, torch.multinomial(outputs, 1))


def test_entropy_and_divergence_are_of_the_legal_actions_and_have_finite_gradients():
    module, batch = build(MaskedPPO), random_batch(50)
    mask = batch["obs"]["action_mask"]
    logits = module.forward_train(batch)["action_dist_inputs"]
    distribution = TorchCategorical.from_logits(logits)
    uniform = TorchCategorical.from_logits(torch.where(mask, 0.0, torch.finfo(torch.float32).min))
    torch.testing.assert_close(uniform.entropy(), mask.sum(-1).float().log())
    divergence = uniform.kl(distribution) + distribution.kl(uniform)
    assert (divergence >= -1e-6).all()
    (distribution.entropy() + divergence).sum().backward()
    gradients = [each.grad for each in module.pi.parameters()]
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("kind", DQN_KINDS)
def test_dqn_takes_the_best_legal_action_and_explores_among_legal_ones(kind):
    module, batch = build(MaskedDQN, **DQN_SETTINGS | kind), random_batch(200)
    mask = batch["obs"]["action_mask"]
    everything = {"obs": batch["obs"] | {"action_mask": torch.ones_like(mask)}}
    values = module.compute_q_values(everything)["qf_preds"]
    best = torch.where(mask, values, -torch.inf).argmax(-1)
    assert not legal(batch, values.argmax(-1))
    assert (module.forward_inference(batch)["actions"] == best).all()
    drawn = module.forward_exploration(batch, t=0)["actions"]
    assert legal(batch, drawn)
    assert (drawn != best).any()


@pytest.mark.parametrize("kind", DQN_KINDS)
def test_the_target_of_dqn_is_the_value_of_a_legal_action(kind):
    module = build(MaskedDQN, **DQN_SETTINGS | kind)
    batch = random_batch(200) | {Columns.NEXT_OBS: random_batch(200, seed=1)["obs"]}
    outputs = module.forward_train(batch)
    following = {"obs": batch[Columns.NEXT_OBS]}
    names = ["qf_target_next_preds", *(["qf_next_preds"] if kind["double_q"] else [])]
    for name in names:
        assert legal(following, outputs[name].argmax(-1))
        assert (outputs[name].isfinite() == following["obs"]["action_mask"]).all()


def test_exploration_is_uniform_where_all_values_are_0():
    module = build(MaskedDQN, **DQN_SETTINGS)
    for parameter in module.parameters():
        torch.nn.init.zeros_(parameter)
    mask = torch.tensor([[1, 0, 1, 1, 0, 0]] * 3000, dtype=torch.bool)
    batch = {"obs": {"observations": torch.zeros(3000, 3), "action_mask": mask}}
    counts = torch.bincount(module.forward_exploration(batch, t=0)["actions"], minlength=N_ACTIONS)
    # Six standard deviations.
    assert (counts[[0, 2, 3]] - 1000).abs().max() < 160
    assert counts[[1, 4, 5]].sum() == 0


@pytest.mark.parametrize("module_class", [MaskedPPO, MaskedDQN])
def test_a_module_comes_back_from_its_file(module_class, tmp_path):
    settings = DQN_SETTINGS if module_class is MaskedDQN else {}
    module, batch = build(module_class, **settings), random_batch(20)
    module.save_to_path(tmp_path)
    again = RLModule.from_checkpoint(tmp_path)
    expected, outputs = module.forward_inference(batch), again.forward_inference(batch)
    assert expected.keys() == outputs.keys()
    for key, value in expected.items():
        torch.testing.assert_close(outputs[key], value)


def test_tokens_are_embedded_place_by_place():
    features = Features(spaces.Box(0, 8, (4,), np.int64))
    assert features.size == 4 * EMBEDDING
    tokens = torch.tensor([[1, 8, 0, 1]])
    first, second, third, fourth = features(tokens)[0].view(4, EMBEDDING)
    torch.testing.assert_close(first, fourth)
    assert not torch.equal(first, second)
    torch.testing.assert_close(third, features.embedding.weight[0])


def test_numbers_are_embedded_from_the_first_on():
    features = Features(spaces.Discrete(3, start=5))
    torch.testing.assert_close(features(torch.tensor([5, 7])), features.embedding.weight[[0, 2]])


def test_boxes_are_flattened_and_pixels_scaled():
    planes = Features(spaces.Box(0, 255, (3, 2, 2), np.uint8))
    pixels = torch.arange(12).reshape(1, 3, 2, 2).to(torch.uint8)
    torch.testing.assert_close(planes(pixels), torch.arange(12).float().view(1, 12) / 255)
    floats = Features(spaces.Box(-1, 1, (2, 2), np.float64))
    torch.testing.assert_close(
        floats(torch.tensor([[[0.5, -1], [0, 1]]])), torch.tensor([[0.5, -1, 0, 1]])
    )


@pytest.mark.parametrize("module_class", [MaskedPPO, MaskedDQN])
@pytest.mark.parametrize(
    ("space", "settings", "message"),
    [
        (SPACE["observations"], {}, "name the environment by register"),
        (SPACE, {"use_lstm": True}, "use_lstm=True"),
        (
            spaces.Dict(dict(SPACE.spaces) | {"observations": spaces.Text(5)}),
            {},
            "Box or Discrete space, not in Text",
        ),
    ],
)
def test_what_they_cannot_read_is_refused(module_class, space, settings, message):
    with pytest.raises(InvalidArgumentError, match=message):
        build(module_class, space, **DQN_SETTINGS | settings)


class Recorder(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Keeps each action with the mask that was told before it."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.record: list[tuple[Any, int]] = []

    def reset(self, **arguments: Any) -> Any:
        observation, info = self.env.reset(**arguments)
        self.mask = info.get("action_mask", np.ones(self.env.action_space.n, np.int8))
        return observation, info

    def step(self, action: Any) -> Any:
        self.record.append((self.mask.copy(), int(action)))
        observation, reward, *ends, info = self.env.step(action)
        self.mask = info.get("action_mask", np.ones(self.env.action_space.n, np.int8))
        return observation, reward, *ends, info


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def config_of(algorithm: str, env: str, arguments: Any = None, num_env_runners: int = 0) -> Any:
    config, module_class, training = {
        "ppo": (
            PPOConfig(),
            MaskedPPO,
            {"train_batch_size_per_learner": 150, "minibatch_size": 50, "num_epochs": 1},
        ),
        # The second half of its steps is greedier.
        "dqn": (
            DQNConfig(),
            MaskedDQN,
            {
                "num_steps_sampled_before_learning_starts": 100,
                "epsilon": [(0, 1.0), (300, 0.1)],
                "target_network_update_freq": 50,
            },
        ),
    }[algorithm]
    return (
        config.environment(env, env_config=arguments or {})
        .env_runners(
            num_env_runners=num_env_runners,
            rollout_fragment_length=8 if algorithm == "dqn" else "auto",
        )
        .rl_module(rl_module_spec=RLModuleSpec(module_class=module_class))
        .training(**training)
        .reporting(min_sample_timesteps_per_iteration=150)
        .debugging(seed=0)
    )


def train(config: Any, steps: int = 300) -> tuple[dict[str, Any], Any]:
    """Return what training reports, and the environment of the driver if it makes one."""
    algorithm = config.build_algo()
    try:
        env = algorithm.env_runner.env
        while (result := algorithm.train())["num_env_steps_sampled_lifetime"] < steps:
            pass
    finally:
        algorithm.stop()
    assert np.isfinite(result["learners"]["default_policy"]["total_loss"])
    return result, env and env.unwrapped.envs[0]


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
@pytest.mark.parametrize(("name", "arguments"), IDS)
def test_it_trains_by_id_and_plays_legal_actions_only(cluster, algorithm, name, arguments):
    tune.register_env("recorded", lambda config: adapt(Recorder(gymnasium.make(name, **config))))
    _, env = train(config_of(algorithm, "recorded", arguments))
    record = env.get_wrapper_attr("record")
    assert len(record) >= 300
    assert all(mask[action] for mask, action in record)
    assert len({action for _, action in record}) > 3
    if name != "GridRobot-v0":
        assert all(not mask.all() for mask, _ in record)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_it_trains_where_masks_change_in_every_step(cluster, algorithm):
    tune.register_env("masked", lambda config: adapt(Recorder(Match(masked=True))))
    _, env = train(config_of(algorithm, "masked"))
    record = env.get_wrapper_attr("record")
    assert len(record) >= 300
    assert all(mask[action] for mask, action in record)
    assert len({tuple(mask) for mask, _ in record}) > 8


class OneLegal(Match):
    """Only the target is legal."""

    def _draw(self) -> Any:
        super()._draw()
        self.mask = np.eye(4, dtype=np.int8)[self.target]
        # The observation tells nothing.
        return np.zeros(4, np.float32), {"action_mask": self.mask.copy()}


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_where_one_action_is_legal_every_episode_is_the_best(cluster, algorithm):
    tune.register_env("one-legal", lambda config: adapt(OneLegal(masked=True)))
    result, _ = train(config_of(algorithm, "one-legal"), 150)
    assert result["env_runners"]["episode_return_mean"] == 8
    assert result["env_runners"]["episode_return_min"] == 8


@pytest.mark.slow
def test_an_id_that_is_known_in_the_driver_alone_is_made_in_a_worker(cluster):
    @ray.remote
    def known(name):
        try:
            gymnasium.make(name).close()
        except gymnasium.error.Error:
            return False
        return True

    assert ray.get([known.remote("QA-v0"), known.remote("lexigym:QA-v0")]) == [False, True]

    def count_invalid(episode, metrics_logger, **others):
        metrics_logger.log_value("invalid", int(episode.get_infos(-1)["invalid"]), reduce="sum")

    config = config_of("dqn", register("QA-v0"), {"level": "small"}, num_env_runners=1)
    result, _ = train(config.callbacks(on_episode_end=count_invalid), 150)
    assert result["env_runners"]["num_episodes"] > 0
    assert result["env_runners"]["invalid"] == 0


def test_an_unknown_id_is_refused_before_workers_start():
    with pytest.raises(UnknownNameError, match="QA-v0"):
        register("QA-v00")


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_the_example_runs(algorithm, tmp_path):
    example = ROOT / "examples" / "integrations" / "rllib_ppo_dqn.py"
    options = ["GridRobot-v0", "--arguments", '{"size": 3}', "--steps", "300"]
    process = subprocess.run(
        [sys.executable, example, *options, "--algorithm", algorithm],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr
    assert "mean return" in process.stdout


@pytest.mark.slow
def test_the_page_runs(cluster):
    page = (ROOT / "docs" / "integrations" / "rllib.md").read_text("utf-8")
    programs = re.findall(r"^```py\n(.*?)^```$", page, re.M | re.S)
    space: dict[str, Any] = {}
    for program in programs:
        exec(program, space)
    assert programs
    assert make("QA-v0", {"level": "small"}).observation_space == space["env"].observation_space
