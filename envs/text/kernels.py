"""The compiled loops of the token environment: BLEU kept up to date token by token, and episodes.

BLEU counts the words of its own tokenizer, here called units: a unit is one token, or several that
are written together, such as "est", "-" and "il". A trie holds an episode's references. Its nodes
are the k-grams of units that stand in them, k from 0 to 4; node 0 is the empty one. Two kinds of
edges lead to them: a token to the beginning of a unit, which is a 1-gram, too, and a unit to a
longer k-gram. Every suffix of the text that stands in a reference is a node, so that a further unit
moves four nodes by one edge each, whatever the lengths of text and references.

Rows are episodes. As few arrays as can be travel through the kernels: each costs a call from Python
some 40 ns, a tenth of what a token does.

`texts`, `(rows, W) int64`, holds a text in each row. The constants below name its columns; behind
`REFERENCE_LENGTHS` there follow

- the nodes, in pairs: how often a k-gram counts, its largest count in a reference, and how often it
  stands in the text so far;
- the edges, a hash table with linear probing whose size is a power of 2, in pairs: a key, 0 where
  the place is empty, and the child. Keys of tokens are negative;
- what `alignment` holds, which makes the potential.

`joins`, `(K, V) int32`, is the automaton that finds the units. Its states are what ends the text:
one of K - 2 classes of characters, a parted unit, or nothing. By state and next token it holds
twice the next state, plus 1 if the token is of the same unit. Nothing joins a parted unit, such as
a hyphen after a digit.

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
from .alignment import align, alignment_size, begin_alignment

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# What `units` tells: the classes of first and of last characters, which meet as one, which part.
Joins = tuple[Integers, Integers, Booleans, Booleans]
Automaton = npt.NDArray[np.int32]
Rules = tuple[Booleans, int, bool]
Episodes = tuple[Integers, Integers, Booleans, Integers, Floats, Floats]
Encoded = tuple[Integers, Integers, Integers, Integers]
Draws = tuple[npt.NDArray[np.uint64], Integers]

ORDERS = 4

# The nodes of the last 1, 2 and 3 units, -1 where they stand in no reference; the matches of each
# order, and the units of the text.
MATCHES = 3
LENGTH = 7
# What takes the last unit back: the nodes of those before it, the column of the count that it
# raised in each order, and whether that was a match.
BEFORE = 8
COUNTED = 11
MATCHED = 15
# What ends the text, a row of `joins`.
ENDING = 19
# How many nodes there are, and may be.
KNOWN = 20
SPAN = 21
# The columns where nodes, edges and the alignment begin, and how many places for edges there are,
# less 1.
NODES = 22
EDGES = 23
ALIGNMENT = 24
LAST_PLACE = 25
REFERENCES = 26
REFERENCE_LENGTHS = 27

# The 64-bit golden ratio: multiplying by it spreads neighbouring keys (Knuth, volume 3, 6.4).
SPREAD = np.uint64(0x9E3779B97F4A7C15)


def automaton(joins: Joins) -> Automaton:
    """Return `joins` of these kernels; its last rows: a parted unit, and no text."""
    first, last, together, parts = joins
    ends = np.where(parts[:, first], len(parts) - 1, last)
    return np.vstack([2 * ends + together[:, first], 2 * last]).astype(np.int32)


@compiled
def places(tokens: int) -> int:
    """Return how many places for edges references of so many tokens together take."""
    size = 1
    # Half of them stay empty, so that a search ends soon.
    while size < 2 * ORDERS * tokens + 2:
        size *= 2
    return size


def make_texts(rows: int, tokens: int, references: int) -> Integers:
    """Return an array for texts whose references have so many tokens together."""
    trie = 2 * (ORDERS * tokens + 1 + places(tokens))
    columns = REFERENCE_LENGTHS + references + trie + alignment_size(tokens, references)
    return np.zeros((rows, columns), np.int64)


@compiled
def find(text: Integers, key: int) -> Any:
    """Return the column of a key, or of the empty place where it belongs."""
    place = np.int64((np.uint64(np.int64(key)) * SPREAD) >> np.uint64(32)) & text[LAST_PLACE]
    column = text[EDGES] + 2 * place
    while text[column] != key and text[column] != 0:
        place = (place + 1) & text[LAST_PLACE]
        column = text[EDGES] + 2 * place
    return column


@compiled
def child(text: Integers, key: int, growing: bool) -> Any:
    """Return the node that an edge leads to; if there is none -1, or a new one where `growing`."""
    column = find(text, key)
    if text[column] == 0:
        if not growing:
            return -1
        text[column], text[column + 1] = key, text[KNOWN]
        text[KNOWN] += 1
    return text[column + 1]


@compiled
def count(text: Integers, order: int, node: int) -> None:
    """Count a node that ends the text, -1 for none, as one of `order` + 1 units."""
    # Node 0 counts what is in no reference, so that taking it back needs no question.
    limit = text[NODES] + 2 * max(node, 0)
    text[limit + 1] += 1
    matched = np.int64(text[limit + 1] <= text[limit])
    text[MATCHES + order] += matched
    text[COUNTED + order], text[MATCHED + order] = limit + 1, matched
    if order < ORDERS - 1:
        text[BEFORE + order], text[order] = text[order], node


@compiled
def take_back(text: Integers) -> None:
    """Take the last unit of the text back."""
    for order in range(ORDERS):
        text[text[COUNTED + order]] -= 1
        text[MATCHES + order] -= text[MATCHED + order]
        if order < ORDERS - 1:
            text[order] = text[BEFORE + order]
    text[LENGTH] -= 1


@compiled
def append(text: Integers, token: int, joins: Automaton, growing: bool) -> None:
    """Append a token to a text; where `growing`, the trie learns it."""
    text[ENDING], joined = divmod(joins[text[ENDING], token], 2)
    beginning = 0
    if joined:
        beginning = text[0]
        take_back(text)
    unit = -1
    if beginning >= 0:
        unit = child(text, -(beginning * joins.shape[1] + token + 1), growing)
    for order in range(ORDERS - 1, 0, -1):
        node = -1
        if unit >= 0 and text[order - 1] >= 0:
            node = child(text, text[order - 1] * text[SPAN] + unit, growing)
        count(text, order, node)
    count(text, 0, unit)
    text[LENGTH] += 1


@compiled
def clear(text: Integers, joins: Automaton) -> None:
    """Make the text empty."""
    text[:ENDING] = 0
    text[:MATCHES] = -1
    text[ENDING] = len(joins) - 1


@compiled
def begin(row: int, tokens: Integers, bounds: Integers, joins: Automaton, texts: Integers) -> None:
    """Build the trie of an episode's references and begin with an empty text.

    Reference r is `tokens[bounds[r] : bounds[r + 1]]`.
    """
    text = texts[row]
    references = len(bounds) - 1
    together = bounds[references] - bounds[0]
    text[KNOWN], text[SPAN] = 1, ORDERS * together + 1
    nodes = REFERENCE_LENGTHS + references
    edges = nodes + 2 * text[SPAN]
    text[NODES], text[EDGES], text[LAST_PLACE] = nodes, edges, places(together) - 1
    text[REFERENCES] = references
    text[ALIGNMENT] = edges + 2 * places(together)
    text[nodes : text[ALIGNMENT]] = 0
    begin_alignment(text[text[ALIGNMENT] :], tokens, bounds)
    for reference in range(references):
        clear(text, joins)
        for position in range(bounds[reference], bounds[reference + 1]):
            append(text, tokens[position], joins, True)
        text[REFERENCE_LENGTHS + reference] = text[LENGTH]
        for limit in range(nodes + 2, nodes + 2 * text[KNOWN], 2):
            text[limit] = max(text[limit], text[limit + 1])
            text[limit + 1] = 0
    clear(text, joins)


@compiled
def closest_length(text: Integers) -> Any:
    """Return the length of the reference closest to the text's, of two the shorter."""
    length = text[LENGTH]
    closest = text[REFERENCE_LENGTHS]
    for reference in range(1, text[REFERENCES]):
        other = text[REFERENCE_LENGTHS + reference]
        nearer = abs(other - length) - abs(closest - length)
        if nearer < 0 or (nearer == 0 and other < closest):
            closest = other
    return closest


@compiled
def bleu(text: Integers) -> float:
    """Return the sentence BLEU of the text so far, in [0, 1].

    Papineni et al. (2002) with the exponential smoothing and the effective order of sacrebleu,
    operation by operation.
    """
    length = text[LENGTH]
    if not text[MATCHES]:
        return 0.0
    smoothing, order, logarithms = 1.0, 0, 0.0
    while order < ORDERS and length > order:
        total = length - order
        matches = text[MATCHES + order]
        if matches == 0:
            smoothing *= 2
            logarithms += math.log(100.0 / (smoothing * total))
        else:
            logarithms += math.log(100.0 * matches / total)
        order += 1
    reference_length = closest_length(text)
    penalty = 1.0
    if length < reference_length:
        penalty = math.exp(1 - reference_length / length)
    return min(penalty * math.exp(logarithms / order) / 100, 1.0)


@compiled
def write(row: int, token: int, joins: Automaton, texts: Integers) -> tuple[float, float]:
    """Append a token to the text of an episode, and return its potential and its BLEU."""
    text = texts[row]
    append(text, token, joins, False)
    return align(text[text[ALIGNMENT] :], token), bleu(text)


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
    texts: Integers,
) -> tuple[Floats, Booleans]:
    """Write a token to every running text and score it; see `settle_all`."""
    legal, eos, _ = rules
    _, _, running, _, potentials, scores = episodes
    worth = potentials.copy(), scores.copy()
    for env in range(len(actions)):
        token = actions[env]
        if running[env] and legal[token] and token != eos:
            worth[0][env], worth[1][env] = write(env, token, joins, texts)
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
    texts: Integers,
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
            begin(env, tokens, own, joins, texts)
    open_where(mask, start, episodes)
