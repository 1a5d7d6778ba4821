"""Whatever a caller sends over HTTP/2: no crash, no hang, no answer that blames the server, others are answered."""

from __future__ import annotations

from collections.abc import Iterator

import hpack
import pytest
from hypothesis import HealthCheck, given, settings
from tests.fuzz.h2_blocks import BLOCKS
from tests.fuzz.h2_floods import FLOODS, packets
from tests.fuzz.h2_messages import conversations, honest, scores
from tests.fuzz.h2_promises import Promises, noted_failures
from tests.unit.web.conftest import two_models
from tests.wire import serving

from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.http2.frames import ConnectionFault
from scoreline.web.http2.hpack import MOST_LIST_BYTES, Decoder

ENHANCE_YOUR_CALM = 11
MOST_FLOOD_BYTES, MOST_MEMORY_BYTES = 2_000_000, 32_000_000
LIMITS = Limits(body_bytes=200_000, bodies_bytes=8_000_000)
SHORT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(scope="module")
def promises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Promises]:
    with (
        two_models(tmp_path_factory.mktemp("fuzz")) as app,
        noted_failures() as failures,
        serving(create_app(app.registry, limits=LIMITS)) as server,
    ):
        yield Promises(server, failures)


@given(conversations())
@settings(SHORT, max_examples=300)
def test_promises_hold_whatever_the_frames(promises: Promises, sent: list[bytes]) -> None:
    promises.hold(sent)


@given(honest())
@settings(SHORT, max_examples=100)
def test_calls_in_pieces_among_others_are_each_answered(
    promises: Promises, asked: tuple[list[bytes], dict[int, int]]
) -> None:
    sent, rows = asked
    answers = promises.hold(sent)
    assert answers.goaway is None
    for stream, n in rows.items():
        assert answers.streams[stream].grpc_status == "0"
        assert scores(answers.streams[stream].body).outputs[0].shape[0] == n


@pytest.mark.parametrize("is_deaf", [True, False], ids=["deaf", "reading"])
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_ended_or_held_up_and_takes_little_memory(promises: Promises, name: str, is_deaf: bool) -> None:
    answers, peak = promises.withstand(packets(name), MOST_FLOOD_BYTES, is_deaf=is_deaf)
    assert answers.goaway in (None, ENHANCE_YOUR_CALM)
    assert peak < MOST_MEMORY_BYTES


@given(BLOCKS)
@settings(SHORT, max_examples=300)
def test_header_blocks_are_read_as_the_package_reads_them(sent: list[bytes]) -> None:
    ours, theirs = Decoder(), hpack.Decoder(MOST_LIST_BYTES)
    for block in sent:
        try:
            expected = [(bytes(name), bytes(value)) for name, value in theirs.decode(block, raw=True)]
        except (hpack.HPACKError, IndexError):
            with pytest.raises(ConnectionFault):
                ours.decode(block)
            return
        assert ours.decode(block) == expected
