"""`lexigym play`: a person writes the tokens, or names the actions, in the terminal."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.text import Text

from ...agents.protocol import episode_seeds
from ...registry.environments import ENVIRONMENTS, find_spec, make_environment
from ...registry.errors import InvalidArgumentError, LexigymError, UnknownNameError
from ...registry.terminal import printable
from ..terminal import Terminal

QUIT = ":q"
# As many as fit a line are listed.
FEW = 12


class Words:
    """What a person types for the actions of an environment.

    Tokens are called what they are; other actions by the environment's `action_names`, if it has
    such a sequence, and by their numbers.

    Args:
        env: An environment with `Discrete` actions.

    Attributes:
        kind: "token" or "action".
        end: The action that ends a text; None if there is no such action.

    Raises:
        InvalidArgumentError: If its actions are not `Discrete`.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        space = env.action_space
        if not isinstance(space, gymnasium.spaces.Discrete):
            raise InvalidArgumentError(
                f"a person can only choose among actions of a Discrete space, those of {env} are "
                f"{space}: choose another environment."
            )
        self.start = int(space.start)
        size = int(space.n)
        unwrapped: Any = env.unwrapped
        task = getattr(unwrapped, "task", None)
        tokenizer = getattr(task, "tokenizer", None)
        # A wrapper may have made other actions of the tokens.
        self._tokenizer = tokenizer if getattr(tokenizer, "size", None) == size else None
        self._names: Sequence[str]
        if self._tokenizer is not None:
            self.kind, self.end = "token", self._tokenizer.eos
            self._language = getattr(getattr(task, "source", None), "language", "en")
            self._names = [self._tokenizer.token(index) for index in range(size)]
        else:
            self.kind, self.end = "action", None
            numbers = [str(self.start + index) for index in range(size)]
            self._names = getattr(unwrapped, "action_names", None) or numbers

    def name(self, action: int) -> str:
        """Return what an action is called."""
        return self._names[action - self.start]

    def legal(self, mask: npt.NDArray[np.bool_]) -> dict[str, int]:
        """Return the actions that a mask allows, `(A,)`, by name."""
        indices = np.flatnonzero(mask).tolist()
        # Backwards, so that of two tokens that look alike the first is the one.
        return {self._names[index]: self.start + index for index in reversed(indices)}

    def read(self, line: str, mask: npt.NDArray[np.bool_], text: str) -> list[int]:
        """Return the actions that a line of words stands for.

        A word that is no token may be several: those which the tokenizer makes of it.

        Args:
            line: Words with spaces between.
            mask: `(A,)`, the legal actions.
            text: What is written already.

        Raises:
            UnknownNameError: If a word stands for nothing legal; the nearest are suggested.
        """
        legal = self.legal(mask)
        actions: list[int] = []
        for word in line.split():
            # Some tokenizers know a word by the space before it.
            spellings = [f" {word}", word] if text or actions else [word]
            named = next((legal[each] for each in spellings if each in legal), None)
            if named is not None:
                actions.append(named)
                continue
            pieces = (self._pieces(each, mask) for each in spellings)
            found = next(filter(None, pieces), None)
            if found is None:
                raise UnknownNameError(
                    f"no legal {self.kind} is {word!r}{_nearest(word, legal)} (line ignored)"
                )
            actions += found
        return actions

    def _pieces(self, word: str, mask: npt.NDArray[np.bool_]) -> list[int]:
        """Return the actions that make up a word, none if it isn't made of legal ones."""
        if self._tokenizer is None:
            # Numbers are understood where there are names, too.
            index = int(word) - self.start if word.isascii() and word.isdecimal() else -1
            return [self.start + index] if 0 <= index < len(mask) and mask[index] else []
        try:
            ids: list[int] = self._tokenizer.encode(word, self._language)
        except LexigymError:
            return []
        return ids if all(mask[index] for index in ids) else []


def play(arguments: argparse.Namespace) -> None:
    """Let a person play episodes, and show after each what there was to earn."""
    _require_text_pictures(arguments.environment)
    console = Terminal(highlight=False)
    keywords = dict(arguments.set) | {"render_mode": "ansi"}
    with make_environment(arguments.environment, **keywords) as env:
        Game(env, console).play(arguments.seed, arguments.episodes)


class Game:
    """Episodes of one environment, played at a console.

    Args:
        env: With `Discrete` actions and render mode "ansi".
        console: Where it is shown.

    Raises:
        InvalidArgumentError: If the actions are not `Discrete`.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], console: Console) -> None:
        self.env = env
        self.unwrapped: Any = env.unwrapped
        self.console = console
        self.words = Words(env)
        self._mask = np.ones(0, np.bool_)

    def play(self, seed: int, episodes: int | None) -> None:
        """Play so many episodes; ask after each whether to go on if it is None."""
        returns: list[float] = []
        with completion(lambda: self.words.legal(self._mask)):
            for played, episode_seed in enumerate(episode_seeds(seed), 1):
                earned = self._episode(episode_seed, greet=played == 1)
                if earned is None:
                    break
                returns.append(earned)
                if played == episodes or (episodes is None and not self._another()):
                    break
        if len(returns) > 1:
            self._print(f"{len(returns)} episodes, mean return {np.mean(returns):.3f}")

    def _episode(self, seed: int, greet: bool) -> float | None:
        """Play an episode and return what it paid, None if the person quits."""
        _, info = self.env.reset(seed=seed)
        self._look(info)
        if greet:
            self._greet()
        actions: list[int] = []
        total, done = 0.0, False
        self._show()
        while not done:
            chosen = self._ask(len(actions))
            if chosen is None:
                return None
            for number, action in enumerate(chosen):
                if done or not self._mask[action - self.words.start]:
                    rest = " ".join(self.words.name(each).strip() for each in chosen[number:])
                    reason = "the episode had ended" if done else "it is not legal any more"
                    self._print(f"left out {rest!r}: {reason}", "yellow")
                    break
                _, reward, terminated, truncated, info = self.env.step(action)
                self._look(info)
                actions.append(action)
                total, done = total + float(reward), terminated or truncated
            if not done:
                self._show()
        self._show(over=True)
        if self.words.kind == "action":
            self._print(f"return     {total:.3f}")
        self._print_oracle(seed)
        return total

    def _greet(self) -> None:
        legal = sorted(self.words.legal(self._mask))
        kind = self.words.kind
        which = ", ".join(legal) if len(legal) <= FEW else f"{len(legal)} are legal"
        end = " an empty line ends the text," if self.words.end is not None else ""
        tab = " Tab completes," if _is_interactive() else ""
        self._print(f"{kind}s: {which}", "dim")
        self._print(f"type one {kind} or several;{tab}{end} {QUIT} quits", "dim")

    def _ask(self, written: int) -> list[int] | None:
        """Return the actions that the person chooses, one or more; None to quit."""
        budget = getattr(getattr(self.unwrapped, "task", None), "new_tokens", None)
        prompt = "> " if budget is None else f"{budget - written} left> "
        while True:
            line = _read_line(prompt)
            if line is None or line.strip() == QUIT:
                return None
            if not line.strip():
                if self.words.end is not None:
                    return [self.words.end]
                self._print(f"type an action, or {QUIT} to quit", "yellow")
                continue
            try:
                return self.words.read(line, self._mask, self._text())
            except UnknownNameError as error:
                self._print(str(error), "yellow")

    def _another(self) -> bool:
        answer = _read_line("another episode? [Y/n] ")
        return answer is not None and answer.strip().lower() in ("", "y", "yes")

    def _look(self, info: dict[str, Any]) -> None:
        """Keep the mask of the legal actions."""
        mask = info.get("action_mask")
        if hasattr(self.unwrapped, "action_masks"):
            mask = self.unwrapped.action_masks()
        size = self.env.action_space.n  # type: ignore[attr-defined]  # checked by Words
        self._mask = np.ones(size, np.bool_) if mask is None else np.asarray(mask, np.bool_)

    def _text(self) -> str:
        return str(getattr(self.unwrapped, "text", "")) if self.words.kind == "token" else ""

    def _show(self, over: bool = False) -> None:
        if self.words.kind == "token" and not over:
            # Not the environment's picture yet, which holds the references: the answers.
            self._print(f"prompt     {self.unwrapped.prompt}", "cyan")
            self._print(f"text       {self._text()}", "bold")
        else:
            self._print(self.env.render())

    def _print_oracle(self, seed: int) -> None:
        """Let the oracle play the same episode."""
        if not hasattr(self.unwrapped, "oracle_action"):
            return
        self.env.reset(seed=seed)
        names: list[str] = []
        total, done = 0.0, False
        while not done:
            action = int(self.unwrapped.oracle_action())
            names.append(self.words.name(action))
            _, reward, terminated, truncated, _ = self.env.step(action)
            total, done = total + float(reward), terminated or truncated
        wrote = self._text() or " ".join(names)
        self._print(f"oracle     {wrote}  (return {total:.3f})", "dim")

    def _print(self, text: Any, style: str = "") -> None:
        shown = Text.from_ansi(str(text), style=style)
        # Broken by the terminal where need be: a picture's lines must stay lines.
        self.console.print(shown, soft_wrap=True)


@contextmanager
def completion(names: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Complete words at the prompt by the names that are legal then, where readline is there."""
    if not _is_interactive():
        yield
        return
    try:
        import readline
    except ImportError:
        yield
        return

    matches: list[str] = []

    def complete(prefix: str, state: int) -> str | None:
        if state == 0:
            # The space, since another word may follow.
            found = {
                f"{name.strip()} "
                for name in names()
                if name.strip().startswith(prefix) and name == printable(name)
            }
            matches[:] = sorted(found)
        return matches[state] if state < len(matches) else None

    before = readline.get_completer(), readline.get_completer_delims()
    readline.set_completer(complete)
    readline.set_completer_delims(" \t\n")
    # macOS ships another library under the same name, which takes other commands.
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    try:
        yield
    finally:
        readline.set_completer(before[0])
        readline.set_completer_delims(before[1])


def _read_line(prompt: str) -> str | None:
    """Return a line that is typed, or None at the end of the input."""
    try:
        line = input(prompt)
    except EOFError:
        print()
        return None
    if not sys.stdin.isatty():
        # Nothing echoes what comes through a pipe, and the output should read as a session.
        print(printable(line))
    return line


def _is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _nearest(word: str, names: Iterable[str]) -> str:
    """Return the names that look like a word, as the end of a clause."""
    by_lower: dict[str, str] = {}
    for name in names:
        by_lower.setdefault(name.strip().lower(), name.strip())
    nearest = difflib.get_close_matches(word.lower(), by_lower, n=3)
    if nearest:
        return f"; nearest: {', '.join(by_lower[each] for each in nearest)}"
    return f"; known: {', '.join(sorted(by_lower.values()))}" if len(by_lower) <= FEW else ""


def _require_text_pictures(name: str) -> None:
    environment = ENVIRONMENTS.load(ENVIRONMENTS.entry_of(find_spec(name)))
    metadata = getattr(environment, "metadata", {"render_modes": ["ansi"]})
    if "ansi" not in metadata.get("render_modes", ()):
        raise InvalidArgumentError(
            f"the environment {name!r} can't be played in a terminal, it has no render mode "
            "'ansi': choose another, or add the mode."
        )
