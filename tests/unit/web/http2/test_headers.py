"""Header blocks: the examples of RFC 7541, and blocks that are read once."""

from __future__ import annotations

import hpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoreline.web.http2.frames import StreamFault
from scoreline.web.http2.headers import N_KEPT, Heads, field, status
from scoreline.web.http2.hpack import Header

FIRST = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"www.example.com")]
SECOND = [*FIRST, (b"cache-control", b"no-cache")]
THIRD = [
    *[(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/index.html"), (b":authority", b"www.example.com")],
    (b"custom-key", b"custom-value"),
]
APPENDIX_C3 = [
    ("828684410f7777772e6578616d706c652e636f6d", FIRST),
    ("828684be58086e6f2d6361636865", SECOND),
    ("828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", THIRD),
]
APPENDIX_C4 = [
    ("828684418cf1e3c2e5f23a6ba0ab90f4ff", FIRST),
    ("828684be5886a8eb10649cbf", SECOND),
    ("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", THIRD),
]
ASKED = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/x")]


class Read:
    """What was read, and how often."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, headers: list[Header]) -> tuple[Header, ...]:
        self.n += 1
        return tuple(headers)


def heads_of(read: Read) -> Heads[tuple[Header, ...]]:
    return Heads(read, lambda head, own: (*head, *own), frozenset((b"x-own",)))


@pytest.mark.parametrize("examples", [APPENDIX_C3, APPENDIX_C4], ids=["C.3", "C.4"])
def test_the_examples_of_the_rfc_are_read(examples: list[tuple[str, list[Header]]]) -> None:
    heads = heads_of(Read())
    for block, headers in examples:
        assert heads.of(bytes.fromhex(block)) == tuple(headers)


def test_a_block_that_changes_no_table_is_read_once() -> None:
    read = Read()
    heads = heads_of(read)
    encoder = hpack.Encoder()
    blocks = [encoder.encode(ASKED) for _ in range(5)]
    assert blocks[1:] == blocks[1:2] * 4
    assert {heads.of(block) for block in blocks} == {tuple(ASKED)}
    assert read.n == 1


def test_the_same_bytes_mean_something_else_once_the_table_has_changed() -> None:
    heads = heads_of(Read())
    added = b"\x83\x86\x84" + b"\x40\x01x\x01%d"
    assert heads.of(added % 1)[-1] == heads.of(b"\x83\x86\x84\xbe")[-1] == (b"x", b"1")
    assert heads.of(added % 2)[-1] == heads.of(b"\x83\x86\x84\xbe")[-1] == (b"x", b"2")
    assert heads.of(b"\x83\x86\x84\xbf")[-1] == (b"x", b"1")


def test_a_table_that_shrinks_to_nothing_forgets_what_was_read() -> None:
    heads = heads_of(Read())
    heads.of(b"\x83\x86\x84\x40\x01x\x011")
    assert heads.of(b"\x83\x86\x84\xbe")[-1] == (b"x", b"1")
    heads.of(b"\x20\x83\x86\x84")
    with pytest.raises(Exception, match="cannot be read"):
        heads.of(b"\x83\x86\x84\xbe")


def test_a_block_that_is_no_request_still_changes_the_table() -> None:
    heads = heads_of(Read())
    with pytest.raises(StreamFault):
        heads.of(b"\x83\x40\x01x\x011")
    assert heads.of(b"\x83\x86\x84\xbe")[-1] == (b"x", b"1")


def test_no_more_blocks_are_kept_than_a_few() -> None:
    read = Read()
    heads = heads_of(read)
    for n in range(3 * N_KEPT):
        heads.of(b"\x83\x86\x84" + field(b"x", b"%d" % n))
    assert len(heads._kept) <= N_KEPT
    assert len(heads._blocks) <= N_KEPT


def test_headers_of_one_request_are_read_and_the_others_are_not_read_again() -> None:
    read = Read()
    heads, encoder = heads_of(read), hpack.Encoder()
    for n in range(10):
        own = (b"x-own", b"%d" % n)
        assert heads.of(encoder.encode([*ASKED, own])) == (*ASKED, own)
    assert read.n == 1
    for wrong in (b"\0\x05x-own\x02 7", b"\0\x05x-own\x01\n"):
        with pytest.raises(StreamFault):
            heads.of(b"\x83\x86" + field(b":path", b"/x") + wrong)
    with pytest.raises(StreamFault):
        heads.of(b"\x83\x86" + field(b"x-own", b"7") + field(b":path", b"/x") + field(b"x-own", b"8"))


HEADER = st.tuples(
    st.sampled_from([b"x-a", b"x-b", b"cookie", b"x-own"]), st.sampled_from([b"", b"1", b"2", b"long" * 300])
)


@settings(max_examples=200, deadline=None)
@given(
    requests=st.lists(st.lists(HEADER, max_size=4), max_size=25),
    sizes=st.lists(st.sampled_from([0, 64, 200, 4096]), max_size=25),
)
def test_what_is_kept_means_what_is_read(requests: list[list[Header]], sizes: list[int]) -> None:
    heads, encoder = heads_of(Read()), hpack.Encoder()
    for n, more in enumerate(requests):
        if n < len(sizes) and n % 5 == 4:
            encoder.header_table_size = sizes[n]
        headers = [*ASKED, *more]
        assert sorted(heads.of(encoder.encode(headers))) == sorted(headers)


@given(name=st.binary(min_size=1, max_size=300), value=st.binary(max_size=40_000), code=st.integers(200, 599))
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_what_a_peer_reads(name: bytes, value: bytes, code: int) -> None:
    found = hpack.Decoder(100_000).decode(status(code) + field(name, value), raw=True)
    assert [tuple(header) for header in found] == [(b":status", b"%d" % code), (name, value)]
