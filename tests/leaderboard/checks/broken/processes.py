"""What takes its process with it, or keeps it for ever."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from .sound import Sound


class Hangs(Sound):
    def step(self, action: Any) -> Any:
        time.sleep(3600)


class Exits(Sound):
    def step(self, action: Any) -> Any:
        sys.exit(3)


class Vanishes(Sound):
    def step(self, action: Any) -> Any:
        os._exit(3)


class Crashes(Sound):
    def step(self, action: Any) -> Any:
        os.kill(os.getpid(), signal.SIGSEGV)


class ClearsTheScreen(Sound):
    def __init__(self, **arguments: Any) -> None:
        raise RuntimeError("\x1b[2J[red]gone")
