"""Processes by what no other one shares, so that what one left behind is told from another's."""

from __future__ import annotations

import os
import socket
from typing import NamedTuple, Self

import psutil


class Process(NamedTuple):
    """A process of a machine.

    Attributes:
        host: The name of the machine.
        number: Its number there, which another may get when it has ended.
        started: When it began, in seconds since 1970.
    """

    host: str
    number: int
    started: float

    @classmethod
    def this(cls) -> Self:
        """Return the process that asks."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

    def is_alive_here(self) -> bool:
        """Whether it is of this machine and goes on; those of other machines can't be seen."""
        if self.host != socket.gethostname():
            return False
        try:
            return bool(psutil.Process(self.number).create_time() == self.started)
        except psutil.NoSuchProcess:
            return False
