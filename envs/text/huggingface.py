"""Tokenizers of Hugging Face, as the token environment asks for them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ...registry.errors import InvalidArgumentError, shortened
from ...registry.requirements import require


class HuggingFaceTokenizer:
    """A tokenizer of `transformers`, by its name or folder; only a name of the hub needs a network.

    Args:
        name: What `AutoTokenizer.from_pretrained` takes.

    Raises:
        MissingDependencyError: If transformers isn't installed.
        InvalidArgumentError: If there is no such tokenizer, here or within reach, or it has no
            token that ends a text.
    """

    def __init__(self, name: str) -> None:
        purpose, instead = f"the tokenizer {name!r}", "use tokenizer='words'"
        transformers = require("transformers", purpose, "lexigym[lm]", instead)
        try:
            # Code of a tokenizer's own would be executed, which transformers may otherwise ask for.
            own = {"trust_remote_code": False}
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(name, **own)
        # A damaged file is met with whatever the library happens to raise.
        except Exception as error:
            raise InvalidArgumentError(
                f"the tokenizer {name!r} can't be loaded ({shortened(error)}): pass 'words', a "
                "folder with a tokenizer.json, or a name of the Hugging Face hub while it can be "
                "reached."
            ) from error
        if self._tokenizer.eos_token_id is None:
            raise InvalidArgumentError(
                f"the tokenizer {name!r} has no token that ends a text: set its eos_token and save "
                "it."
            )
        self.size = len(self._tokenizer)
        self.tokens = tuple(self._tokenizer.convert_ids_to_tokens(list(range(self.size))))
        self.eos = int(self._tokenizer.eos_token_id)
        pad = self._tokenizer.pad_token_id
        self.pad = self.eos if pad is None else int(pad)
        vocabulary = sorted(self._tokenizer.get_vocab().items())
        self.fingerprint = hashlib.sha256(repr(vocabulary).encode()).hexdigest()

    def encode(self, text: str, language: str) -> list[int]:
        """Return the ids of a text.

        Raises:
            InvalidArgumentError: If they stand for another text.
        """
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        if self.decode(ids, language) != text:
            raise InvalidArgumentError(
                f"the tokenizer can't express {shortened(text)}: its ids give "
                f"{shortened(self.decode(ids, language))}; choose one that keeps all characters."
            )
        return ids

    def decode(self, ids: Sequence[int], language: str) -> str:  # noqa: ARG002, it knows them all
        """Return the text of ids."""
        kept = [index for index in ids if index not in (self.pad, self.eos)]
        return str(self._tokenizer.decode(kept, clean_up_tokenization_spaces=False))

    def token(self, id: int) -> str:  # noqa: A002, the field's name for it
        """Return a token as text."""
        return str(self._tokenizer.decode([id], clean_up_tokenization_spaces=False))
