"""From the GGUF files of other packages to folders that transformers loads in a moment."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from ...registry.requirements import require
from .models import without_progress_bars


def convert(weights: Path, folder: Path) -> None:
    """Write a model and its tokenizer in the format of transformers, beside and renamed into place.

    Args:
        weights: A GGUF file; its weights are dequantized.
        folder: Where they go; it must not exist.

    Raises:
        MissingDependencyError: If transformers isn't installed.
    """
    transformers = require("transformers", f"the language model {weights.name}", "lexigym[lm]")
    where: dict[str, Any] = {"gguf_file": weights.name}
    with without_progress_bars(transformers):
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(weights.parent), **where)
        how = transformers.GgufConfig(dequantize=True)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            str(weights.parent), **where, quantization_config=how, dtype="float32"
        )
        _write(model, tokenizer, folder)


def _write(model: Any, tokenizer: Any, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        model.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
        beside.rename(folder)
    except OSError:
        # Another process may have been quicker.
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
