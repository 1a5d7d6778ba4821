from __future__ import annotations

import gzip
import os
import zlib

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.core.errors import BadRequest, ScorelineError, TooLarge, UnsupportedMediaType
from scoreline.web import compression
from scoreline.web.compression import choose_encoding, encoding_of, pack, unpack, unpack_if_small

TEXT = b"scores of rows " * 500
LIMIT = 1 << 20


def deflated(body: bytes) -> bytes:
    """Without zlib's head, as some send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def streamed(body: bytes) -> bytes:
    """A frame that does not say how long it is."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(body) + packer.flush()


PACKED = [
    ("gzip", gzip.compress(TEXT)),
    ("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", deflated(TEXT)),
    ("zstd", zstandard.compress(TEXT)),
    ("zstd", streamed(TEXT)),
    ("zstd", zstandard.compress(TEXT[:100]) + streamed(TEXT[100:])),
]
ways = pytest.mark.parametrize(
    ("encoding", "packed"), PACKED, ids=["gzip", "members", "deflate", "bare", "zstd", "unsized", "frames"]
)


@ways
def test_what_is_packed_is_unpacked(encoding: str, packed: bytes) -> None:
    assert unpack(encoding, packed, LIMIT) == TEXT
    assert unpack(encoding, packed, len(TEXT)) == TEXT
    assert unpack_if_small(encoding, packed, LIMIT) == (TEXT, "")


@ways
def test_nothing_is_unpacked_beyond_the_limit(encoding: str, packed: bytes) -> None:
    with pytest.raises(TooLarge, match=str(len(TEXT) - 1)):
        unpack(encoding, packed, len(TEXT) - 1)


@ways
def test_what_ends_too_soon_or_too_late_is_refused(encoding: str, packed: bytes) -> None:
    for end in (0, 1, 5, len(packed) // 3, len(packed) - 1):
        with pytest.raises(BadRequest, match=encoding):
            unpack(encoding, packed[:end], LIMIT)
    for more in (b"\0", b"more", os.urandom(100)):
        with pytest.raises(BadRequest, match=encoding):
            unpack(encoding, packed + more, LIMIT)


@ways
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_the_callers_error(encoding: str, packed: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(packed) - 1))
    damaged = packed[:at] + data.draw(st.binary(max_size=4)) + packed[at + 1 :]
    error = None
    try:
        assert len(unpack(encoding, damaged, LIMIT)) <= LIMIT
    except ScorelineError as raised:
        error = raised
    assert error is None or error.kind == "invalid"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_large_bodies_come_back_as_they_were(encoding: str) -> None:
    body = os.urandom(300_000) + bytes(3_000_000)
    packed = zlib.compress(body) if encoding == "deflate" else pack(encoding, body)
    assert unpack(encoding, packed, len(body)) == body
    assert unpack_if_small(encoding, packed, len(body)) == (packed, encoding)


@pytest.mark.parametrize(
    ("encoding", "empty"), [("gzip", gzip.compress(b"", mtime=0)), ("zstd", zstandard.compress(b""))]
)
def test_many_pieces_of_nothing_are_refused(encoding: str, empty: bytes) -> None:
    with pytest.raises(BadRequest, match="pieces"):
        unpack(encoding, empty * 1_000_000, LIMIT)
    assert unpack(encoding, empty * compression.N_PIECES, LIMIT) == b""


def test_a_window_that_would_take_the_memory_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=27)
    packed = zstandard.ZstdCompressor(compression_params=wide).compress(os.urandom(1 << 24))
    with pytest.raises(BadRequest, match="memory"):
        unpack("zstd", packed, 1 << 30)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", ""),
        ("identity", ""),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        (" zstd ", "zstd"),
        ("deflate", "deflate"),
    ],
)
def test_content_encodings_have_their_names(said: str, meant: str) -> None:
    assert encoding_of(said) == meant


@pytest.mark.parametrize("said", ["br", "gzip, zstd", "compress"])
def test_other_content_encodings_are_refused_with_those_that_are_read(said: str) -> None:
    with pytest.raises(UnsupportedMediaType) as refused:
        encoding_of(said)
    assert "gzip, deflate or zstd" in refused.value.hint


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("GZIP; q=0.5, ZSTD; q=0.5", "zstd"),
        ("x-gzip", "gzip"),
        ("*", "zstd"),
        ("*, zstd;q=0", "gzip"),
        ("gzip;q=0, *;q=0", ""),
        ("gzip;q=0", ""),
        ("gzip;q=none", ""),
        ("br", ""),
        ("identity", ""),
        ("", ""),
    ],
)
def test_the_callers_choice_is_honoured(accepted: str, chosen: str) -> None:
    assert choose_encoding(accepted) == chosen
    assert choose_encoding(accepted) == chosen


def test_choices_do_not_pile_up() -> None:
    for i in range(3 * compression.N_CHOICES_KEPT):
        assert choose_encoding(f"gzip, x-{i}") == "gzip"
    assert len(compression._choices) <= compression.N_CHOICES_KEPT
