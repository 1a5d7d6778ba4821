"""Header blocks that build upon each other, as HPACK writes them: rightly, or with some bytes changed."""

from __future__ import annotations

from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hypothesis import strategies as st

_huffman = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
_TEXTS = st.sampled_from([b"", b"a", b"grpc-timeout", b"1S", b"/inference", b"x" * 200, b"y" * 3000]) | st.binary(
    max_size=9
)
_SIZES = st.sampled_from([0, 31, 100, 4095, 4096, 4097, 100_000])
_INDEXES = st.integers(1, 70) | st.sampled_from([0, 127, 128, 5000])


def integer(value: int, bits: int, first: int) -> bytes:
    """Write an integer behind the ``first`` bits of its byte."""
    most = (1 << bits) - 1
    if value < most:
        return bytes((first | value,))
    found, value = bytearray((first | most,)), value - most
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


@st.composite
def _text(draw: st.DrawFn) -> bytes:
    text = draw(_TEXTS)
    if draw(st.booleans()):
        packed = _huffman.encode(text)
        return integer(len(packed), 7, 0x80) + packed
    return integer(len(text), 7, 0) + text


@st.composite
def _field(draw: st.DrawFn) -> bytes:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return integer(draw(_SIZES), 5, 0x20)
    if kind < 4:
        return integer(draw(_INDEXES), 7, 0x80)
    bits, first = draw(st.sampled_from([(6, 0x40), (6, 0x40), (4, 0x00), (4, 0x10)]))
    index = draw(st.just(0) | st.integers(1, 66))
    return integer(index, bits, first) + (b"" if index else draw(_text())) + draw(_text())


@st.composite
def _block(draw: st.DrawFn) -> bytes:
    block = bytearray(b"".join(draw(st.lists(_field(), max_size=6))))
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(block)))
        block[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(block)


BLOCKS = st.lists(_block(), min_size=1, max_size=6)
