"""A sound environment, and those that differ from it in one fault each."""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

LENGTH = 3


class Sound(gymnasium.Env[Any, Any]):
    """Three steps, each of which pays its action if the mask allows it, else nothing."""

    def __init__(self) -> None:
        self.observation_space: gymnasium.Space[Any] = spaces.Box(0, 1, (2,), np.float32)
        self.action_space: gymnasium.Space[Any] = spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return self.observe(), self.inform()

    def step(self, action: Any) -> Any:
        self.steps += 1
        ended = self.steps == LENGTH
        return self.observe(), self.pay(int(action)), ended, False, self.inform()

    def observe(self) -> Any:
        return np.array([self.steps / 4, 0], np.float32)

    def pay(self, action: int) -> Any:
        return float(action if action < 2 else 0)

    def inform(self) -> Any:
        return {"action_mask": np.array([1, 1, 0], np.int8)}

    def oracle_action(self) -> int:
        return 1


class RaisesInInit(Sound):
    def __init__(self) -> None:
        raise RuntimeError("not today,\n  nor tomorrow")


class RaisesInReset(Sound):
    def reset(self, **_: Any) -> Any:
        raise ValueError("no beginning")


class RaisesInStep(Sound):
    def pay(self, action: int) -> Any:
        return {}["reward"]


class RaisesInClose(Sound):
    def close(self) -> None:
        raise OSError("it sticks")


class SaysNothing(Sound):
    def observe(self) -> Any:
        raise AssertionError


class LosesAProcess(Sound):
    def observe(self) -> Any:
        raise EOFError


class SaysTooMuch(Sound):
    def observe(self) -> Any:
        raise ValueError("word " * 1_000)


class Exits(Sound):
    def pay(self, action: int) -> Any:
        sys.exit(3)


class Panics(Sound):
    """As what isn't written in Python does: no `except Exception` catches it."""

    def pay(self, action: int) -> Any:
        raise BaseException("index out of bounds")


class Interrupts(Sound):
    def pay(self, action: int) -> Any:
        raise KeyboardInterrupt


class Vanishes(Sound):
    def pay(self, action: int) -> Any:
        os._exit(3)


class IsKilled(Sound):
    def reset(self, **_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


class Hangs(Sound):
    def pay(self, action: int) -> Any:
        return time.sleep(3600) if self.steps == 2 else 0.0


class HoldsTheInterpreter(Sound):
    """No other thread of its process comes to run."""

    def reset(self, **_: Any) -> Any:
        return sum(range(10**15))


class NeverEnds(Sound):
    def step(self, action: Any) -> Any:
        observation, reward, *_, info = super().step(action)
        return observation, reward, False, False, info

    def observe(self) -> Any:
        return np.zeros(2, np.float32)


class Pays(Sound):
    """Pays something else in its second step."""

    wage: Any = None

    def pay(self, action: int) -> Any:
        return self.wage if self.steps == 2 else 0.0


class PaysNaN(Pays):
    wage = float("nan")


class PaysInfinity(Pays):
    wage = -np.float32(np.inf)


class PaysNone(Pays):
    wage = None


class PaysText(Pays):
    wage = "1.0"


class ShowsFloat64(Sound):
    def observe(self) -> Any:
        return np.zeros(2)


class ShowsThree(Sound):
    def observe(self) -> Any:
        return np.zeros(3, np.float32)


class ShowsAList(Sound):
    def observe(self) -> Any:
        return [0.0, 0.0]


class ShowsNaN(Sound):
    def observe(self) -> Any:
        return np.array([0, np.nan], np.float32)


class LeavesItsSpace(Sound):
    def observe(self) -> Any:
        return np.array([0, self.steps], np.float32)


class LacksAPart(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Discrete(2)})

    def observe(self) -> Any:
        return {"a": 1} if self.steps else {"a": 1, "b": 1}


class ReturnsFour(Sound):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, info


class ReturnsNone(Sound):
    def step(self, action: Any) -> Any:
        return None


class ResetsAsOfOld(Sound):
    def reset(self, **arguments: Any) -> Any:
        return super().reset(**arguments)[0]


class EndsInNone(Sound):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, None, info


class EndsTwice(Sound):
    """Terminated and truncated at once, which Gymnasium allows."""

    def step(self, action: Any) -> Any:
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, terminated, info


class InformsByList(Sound):
    def inform(self) -> Any:
        return []


class MasksTooFew(Sound):
    def inform(self) -> Any:
        return {"action_mask": np.ones(2, np.int8)}


class ForbidsAll(Sound):
    def inform(self) -> Any:
        return {"action_mask": np.array([self.steps == 0] * 3)}


class Dawdles(Sound):
    def __init__(self) -> None:
        super().__init__()
        time.sleep(1.5)


class Numbered(Sound):
    """One of a vector, in which the second goes wrong."""

    def __init__(self, number: int = 0) -> None:
        super().__init__()
        self.number = number

    def pay(self, action: int) -> Any:
        if self.number == 1:
            self.go_wrong()
        return 0.0

    def go_wrong(self) -> None:
        raise NotImplementedError


class IsKilledAsTheSecond(Numbered):
    def go_wrong(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class HangsAsTheSecond(Numbered):
    def go_wrong(self) -> None:
        time.sleep(3600)


class Workers(AsyncVectorEnv):
    """A vector in processes."""

    kind: type[Numbered] = Numbered

    def __init__(self, num_envs: int, autoreset_mode: Any = AutoresetMode.SAME_STEP) -> None:
        makers = [partial(self.kind, number) for number in range(num_envs)]
        super().__init__(makers, autoreset_mode=AutoresetMode(autoreset_mode))


class IsKilledWhenMadeAsTheSecond(Numbered):
    def __init__(self, number: int = 0) -> None:
        super().__init__(number)
        if number == 1:
            os.kill(os.getpid(), signal.SIGKILL)


class LosesAWorkerWhenMade(Workers):
    kind = IsKilledWhenMadeAsTheSecond


class LosesAWorker(Workers):
    kind = IsKilledAsTheSecond


class WaitsForAWorker(Workers):
    kind = HangsAsTheSecond


class OwnVector(VectorEnv[Any, Any, Any]):
    """A vector that isn't made of single environments, as far as anybody can see."""

    def __init__(self, num_envs: int, autoreset_mode: Any = AutoresetMode.SAME_STEP) -> None:
        mode = AutoresetMode(autoreset_mode)
        self.inner = SyncVectorEnv([Sound] * num_envs, autoreset_mode=mode)
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": mode}
        self.observation_space = self.inner.observation_space
        self.action_space = self.inner.action_space
        self.single_observation_space = self.inner.single_observation_space
        self.single_action_space = self.inner.single_action_space
        self.steps = 0

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return self.spoil_reset(*self.inner.reset(seed=seed, options=options))

    def step(self, actions: Any) -> Any:
        self.steps += 1
        return self.spoil(*self.inner.step(actions))

    def spoil_reset(self, *returned: Any) -> Any:
        return returned

    def spoil(self, *returned: Any) -> Any:
        return returned


class VectorPaysNaN(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        returned[1][1] = np.nan
        return returned


class VectorPaysNothing(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        return returned[0], None, *returned[2:]


class VectorPaysObjects(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        return returned[0], np.array([None, None]), *returned[2:]


class VectorShowsFloat64(OwnVector):
    def spoil_reset(self, *returned: Any) -> Any:
        return returned[0].astype(np.float64), returned[1]


class VectorLeavesItsSpace(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        return returned[0] + 2 * (self.steps == 2), *returned[1:]


class VectorReturnsFour(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        return returned[:4]


class VectorResetsAsOfOld(OwnVector):
    def spoil_reset(self, *returned: Any) -> Any:
        return returned[0]


class VectorEndsInOnes(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        return *returned[:2], returned[2].astype(int), *returned[3:]


class VectorInformsByList(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        return *returned[:4], []


class VectorMasksOne(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        return *returned[:4], {"action_mask": np.ones((1, 3), np.int8)}


class VectorForbidsAll(OwnVector):
    def spoil(self, *returned: Any) -> Any:
        return *returned[:4], {"action_mask": np.array([[1, 0, 0], [0, 0, 0]])}


for name, kind in list(globals().items()):
    if not isinstance(kind, type) or kind.__module__ != __name__:
        continue
    here = f"{__name__}:{name}"
    if issubclass(kind, Sound):
        gymnasium.register(f"{name}-v0", here)
    else:
        gymnasium.register(f"{name}-v0", f"{__name__}:Sound", vector_entry_point=here)
