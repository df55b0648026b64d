"""What is written around a prompt, so that a language model knows what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...registry.errors import InvalidArgumentError
from .tokenizer import Tokenizer, WordTokenizer

PLACE = "{prompt}"


@dataclass(frozen=True)
class Template:
    r"""A text with one place for the prompt.

    Spaces at its end are the beginning of the text that is written: to tokenizers of language
    models " Paris" is another token than "Paris".

    Attributes:
        text: Such as "Question: {prompt}\\nAnswer: ".

    Raises:
        InvalidArgumentError: If it hasn't just one place for the prompt.
    """

    text: str = PLACE

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or self.text.count(PLACE) != 1:
            raise InvalidArgumentError(
                f"template must be a text with {PLACE!r} in it, once, such as "
                f"'Question: {{prompt}}\\nAnswer: ', got {self.text!r}."
            )

    @property
    def lead(self) -> str:
        """The spaces that a text begins with."""
        return self.text[len(self.text.rstrip(" ")) :]

    @property
    def literals(self) -> list[str]:
        """What stands before and after the prompt, as far as there is anything."""
        return [part for part in map(str.strip, self.text.split(PLACE)) if part]

    def apply(self, prompt: str) -> str:
        """Return what is read."""
        return self.text.rstrip(" ").replace(PLACE, prompt)


class LeadingTokenizer:
    """A tokenizer for texts that begin with spaces which belong to no text.

    Args:
        tokenizer: Of the texts with these spaces.
        lead: The spaces.
    """

    def __init__(self, tokenizer: Tokenizer, lead: str) -> None:
        self.tokenizer, self.lead = tokenizer, lead
        self.size, self.pad, self.eos = tokenizer.size, tokenizer.pad, tokenizer.eos
        self.fingerprint = f"{tokenizer.fingerprint}:{len(lead)}"

    def encode(self, text: str, language: str) -> list[int]:
        """Return the ids of a text; see `Tokenizer.encode`."""
        return self.tokenizer.encode(self.lead + text, language)

    def decode(self, ids: Sequence[int], language: str) -> str:
        """Return the text of ids."""
        return self.tokenizer.decode(ids, language).removeprefix(self.lead)

    def token(self, id: int) -> str:  # noqa: A002, the field's name for it
        """Return a token as text."""
        return self.tokenizer.token(id)


def text_tokenizer(tokenizer: Tokenizer, template: Template) -> Tokenizer:
    """Return what encodes the texts behind a template; words need no space before the first."""
    if not template.lead or isinstance(tokenizer, WordTokenizer):
        return tokenizer
    return LeadingTokenizer(tokenizer, template.lead)
