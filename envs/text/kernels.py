"""BLEU kept up to date token by token, compiled, for many episodes at once.

BLEU counts the words of its own tokenizer, here called units: a unit is one token, or several that
are written together, such as "est", "-" and "il". Two tries hold an episode's references: one of
tokens, whose nodes are beginnings of units, and one of units, whose nodes at depth k are k-grams of
the references; node 0 of each is the empty one. Every suffix of the text that stands in a reference
is a node, so that a further unit moves four nodes by one edge each, whatever the lengths of text
and references.

Rows of these arrays are episodes:

- `edges`: `(n, C, 2) int64`, a hash table of C slots, C a power of 2, with linear probing: a key, 0
  where the slot is empty, and the child. Keys of the tokens' trie are negative.
- `limits`: `(n, M) int64`, how often each k-gram counts: its largest count in a reference.
- `counts`: `(n, M) int64`, how often it stands in the text so far.
- `status`: `(n, REFERENCE_LENGTHS + R) int64`; the constants below name its columns.

`joins` is `(first, last, together, parts)`: the class of each token's first and of its last
character, `(V,) int64`; by the class that ends one token and the class that begins the next,
`(K + 1, K') bool`, whether the two are one unit; and whether the second begins a unit that nothing
joins, as a hyphen after a digit does: it ends with class K then.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ...registry.compiler import compiled

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Joins = tuple[Integers, Integers, Booleans, Booleans]

ORDERS = 4

# The nodes of the last 1, 2 and 3 units, -1 where they stand in no reference; then the matches of
# each order, and the units of the text.
MATCHES = 3
LENGTH = 7
# The same before the last unit, and the four nodes that it counted in: what takes it back.
BEFORE = 8
COUNTED = 16
# The last unit, -1 if no reference has one that begins so; the class that ends the text, -1 at its
# start.
UNIT = 20
ENDING = 21
REFERENCES = 22
REFERENCE_LENGTHS = 23

# The 64-bit golden ratio: multiplying by it spreads neighbouring keys (Knuth, volume 3, 6.4).
SPREAD = np.uint64(0x9E3779B97F4A7C15)


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
    joins: Joins,
    edges: Integers,
    limits: Integers,
    counts: Integers,
    status: Integers,
) -> None:
    """Build the tries of an episode's references and begin with an empty text.

    Reference r is `tokens[bounds[r] : bounds[r + 1]]`.
    """
    first, last, together, parts = joins
    size, references = len(first), len(bounds) - 1
    edges[row, :, 0] = 0
    status[row, :REFERENCES] = 0
    status[row, :MATCHES] = status[row, ENDING] = -1
    status[row, REFERENCES] = references
    units, nodes = np.empty(len(tokens), np.int64), 1
    beginnings = 1
    limits[row, 0] = counts[row, 0] = 0
    for reference in range(references):
        length, ending = 0, -1
        for position in range(bounds[reference], bounds[reference + 1]):
            token = tokens[position]
            joined = ending >= 0 and together[ending, first[token]]
            ending = len(parts) - 1 if ending >= 0 and parts[ending, first[token]] else last[token]
            if not joined:
                length += 1
            parent = units[length - 1] if joined else 0
            unit = grow(edges, row, -(parent * size + token + 1), beginnings)
            beginnings = max(beginnings, unit + 1)
            units[length - 1] = unit
        status[row, REFERENCE_LENGTHS + reference] = length
        counts[row, :nodes] = 0
        for start in range(length):
            node = 0
            for position in range(start, min(start + ORDERS, length)):
                key = node * (len(tokens) + 1) + units[position]
                node = grow(edges, row, key, nodes)
                if node == nodes:
                    limits[row, node] = counts[row, node] = 0
                    nodes += 1
                counts[row, node] += 1
        for node in range(1, nodes):
            limits[row, node] = max(limits[row, node], counts[row, node])
    counts[row, :nodes] = 0
    # What the keys of units are multiples of.
    limits[row, 0] = len(tokens) + 1


@compiled
def write(
    row: int,
    token: int,
    joins: Joins,
    edges: Integers,
    limits: Integers,
    counts: Integers,
    status: Integers,
) -> None:
    """Append a token to the text of an episode."""
    first, last, together, parts = joins
    ending, parent = status[row, ENDING], 0
    part = ending >= 0 and parts[ending, first[token]]
    status[row, ENDING] = len(parts) - 1 if part else last[token]
    if ending >= 0 and together[ending, first[token]]:
        parent = status[row, UNIT]
        for column in range(LENGTH + 1):
            status[row, column] = status[row, BEFORE + column]
        for order in range(ORDERS):
            counts[row, status[row, COUNTED + order]] -= 1
    else:
        for column in range(LENGTH + 1):
            status[row, BEFORE + column] = status[row, column]
    unit = -1
    if parent >= 0:
        unit = child(edges, row, -(parent * len(first) + token + 1))
    status[row, UNIT] = unit
    for order in range(ORDERS - 1, -1, -1):
        parent = status[row, order - 1] if order else 0
        node = -1
        if parent >= 0 and unit >= 0:
            node = child(edges, row, parent * limits[row, 0] + unit)
        # Node 0 counts what is in no reference, so that taking it back needs no question.
        counted = max(node, 0)
        counts[row, counted] += 1
        status[row, COUNTED + order] = counted
        if node > 0 and counts[row, node] <= limits[row, node]:
            status[row, MATCHES + order] += 1
        if order < ORDERS - 1:
            status[row, order] = node
    status[row, LENGTH] += 1


@compiled
def move(
    edges: Integers,
    limits: Integers,
    counts: Integers,
    status: Integers,
    new_edges: Integers,
    new_limits: Integers,
    new_counts: Integers,
    new_status: Integers,
) -> None:
    """Move all episodes to larger arrays, which hold zeros."""
    new_limits[:, : limits.shape[1]] = limits
    new_counts[:, : counts.shape[1]] = counts
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
def overlap(row: int, status: Integers) -> float:
    """Return the matched n-grams of all orders over those of the longer side, in [0, 1].

    Unlike BLEU it is informative from the first token on: it has no brevity penalty.
    """
    longer = max(status[row, LENGTH], closest_length(row, status))
    matched = total = 0
    for order in range(min(ORDERS, longer)):
        matched += status[row, MATCHES + order]
        total += longer - order
    return matched / total


@compiled
def write_and_score(
    row: int,
    token: int,
    joins: Joins,
    edges: Integers,
    limits: Integers,
    counts: Integers,
    status: Integers,
) -> tuple[float, float]:
    """Append a token to the text of an episode, and return its overlap and its BLEU."""
    write(row, token, joins, edges, limits, counts, status)
    return overlap(row, status), bleu(row, status)


@compiled
def write_and_score_all(
    rows: Integers,
    tokens: Integers,
    joins: Joins,
    edges: Integers,
    limits: Integers,
    counts: Integers,
    status: Integers,
) -> tuple[Floats, Floats]:
    """Append a token to each of several texts, and return the overlaps and the BLEUs."""
    overlaps, bleus = np.empty(len(rows)), np.empty(len(rows))
    for index in range(len(rows)):
        row = rows[index]
        write(row, tokens[index], joins, edges, limits, counts, status)
        overlaps[index] = overlap(row, status)
        bleus[index] = bleu(row, status)
    return overlaps, bleus
