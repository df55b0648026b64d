"""One thread: networks this small gain nothing from more, and other tests run beside these."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
