"""How near a text is to its references in meaning."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...registry.errors import MissingDependencyError
from ...registry.requirements import require
from .protocol import Reads, References, Scorer, check_score, read

MODEL = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"


class Similarity(Scorer):
    """Cosine of sentence embeddings, mapped from [-1, 1] to [0, 1], maximal over the references.

    A blank text scores 0. There is no potential: each value is a call of the model. It needs the
    package sentence-transformers, which fetches the model when it is first used.

    Source: Reimers and Gurevych 2019 and 2020 (the default, multilingual model).

    Args:
        model: A model of sentence-transformers: its name, or the folder where it is.
    """

    name = "similarity"
    reads: Reads = "references"

    def __init__(self, model: str = MODEL) -> None:
        self.model = model

    @property
    def signature(self) -> str:
        """The model."""
        return f"model:{self.model}"

    def score(self, hypothesis: str, references: References) -> float:
        """Return the similarity to the nearest reference; see `Scorer.score`.

        Raises:
            MissingDependencyError: If the package or the model is missing.
        """
        texts = read(self, hypothesis, references)
        if not hypothesis.strip():
            return 0.0
        encode = _encoder(self.model).encode
        embeddings = np.asarray(encode([hypothesis, *texts], normalize_embeddings=True), float)
        cosine = float((embeddings[1:] @ embeddings[0]).max())
        # Only rounding takes the cosine of unit vectors outside; NaN stays, to be reported.
        return check_score(self, np.clip((1 + cosine) / 2, 0, 1), hypothesis)


@lru_cache(maxsize=2)
def _encoder(model: str) -> Any:
    library = require("sentence_transformers", "the scorer 'similarity'", "sentence-transformers")
    try:
        return library.SentenceTransformer(model)
    except Exception as error:
        raise MissingDependencyError(
            f"the scorer 'similarity' can't load the model {model!r} ({type(error).__name__}): go "
            "online once so that it is fetched, or pass the folder of a model as model=..."
        ) from error
