"""A language model whose ids are those of an environment."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ...registry.errors import InvalidArgumentError
from .models import LanguageModel
from .texts import Texts


def fit_vocabulary(language_model: LanguageModel, texts: Texts, name: str) -> Any:
    """Return the model with the environment's ids, and no others.

    A model whose tokens are the environment's stays as it is. One by words keeps the embeddings of
    the environment's words alone (Abdaoui et al. 2020); a word that it doesn't know begins as the
    mean of those that it does.

    Args:
        language_model: The model; it is changed.
        texts: What the environment's ids stand for.
        name: What the model is called, for errors.

    Raises:
        InvalidArgumentError: If the tokens are neither, or the model's context is too short.
    """
    model = language_model.model
    needed = texts.prompt_tokens + texts.new_tokens + language_model.by_words
    context = getattr(model.config, "max_position_embeddings", None) or needed
    if context < needed:
        raise InvalidArgumentError(
            f"the language model {name!r} reads at most {context} tokens, prompts and texts have "
            f"up to {needed}: lower max_prompt_tokens or max_new_tokens of the environment, or "
            "take a model with a longer context."
        )
    if language_model.by_words:
        _keep_words(model, language_model.tokens, texts.tokens)
    elif language_model.tokens != texts.tokens:
        raise InvalidArgumentError(
            f"the tokens of the environment are not those of the language model {name!r}: make "
            f"the environment with tokenizer={name!r}, or take a model by words such as 'shipped'."
        )
    return model


def _keep_words(model: Any, known: tuple[str, ...] | None, wanted: tuple[str, ...]) -> None:
    places = {token: place for place, token in enumerate(known or ())}
    with torch.no_grad():
        embeddings = model.get_input_embeddings()
        kept = nn.Embedding(len(wanted), embeddings.weight.shape[1])
        kept.weight.copy_(_rows(embeddings.weight, places, wanted))
        output = model.get_output_embeddings()
        if output.weight is embeddings.weight:
            output.weight = kept.weight
        else:
            output.weight = nn.Parameter(_rows(output.weight, places, wanted))
        if output.bias is not None:
            output.bias = nn.Parameter(_rows(output.bias, places, wanted))
        output.out_features = len(wanted)
        model.set_input_embeddings(kept)
    model.config.vocab_size = len(wanted)


def _rows(old: Tensor, places: dict[str, int], wanted: tuple[str, ...]) -> Tensor:
    """Return the rows of the wanted tokens, those of unknown ones the mean of the known."""
    if not places:
        # A model of random weights: any rows are as good.
        return old[: len(wanted)]
    known = [place for token in wanted if (place := places.get(token)) is not None]
    mean = old[known].mean(dim=0)
    rows = [old[places[token]] if token in places else mean for token in wanted]
    return torch.stack(rows)
