"""Reading texts that grow token by token, without reading any token twice."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .gpt2 import PlainGPT2
from .q_network import Hidden, LanguageModelQNetwork
from .reader import Reader

HIDDEN = torch.finfo(torch.float32).min


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
        self._seen = torch.zeros(0, 0, dtype=torch.int64)
        self._slots = torch.zeros(0, dtype=torch.int64)
        self._hidden = torch.zeros(0, self.reader.width)
        self._cache = _KeysAndValues()

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that `restore` takes."""
        layers = self._cache.layers
        keys = {f"keys.{layer}": held[0] for layer, held in layers.items()}
        values = {f"values.{layer}": held[1] for layer, held in layers.items()}
        texts = {"seen": self._seen, "slots": self._slots, "hidden": self._hidden}
        return {**texts, **keys, **values}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take back what `state` returned."""
        self.forget()
        device = self.reader.output_embeddings.device
        held = {name: tensor.to(device) for name, tensor in state.items()}
        self._seen, self._slots = held.pop("seen"), held.pop("slots")
        self._hidden = held.pop("hidden")
        for layer in range(len(held) // 2):
            self._cache.layers[layer] = held[f"keys.{layer}"], held[f"values.{layer}"]

    @torch.no_grad()
    def read(self, tokens: Tensor) -> Tensor:
        """Return the hidden states of the last tokens of observations: `(n, P + T)` to `(n, D)`."""
        slots = self.reader.last_slots(tokens)
        positions = self.reader.positions(self.reader.prompt_lengths(tokens), slots)
        if self._seen.shape != tokens.shape:
            self.forget()
            self._seen, self._slots = torch.full_like(tokens, -1), slots
            self._hidden = torch.empty(len(tokens), self.reader.width, device=tokens.device)
        stood = (self._seen == tokens).all(dim=1)
        grown = self._have_grown(tokens, slots)
        hidden = self._hidden.clone()
        for rows, reads in ((grown, self._read_last), (~(grown | stood), self._read_whole)):
            if rows.any():
                chosen = rows.nonzero().squeeze(1)
                hidden[chosen] = reads(chosen, tokens, slots, positions)
        self._seen, self._slots, self._hidden = tokens.clone(), slots, hidden
        return hidden

    def _have_grown(self, tokens: Tensor, slots: Tensor) -> Tensor:
        """Return which texts are those of the last batch with one more token, `(n,) bool`."""
        before = torch.arange(tokens.shape[1], device=tokens.device) < slots[:, None]
        same = ((self._seen == tokens) | ~before).all(dim=1)
        return same & (slots == self._slots + 1)

    def _read_last(self, rows: Tensor, tokens: Tensor, slots: Tensor, positions: Tensor) -> Tensor:
        at = positions[rows]
        longest = int(at.max()) + 1
        self._cache.one_more(rows, at, longest, len(tokens))
        beyond = torch.arange(longest, device=tokens.device) > at[:, None]
        mask = torch.zeros(len(rows), 1, 1, longest, device=tokens.device)
        mask.masked_fill_(beyond[:, None, None], HIDDEN)
        return self._run(tokens[rows, slots[rows], None], at[:, None], mask)[:, 0]

    def _read_whole(
        self,
        rows: Tensor,
        tokens: Tensor,
        slots: Tensor,  # noqa: ARG002, positions tell as much
        positions: Tensor,
    ) -> Tensor:
        at = positions[rows]
        longest = int(at.max()) + 1
        ids, _ = self.reader.unpadded(tokens[rows])
        room = self.reader.separator + tokens.shape[1]
        self._cache.whole(rows, len(tokens), room)
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
    """The keys and values of each layer, by row and position: what transformers calls a cache."""

    is_compileable = False
    is_sliding = (False,)

    def __init__(self) -> None:
        self.layers: dict[int, tuple[Tensor, Tensor]] = {}
        self.at: Tensor | None = None

    def whole(self, rows: Tensor, n: int, room: int) -> None:
        """Expect whole texts of these rows."""
        self.rows, self.at, self.n, self.room = rows, None, n, room

    def one_more(self, rows: Tensor, at: Tensor, longest: int, n: int) -> None:
        """Expect one token of each of these rows, at these positions."""
        self.rows, self.at, self.longest = rows, at, longest
        self.all = len(rows) == n

    def update(
        self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Keep what comes in, `(rows, heads, tokens, size)`; return all that is attended to."""
        if self.at is None:
            self._keep(keys, values, layer)
            return keys, values
        kept = self.layers[layer]
        for mine, new in zip(kept, (keys, values), strict=True):
            mine[self.rows, :, self.at] = new[:, :, 0]
        if self.all:
            return kept[0][:, :, : self.longest], kept[1][:, :, : self.longest]
        return kept[0][self.rows, :, : self.longest], kept[1][self.rows, :, : self.longest]

    def _keep(self, keys: Tensor, values: Tensor, layer: int) -> None:
        tokens = keys.shape[2]
        held = self.layers.get(layer)
        if held is None or held[0].shape[2] < self.room:
            self.layers[layer] = self._enlarged(held, keys, values)
        for mine, new in zip(self.layers[layer], (keys, values), strict=True):
            mine[self.rows, :, :tokens] = new

    def _enlarged(
        self, held: tuple[Tensor, Tensor] | None, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor]:
        larger = [
            each.new_zeros(self.n, each.shape[1], self.room, each.shape[3])
            for each in (keys, values)
        ]
        for mine, old in zip(larger, held or (), strict=False):
            mine[:, :, : old.shape[2]] = old
        return larger[0], larger[1]

    def get_seq_length(self, *_: Any) -> int:
        """Return what transformers asks for; positions and masks are given, so it uses none."""
        return 0
