"""Strings in the Huffman code of RFC 7541 (section 5.2 and appendix B).

The code is canonical: codes of one length are consecutive, in the order of their symbols. So the lengths say it all.

Decoding goes byte by byte through a table of steps: where in the tree the byte leads, and which symbols it completes.
A step is worked out when it is first needed; there are 256 inner nodes, so at most 65,536 of them.
"""

from __future__ import annotations

from typing import Any

from hendrix.wire.hpack.fault import HpackFault

_EOS = 256
#: The length in bits of each symbol's code, runs of one length as (length, how many).
_RUNS = (
    "13*1 23*1 28*7 24*1 30*1 28*2 30*1 28*8 30*1 28*9 6*1 10*2 12*1 13*1 6*1 8*1 11*1 10*2 8*1 11*1 8*1 6*3 5*3 "
    "6*7 7*1 8*1 15*1 6*1 12*1 10*1 13*1 6*1 7*22 8*1 7*1 8*1 13*1 19*1 13*1 14*1 6*1 15*1 5*1 6*1 5*1 6*1 5*1 "
    "6*3 5*1 7*2 6*3 5*1 6*1 7*1 6*1 5*2 6*1 7*5 15*1 11*1 14*1 13*1 28*1 20*1 22*1 20*2 22*3 23*1 22*1 23*5 24*1 "
    "23*1 24*2 22*1 23*1 24*1 23*4 21*1 22*1 23*1 22*1 23*2 24*1 22*1 21*1 20*1 22*2 23*2 21*1 23*1 22*2 24*1 "
    "21*1 22*1 23*2 21*2 22*1 21*1 23*1 22*1 23*2 20*1 22*3 23*1 22*2 23*1 26*2 20*1 19*1 22*1 23*1 22*1 25*1 "
    "26*3 27*2 26*1 24*1 25*1 19*1 21*1 26*1 27*2 26*1 27*1 24*1 21*2 26*2 28*1 27*3 20*1 24*1 20*1 21*1 22*1 "
    "21*2 23*1 22*2 25*2 24*2 26*1 23*1 26*1 27*1 26*2 27*5 28*1 27*5 26*1 30*1"
)

#: A node of the tree as steps see it: 256 steps, None where one is not known yet; then the node itself, and whether a
#: string may end there. A step is (the next such list, the symbols completed).
Steps = list[Any]
_NODE, _MAY_END = 256, 257


def _lengths() -> list[int]:
    runs = [run.split("*") for run in _RUNS.split()]
    return [int(length) for length, count in runs for _ in range(int(count))]


def _codes(lengths: list[int]) -> list[tuple[int, int]]:
    """Code and length of each symbol."""
    codes = [(0, 0)] * len(lengths)
    code = before = 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths)):
        code <<= length - before
        codes[symbol] = (code, length)
        code += 1
        before = length
    return codes


_CODES = _codes(_lengths())
_LENGTHS = [length for _code, length in _CODES]


def _tree() -> list[list[int]]:
    """Inner nodes as [child for 0, child for 1]; a symbol is its complement."""
    nodes = [[0, 0]]
    for symbol, (code, length) in enumerate(_CODES):
        node = 0
        for bit in range(length - 1, 0, -1):
            side = code >> bit & 1
            if not nodes[node][side]:
                nodes.append([0, 0])
                nodes[node][side] = len(nodes) - 1
            node = nodes[node][side]
        nodes[node][code & 1] = ~symbol
    return nodes


_NODES = _tree()


def _endings() -> set[int]:
    """Nodes that less than 8 bits of padding lead to: the beginning of EOS, which is ones."""
    node, found = 0, {0}
    for _ in range(7):
        node = _NODES[node][1]
        found.add(node)
    return found


_ROWS: list[Steps] = [[None] * 256 + [number, number in _endings()] for number in range(len(_NODES))]


def _step(row: Steps, byte: int) -> tuple[Steps, bytes]:
    """Work out a step. Raises ``HpackFault``."""
    node = row[_NODE]
    symbols = bytearray()
    for bit in range(7, -1, -1):
        node = _NODES[node][byte >> bit & 1]
        if node < 0:
            if ~node == _EOS:
                raise HpackFault("a string holds the end of string")
            symbols.append(~node)
            node = 0
    step = _ROWS[node], bytes(symbols)
    row[byte] = step
    return step


def huffman_decode(data: bytes) -> bytes:
    """Raises ``HpackFault``."""
    parts = []
    row = _ROWS[0]
    for byte in data:
        row, symbols = row[byte] or _step(row, byte)
        parts.append(symbols)
    if not row[_MAY_END]:
        raise HpackFault("the padding of a string is not the beginning of the end of string")
    return b"".join(parts)


def huffman_encode(data: bytes) -> bytes:
    """For short strings that will be sent many times: it is slow."""
    bits, size = 0, 0
    for byte in data:
        code, length = _CODES[byte]
        bits = bits << length | code
        size += length
    padding = -size % 8
    return (bits << padding | (1 << padding) - 1).to_bytes((size + padding) // 8, "big")


def huffman_size(data: bytes) -> int:
    """Bytes that ``huffman_encode`` would give."""
    return (sum(map(_LENGTHS.__getitem__, data)) + 7) // 8
