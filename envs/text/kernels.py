"""The compiled loops of the token environment: BLEU kept up to date token by token, and episodes.

BLEU counts the words of its own tokenizer, here called units: a unit is one token, or several that
are written together, such as "est", "-" and "il". Two tries hold an episode's references: one of
tokens, whose nodes are beginnings of units, and one of units, whose nodes at depth k are k-grams of
the references; node 0 of each is the empty one. Every suffix of the text that stands in a reference
is a node, so that a further unit moves four nodes by one edge each, whatever the lengths of text
and references.

Plain tuples of arrays travel through them, as few arrays as can be: each costs a call from Python
some 50 ns, a fifth of what a token does. Rows are episodes.

`texts` is `(edges, nodes, status)`:

- `edges`: `(n, C, 2) int64`, a hash table of C slots, C a power of 2, with linear probing: a key, 0
  where the slot is empty, and the child. Keys of the tokens' trie are negative.
- `nodes`: `(n, M, 2) int64`: how often each k-gram counts, its largest count in a reference, and
  how often it stands in the text so far.
- `status`: `(n, REFERENCE_LENGTHS + R) int64`; the constants below name its columns.

`joins`, `(K, V) int32`, is the automaton that finds the units. Its states are what ends the text:
one of K - 2 classes of characters, a parted unit, or nothing. By state and next token it holds
twice the next state, plus 1 if the token is of the same unit. Nothing joins a parted unit, such as
a hyphen after a digit.

`alignments` is that of `alignment`, which makes the potential.

`episodes` is `(tokens, slots, running, invalid, potentials, scores)`: prompt and text,
`(n, P + T) int64`, the slot that is written next, whether the text goes on, whether an illegal
token ended it, and what it is worth; all these `(n,)`. `rules` is `(legal, eos, shaped)`, `draws`
`(streams, indices)`, the generators of `pcg64` and the examples drawn; `encoded` is that of
`Examples`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ...registry.compiler import compiled
from ..pcg64 import random
from .alignment import align, begin_alignment

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# What `units` tells: the classes of first and of last characters, which meet as one, which part.
Joins = tuple[Integers, Integers, Booleans, Booleans]
Automaton = npt.NDArray[np.int32]
Texts = tuple[Integers, Integers, Integers]
Rules = tuple[Booleans, int, bool]
Episodes = tuple[Integers, Integers, Booleans, Integers, Floats, Floats]
Encoded = tuple[Integers, Integers, Integers, Integers]
Draws = tuple[npt.NDArray[np.uint64], Integers]

LIMIT, COUNT = 0, 1
ORDERS = 4

# The nodes of the last 1, 2 and 3 units, -1 where they stand in no reference; then the matches of
# each order, and the units of the text.
MATCHES = 3
LENGTH = 7
# The same before the last unit, and the four nodes that it counted in: what takes it back.
BEFORE = 8
COUNTED = 16
# The last unit, -1 if no reference has one that begins so; what ends the text, a row of `joins`.
UNIT = 20
ENDING = 21
# What the keys of units are multiples of.
SPAN = 22
REFERENCES = 23
REFERENCE_LENGTHS = 24

# The 64-bit golden ratio: multiplying by it spreads neighbouring keys (Knuth, volume 3, 6.4).
SPREAD = np.uint64(0x9E3779B97F4A7C15)


def automaton(joins: Joins) -> Automaton:
    """Return `joins` of these kernels; its last rows: a parted unit, and no text."""
    first, last, together, parts = joins
    ends = np.where(parts[:, first], len(parts) - 1, last)
    return np.vstack([2 * ends + together[:, first], 2 * last]).astype(np.int32)


def make_texts(n: int, tokens: int, references: int) -> Texts:
    """Return arrays for n texts whose references have so many tokens together."""
    nodes = ORDERS * tokens + 1
    # Half empty, so that a search ends soon.
    slots = 1 << (2 * (nodes + tokens) - 1).bit_length()
    return (
        np.zeros((n, slots, 2), np.int64),
        np.zeros((n, nodes, 2), np.int64),
        np.zeros((n, REFERENCE_LENGTHS + references), np.int64),
    )


@compiled
def find(edges: Integers, row: int, key: int) -> Any:
    """Return the slot of a key, or the empty one where it belongs."""
    slots = edges.shape[1]
    slot = np.int64((np.uint64(key) * SPREAD) >> np.uint64(40)) & (slots - 1)
    while edges[row, slot, 0] != key and edges[row, slot, 0] != 0:
        slot = (slot + 1) & (slots - 1)
    return slot


@compiled
def child(edges: Integers, row: int, key: int) -> Any:
    """Return the node that an edge leads to, -1 if there is no such edge."""
    slot = find(edges, row, key)
    return edges[row, slot, 1] if edges[row, slot, 0] else -1


@compiled
def grow(edges: Integers, row: int, key: int, node: int) -> Any:
    """Return the node that an edge leads to; a new edge leads to `node`."""
    slot = find(edges, row, key)
    if edges[row, slot, 0] == 0:
        edges[row, slot, 0], edges[row, slot, 1] = key, node
    return edges[row, slot, 1]


@compiled
def begin(
    row: int,
    tokens: Integers,
    bounds: Integers,
    joins: Automaton,
    texts: Texts,
    alignments: Integers,
) -> None:
    """Build the tries of an episode's references and begin with an empty text.

    Reference r is `tokens[bounds[r] : bounds[r + 1]]`.
    """
    begin_alignment(row, tokens, bounds, alignments)
    edges, nodes, status = texts
    beginning = len(joins) - 1
    references, size = len(bounds) - 1, joins.shape[1]
    start = bounds[0]
    span = bounds[references] - start + 1
    edges[row, :, 0] = 0
    status[row, :REFERENCES] = 0
    status[row, :MATCHES] = -1
    status[row, ENDING] = beginning
    status[row, SPAN] = span
    status[row, REFERENCES] = references
    units = np.empty(span, np.int64)
    known = beginnings = 1
    nodes[row, 0, LIMIT] = 0
    for reference in range(references):
        length, ending = 0, beginning
        for position in range(bounds[reference], bounds[reference + 1]):
            token = tokens[position]
            ending, joined = divmod(joins[ending, token], 2)
            parent = 0
            if joined:
                parent = units[length - 1]
            else:
                length += 1
            unit = grow(edges, row, -(parent * size + token + 1), beginnings)
            beginnings = max(beginnings, unit + 1)
            units[length - 1] = unit
        status[row, REFERENCE_LENGTHS + reference] = length
        nodes[row, :known, COUNT] = 0
        for first in range(length):
            node = 0
            for position in range(first, min(first + ORDERS, length)):
                node = grow(edges, row, node * span + units[position], known)
                if node == known:
                    nodes[row, node, LIMIT] = nodes[row, node, COUNT] = 0
                    known += 1
                nodes[row, node, COUNT] += 1
        for node in range(1, known):
            nodes[row, node, LIMIT] = max(nodes[row, node, LIMIT], nodes[row, node, COUNT])
    nodes[row, :known, COUNT] = 0


@compiled
def write(row: int, token: int, joins: Automaton, texts: Texts) -> None:
    """Append a token to the text of an episode."""
    edges, nodes, status = texts
    status[row, ENDING], joined = divmod(joins[status[row, ENDING], token], 2)
    parent = 0
    if joined:
        parent = status[row, UNIT]
        for column in range(LENGTH + 1):
            status[row, column] = status[row, BEFORE + column]
        for order in range(ORDERS):
            nodes[row, status[row, COUNTED + order], COUNT] -= 1
    else:
        for column in range(LENGTH + 1):
            status[row, BEFORE + column] = status[row, column]
    unit = -1
    if parent >= 0:
        unit = child(edges, row, -(parent * joins.shape[1] + token + 1))
    status[row, UNIT] = unit
    for order in range(ORDERS - 1, -1, -1):
        parent = status[row, order - 1] if order else 0
        node = -1
        if parent >= 0 and unit >= 0:
            node = child(edges, row, parent * status[row, SPAN] + unit)
        # Node 0 counts what is in no reference, so that taking it back needs no question.
        counted = max(node, 0)
        nodes[row, counted, COUNT] += 1
        status[row, COUNTED + order] = counted
        if node > 0 and nodes[row, node, COUNT] <= nodes[row, node, LIMIT]:
            status[row, MATCHES + order] += 1
        if order < ORDERS - 1:
            status[row, order] = node
    status[row, LENGTH] += 1


@compiled
def move(texts: Texts, larger: Texts) -> None:
    """Move all texts to larger arrays, which hold zeros."""
    edges, nodes, status = texts
    new_edges, new_nodes, new_status = larger
    new_nodes[:, : nodes.shape[1]] = nodes
    new_status[:, : status.shape[1]] = status
    for row in range(len(edges)):
        for slot in range(edges.shape[1]):
            if edges[row, slot, 0]:
                new_slot = find(new_edges, row, edges[row, slot, 0])
                new_edges[row, new_slot] = edges[row, slot]


@compiled
def closest_length(row: int, status: Integers) -> Any:
    """Return the length of the reference closest to the text's, of two the shorter."""
    length = status[row, LENGTH]
    closest = status[row, REFERENCE_LENGTHS]
    for reference in range(1, status[row, REFERENCES]):
        other = status[row, REFERENCE_LENGTHS + reference]
        nearer = abs(other - length) - abs(closest - length)
        if nearer < 0 or (nearer == 0 and other < closest):
            closest = other
    return closest


@compiled
def bleu(row: int, status: Integers) -> float:
    """Return the sentence BLEU of the text so far, in [0, 1].

    Papineni et al. (2002) with the exponential smoothing and the effective order of sacrebleu,
    operation by operation.
    """
    length = status[row, LENGTH]
    if not status[row, MATCHES]:
        return 0.0
    smoothing, order, logarithms = 1.0, 0, 0.0
    while order < ORDERS and length > order:
        total = length - order
        matches = status[row, MATCHES + order]
        if matches == 0:
            smoothing *= 2
            logarithms += math.log(100.0 / (smoothing * total))
        else:
            logarithms += math.log(100.0 * matches / total)
        order += 1
    reference_length = closest_length(row, status)
    penalty = 1.0
    if length < reference_length:
        penalty = math.exp(1 - reference_length / length)
    return min(penalty * math.exp(logarithms / order) / 100, 1.0)


@compiled
def write_and_score(
    row: int,
    token: int,
    joins: Automaton,
    edges: Integers,
    nodes: Integers,
    status: Integers,
    alignments: Integers,
) -> tuple[float, float]:
    """Append a token to the text of an episode, and return its potential and its BLEU.

    Called for every token from Python, to which tuples would cost a tenth more.
    """
    write(row, token, joins, (edges, nodes, status))
    return align(row, token, alignments), bleu(row, status)


@compiled
def open_where(mask: Booleans, start: int, episodes: Episodes) -> None:
    """Let the texts where `mask`, `(n,)`, is true begin in slot `start`."""
    _, slots, running, invalid, potentials, scores = episodes
    for env in range(len(mask)):
        if mask[env]:
            slots[env] = start
            running[env] = True
            invalid[env] = 0
            potentials[env] = scores[env] = 0.0


@compiled
def settle_all(
    actions: Integers, worth: tuple[Floats, Floats], rules: Rules, episodes: Episodes
) -> tuple[Floats, Booleans]:
    """Write a token to every running text, which has this potential and this score with it.

    Returns:
        The rewards and which texts ended, `(n,)` both.
    """
    legal, eos, shaped = rules
    tokens, slots, running, invalid, potentials, scores = episodes
    rewards, ended = np.zeros(len(actions)), np.zeros(len(actions), np.bool_)
    for env in range(len(actions)):
        if not running[env]:
            continue
        token, before = actions[env], potentials[env]
        potential, score = worth[0][env], worth[1][env]
        tokens[env, slots[env]] = token
        slots[env] += 1
        if not legal[token]:
            invalid[env], score = 1, 0.0
        ended[env] = not legal[token] or token == eos or slots[env] == tokens.shape[1]
        if ended[env]:
            running[env], potential = False, score
        potentials[env], scores[env] = potential, score
        if shaped:
            rewards[env] = potential - before
        elif ended[env]:
            rewards[env] = score
    return rewards, ended


@compiled
def write_all(
    actions: Integers,
    rules: Rules,
    episodes: Episodes,
    joins: Automaton,
    texts: Texts,
    alignments: Integers,
) -> tuple[Floats, Booleans]:
    """Write a token to every running text and score it; see `settle_all`."""
    legal, eos, _ = rules
    _, _, running, _, potentials, scores = episodes
    worth = potentials.copy(), scores.copy()
    for env in range(len(actions)):
        token = actions[env]
        if running[env] and legal[token] and token != eos:
            worth[0][env], worth[1][env] = write_and_score(env, token, joins, *texts, alignments)
    return settle_all(actions, worth, rules, episodes)


@compiled
def begin_where(
    mask: Booleans,
    asked: int,
    start: int,
    draws: Draws,
    encoded: Encoded,
    episodes: Episodes,
    joins: Automaton,
    texts: Texts,
    alignments: Integers,
) -> None:
    """Begin an episode where `mask`, `(n,)`, is true: example `asked`, or a drawn one if below 0.

    Drawn even if one is asked for, so that later episodes don't depend on the option.
    """
    streams, indices = draws
    blanks, tokens, bounds, firsts = encoded
    for env in range(len(mask)):
        if mask[env]:
            drawn = int(random(streams, env) * len(blanks))
            indices[env] = index = drawn if asked < 0 else asked
            episodes[0][env] = blanks[index]
            own = bounds[firsts[index] : firsts[index + 1] + 1]
            begin(env, tokens, own, joins, texts, alignments)
    open_where(mask, start, episodes)


@compiled
def first_outside(actions: Integers, size: int) -> int:
    """Return where the first action that isn't in 0 to `size` - 1 stands, -1 if there is none."""
    for env in range(len(actions)):
        if actions[env] < 0 or actions[env] >= size:
            return env
    return -1
