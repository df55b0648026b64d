"""Reading texts that grow token by token, without reading any token twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .gpt2 import PlainGPT2
from .q_network import Hidden, LanguageModelQNetwork
from .reader import SHARED, Reader

Booleans = npt.NDArray[np.bool_]

VECTOR = 16
HIDDEN = float(np.finfo(np.float32).min)
TEXTS = ("seen", "slots", "positions")


class CachedReaders:
    """Reads growing texts with the model that learns and with its prior, which stays.

    Args:
        network: Whose models they are.
    """

    def __init__(self, network: LanguageModelQNetwork) -> None:
        self.prior = CachedReader(network.prior)
        self.learning = None if network.reader is network.prior else CachedReader(network.reader)

    def read(self, tokens: Tensor) -> Hidden:
        """Return the hidden states of the last tokens of observations, `(n, P + T)`."""
        prior = self.prior.read(tokens)
        return Hidden(prior if self.learning is None else self.learning.read(tokens), prior)

    def forget(self) -> None:
        """Forget what was read with other weights."""
        if self.learning is not None:
            self.learning.forget()

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that `restore` takes."""
        state = {f"prior.{name}": each for name, each in self.prior.state().items()}
        if self.learning is not None:
            own = self.learning.state().items()
            state |= {f"learning.{name}": each for name, each in own}
        return state

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` returned."""
        for part, reader in (("prior.", self.prior), ("learning.", self.learning)):
            if reader is not None:
                mine = {name: each for name, each in state.items() if name.startswith(part)}
                reader.restore({name.removeprefix(part): each for name, each in mine.items()})


class CachedReader:
    """Reads the last token of n growing texts, with the keys and values of all earlier ones kept.

    Row i of a batch is the text of row i of the last batch, with one more token or none, or it is
    read anew, but for a beginning that both share, such as examples in front of every question. So
    each environment of a vector has its own pace, and none waits for another.

    Args:
        reader: The language model.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        model = reader.model
        self._plain = PlainGPT2(model) if PlainGPT2.supports(model) else None
        self.forget()

    def forget(self) -> None:
        """Forget all texts: the model has changed."""
        self._expect((0, 0))

    def _expect(self, shape: tuple[int, int]) -> None:
        # What goes on for each text is kept on the host, where a small step costs least.
        self._seen = np.full(shape, -1, np.int64)
        self._slots = np.zeros(shape[0], np.int64)
        self._positions = np.zeros(shape[0], np.int64)
        device = self.reader.output_embeddings.device
        self._hidden = torch.zeros(shape[0], self.reader.width, device=device)
        n, slots = shape
        self._cache = _KeysAndValues(n, slots + self.reader.separator)

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that `restore` takes."""
        texts = {name: torch.from_numpy(getattr(self, f"_{name}").copy()) for name in TEXTS}
        layers = {f"layer.{layer}": held for layer, held in self._cache.layers.items()}
        return {"hidden": self._hidden, **texts, **layers}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` returned."""
        n, slots = state["seen"].shape
        self._expect((n, slots))
        self._seen, self._slots, self._positions = (state[name].cpu().numpy() for name in TEXTS)
        device = self.reader.output_embeddings.device
        self._hidden = state["hidden"].to(device)
        for layer in range(len(state) - len(TEXTS) - 1):
            self._cache.layers[layer] = state[f"layer.{layer}"].to(device)

    @torch.no_grad()
    def read(self, tokens: Tensor) -> Tensor:
        """Return the hidden states of the last tokens of observations: `(n, P + T)` to `(n, D)`."""
        given = tokens.cpu().numpy()
        if self._seen.shape != given.shape:
            self._expect((len(given), given.shape[1]))
        grown, stood = self._progress(given)
        before, self._seen = self._seen, given.copy()
        self._slots += grown
        self._positions += grown
        # To read a token again changes nothing, and costs less than to set most rows apart.
        again = stood & (self._slots >= self.reader.texts.prompt_tokens)
        if (grown | again).all() and 2 * grown.sum() >= len(grown):
            self._hidden = self._read_last(np.arange(len(grown)), tokens)
            return self._hidden
        if grown.any():
            rows = np.flatnonzero(grown)
            self._put(rows, self._read_last(rows, tokens))
        if not (grown | stood).all():
            rows = np.flatnonzero(~(grown | stood))
            self._put(rows, self._read_whole(rows, tokens, before[rows]))
        return self._hidden

    def _put(self, rows: npt.NDArray[np.int64], hidden: Tensor) -> None:
        places = torch.from_numpy(rows).to(hidden.device)
        self._hidden = self._hidden.index_copy(0, places, hidden)

    def _progress(self, given: npt.NDArray[np.int64]) -> tuple[Booleans, Booleans]:
        """Return which texts have one more token than in the last batch, and which none, `(n,)`."""
        differs = given != self._seen
        changes = differs.sum(axis=1)
        following = np.minimum(self._slots + 1, given.shape[1] - 1)
        every = np.arange(len(given))
        appended = differs[every, following] & (
            self._seen[every, following] == self.reader.texts.pad
        )
        return appended & (changes == 1), changes == 0

    def _read_last(self, rows: npt.NDArray[np.int64], tokens: Tensor) -> Tensor:
        at = self._positions[rows]
        longest = self._cache.one_more(rows, at)
        mask = np.where(np.arange(longest) > at[:, None], np.float32(HIDDEN), np.float32(0))
        ids, positions, added = (
            torch.from_numpy(each).to(tokens.device)
            for each in (self._seen[rows, self._slots[rows]], at, mask)
        )
        return self._run(ids[:, None], positions[:, None], added[:, None, None])[:, 0]

    def _read_whole(
        self, rows: npt.NDArray[np.int64], tokens: Tensor, before: npt.NDArray[np.int64]
    ) -> Tensor:
        chosen = tokens[torch.from_numpy(rows)]
        ids, prompts = self.reader.unpadded(chosen)
        slots = self.reader.last_slots(chosen)
        at = self.reader.positions(prompts, slots)
        start = min(self._held(rows, ids, before), int(at.min()))
        self._slots[rows], self._positions[rows] = slots.cpu().numpy(), at.cpu().numpy()
        longest = int(at.max()) + 1
        self._cache.whole(rows, start)
        places = torch.arange(start, longest, device=tokens.device)
        mask = torch.full((1, 1, len(places), longest), HIDDEN, device=tokens.device)
        read = self._run(ids[:, start:longest], places[None], mask.triu(start + 1))
        return read[torch.arange(len(rows), device=tokens.device), at - start]

    def _held(self, rows: npt.NDArray[np.int64], ids: Tensor, before: npt.NDArray[np.int64]) -> int:
        """Return how many first ids are those of the texts that these rows held before."""
        if (before < 0).any():
            return 0
        old, _ = self.reader.unpadded(torch.from_numpy(before).to(ids.device))
        size = min(ids.shape[1], old.shape[1])
        same = (ids[:, :size] == old[:, :size]).int().cumprod(dim=1).sum(dim=1).cpu().numpy()
        shared = int(np.minimum(same, self._positions[rows] + 1).min())
        return shared if shared >= SHARED else 0

    def _run(self, ids: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        if self._plain is not None:
            return self._plain.read(ids, positions, mask, self._cache)
        output = self.reader.model.base_model(
            ids,
            attention_mask=mask,
            position_ids=positions.expand(len(ids), -1),
            past_key_values=self._cache,
            use_cache=True,
            return_dict=True,
        )
        hidden: Tensor = output.last_hidden_state
        return hidden


def _whole_vectors(length: int) -> int:
    """Return the next length that fills a processor's vectors: a remainder costs more than it."""
    return -(-length // VECTOR) * VECTOR


class _KeysAndValues:
    """The keys and values of each layer, by row and position: what transformers calls a cache.

    Args:
        n: Rows.
        room: Positions.

    Attributes:
        layers: The keys and the values of each, `(2, n * heads, room, size)`.
    """

    is_compileable = False
    is_sliding = (False,)

    def __init__(self, n: int, room: int) -> None:
        self.n, self.room = n, _whole_vectors(room)
        self.layers: dict[int, Tensor] = {}
        self.at: npt.NDArray[np.int64] | None = None
        self._vectors: Tensor | None = None

    def whole(self, rows: npt.NDArray[np.int64], start: int) -> None:
        """Expect whole texts of these rows, but for their first tokens, which are kept already."""
        self.rows, self.at, self.start, self._vectors = rows, None, start, None

    def one_more(self, rows: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> int:
        """Expect one token of each of these rows, at these positions; return L to attend to."""
        self.rows, self.at, self._vectors = rows, at, None
        self.longest = _whole_vectors(int(at.max()) + 1)
        return self.longest

    def keep(self, new: Tensor, layer: int) -> Tensor:
        """Keep keys and values; return those of all that is attended to.

        Args:
            new: `(2, rows * heads, tokens, size)`.
            layer: Whose.
        """
        heads, size = new.shape[1] // len(self.rows), new.shape[3]
        if self._vectors is None:
            self._vectors, self._places = self._find(heads, new.device)
        if self.at is None:
            if layer not in self.layers:
                self.layers[layer] = new.new_zeros(2, self.n * heads, self.room, size)
            end = self.start + new.shape[2]
            self.layers[layer][:, :, self.start : end].index_copy_(1, self._vectors, new)
            if not self.start:
                return new
            return self.layers[layer][:, :, :end].index_select(1, self._vectors)
        kept = self.layers[layer]
        kept.view(-1, size).index_copy_(0, self._places, new.view(-1, size))
        seen = kept[:, :, : self.longest]
        return seen if len(self.rows) == self.n else seen.index_select(1, self._vectors)

    def _find(self, heads: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return what is kept of these texts: its rows in a layer, and the places of one token."""
        rows = (self.rows[:, None] * heads + np.arange(heads)).ravel()
        at = 0 if self.at is None else np.repeat(self.at, heads)
        places = (rows + self.n * heads * np.arange(2)[:, None]) * self.room + at
        return torch.from_numpy(rows).to(device), torch.from_numpy(places.ravel()).to(device)

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """The same as transformers asks, of keys and values, `(rows, heads, tokens, size)`."""
        seen = self.keep(torch.stack((keys, values)).flatten(1, 2), layer)
        seen = seen.view(2, len(keys), -1, *seen.shape[2:])
        return seen[0], seen[1]

    def get_seq_length(self, *_: Any) -> int:
        """Return what transformers asks for; positions and masks are given, so it uses none."""
        return 0
