"""Reading texts that grow token by token, without reading any token twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .gpt2 import PlainGPT2
from .q_network import Hidden, LanguageModelQNetwork
from .reader import Reader

Booleans = npt.NDArray[np.bool_]

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
    read anew.
    So each environment of a vector has its own pace, and none waits for another.

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
        self._seen = given.copy()
        hidden = self._hidden.clone()
        if grown.any():
            self._slots[grown] += 1
            self._positions[grown] += 1
            # To read a token again changes nothing, and costs less than to set most rows apart.
            again = stood & (self._slots >= self.reader.texts.prompt_tokens)
            together = (grown | again).all() and 2 * grown.sum() >= len(grown)
            rows = np.arange(len(grown)) if together else np.flatnonzero(grown)
            hidden[torch.from_numpy(rows)] = self._read_last(rows, tokens.device)
        if not (grown | stood).all():
            rows = np.flatnonzero(~(grown | stood))
            hidden[torch.from_numpy(rows)] = self._read_whole(rows, tokens)
        self._hidden = hidden
        return hidden

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

    def _read_last(self, rows: npt.NDArray[np.int64], device: torch.device) -> Tensor:
        at = self._positions[rows]
        longest = int(at.max()) + 1
        self._cache.one_more(rows, at, longest, device)
        mask = np.where(np.arange(longest) > at[:, None], np.float32(HIDDEN), np.float32(0))
        ids, positions, added = (
            torch.from_numpy(each).to(device)
            for each in (self._seen[rows, self._slots[rows]], at, mask)
        )
        return self._run(ids[:, None], positions[:, None], added[:, None, None])[:, 0]

    def _read_whole(self, rows: npt.NDArray[np.int64], tokens: Tensor) -> Tensor:
        chosen = tokens[torch.from_numpy(rows)]
        ids, prompts = self.reader.unpadded(chosen)
        slots = self.reader.last_slots(chosen)
        at = self.reader.positions(prompts, slots)
        self._slots[rows], self._positions[rows] = slots.cpu().numpy(), at.cpu().numpy()
        longest = int(at.max()) + 1
        self._cache.whole(rows)
        places = torch.arange(longest, device=tokens.device)
        mask = torch.full((1, 1, longest, longest), HIDDEN, device=tokens.device).triu(1)
        read = self._run(ids[:, :longest], places[None], mask)
        return read[torch.arange(len(rows), device=tokens.device), at]

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


class _KeysAndValues:
    """The keys and values of each layer, by row and position: what transformers calls a cache.

    Args:
        n: Rows.
        room: Positions.

    Attributes:
        layers: The keys and the values of each, `(n, room, 2, heads, size)`: those of one token of
            one text lie side by side.
    """

    is_compileable = False
    is_sliding = (False,)

    def __init__(self, n: int, room: int) -> None:
        self.n, self.room = n, room
        self.layers: dict[int, Tensor] = {}
        self.places: Tensor | None = None

    def whole(self, rows: npt.NDArray[np.int64]) -> None:
        """Expect whole texts of these rows."""
        self.rows, self.places = torch.from_numpy(rows), None

    def one_more(
        self,
        rows: npt.NDArray[np.int64],
        at: npt.NDArray[np.int64],
        longest: int,
        device: torch.device,
    ) -> None:
        """Expect one token of each of these rows, at these positions."""
        self.rows, self.longest = torch.from_numpy(rows), longest
        self.places = torch.from_numpy(rows * self.room + at).to(device)

    def keep(self, new: Tensor, layer: int) -> Tensor:
        """Keep keys and values; return those of all that is attended to.

        Args:
            new: `(rows, tokens, 2, heads, size)`.
            layer: Whose.
        """
        if self.places is None:
            if layer not in self.layers:
                self.layers[layer] = new.new_zeros(self.n, self.room, *new.shape[2:])
            self.layers[layer][self.rows, : new.shape[1]] = new
            return new
        kept = self.layers[layer]
        kept.flatten(0, 1).index_copy_(0, self.places, new[:, 0])
        return kept[slice(None) if len(self.rows) == self.n else self.rows, : self.longest]

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """The same as transformers asks, of keys and values, `(rows, heads, tokens, size)`."""
        seen = self.keep(torch.stack((keys, values), dim=1).permute(0, 3, 1, 2, 4), layer)
        return seen[:, :, 0].transpose(1, 2), seen[:, :, 1].transpose(1, 2)

    def get_seq_length(self, *_: Any) -> int:
        """Return what transformers asks for; positions and masks are given, so it uses none."""
        return 0
