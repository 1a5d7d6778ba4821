"""Fuzz for as long as wanted: ``make fuzz SECONDS=600``. A broken promise ends it, with the smallest packets."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from tests.fuzz import h2_promises
from tests.fuzz.h2_floods import FLOODS
from tests.fuzz.h2_floods import packets as flood
from tests.fuzz.h2_messages import conversations, honest
from tests.fuzz.media import media_requests
from tests.fuzz.messages import packets, well_framed
from tests.fuzz.promises import Promises
from tests.unit.web.conftest import two_models
from tests.wire import serving

from scoreline.web.admission import Limits
from scoreline.web.app import create_app

MOST_FLOOD_BYTES = 3_000_000
N_AT_ONCE = 500
"""Examples between two looks at the clock."""


def main(seconds: float) -> None:
    """Send until the time is over."""
    logging.getLogger("uvicorn.error").disabled = True  # it warns of each request that is no HTTP
    until = time.monotonic() + seconds
    n_sent = 0
    with tempfile.TemporaryDirectory() as folder, two_models(Path(folder)) as app:
        app.registry.deploy("credit", "credit", default=True)
        ways = [create_app(app.registry, limits=Limits(body_bytes=200_000), fast_lane=on) for on in (True, False)]
        with serving(ways[0]) as lane, serving(ways[1]) as asgi, h2_promises.noted_failures() as failures:
            promises, of_http2 = Promises(lane, asgi), h2_promises.Promises(lane, failures)
            quick = settings(
                max_examples=N_AT_ONCE,
                deadline=None,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )

            @quick
            @given(packets())
            def http(sent: list[bytes]) -> None:
                promises.hold(sent)

            @quick
            @given(packets(well_framed()))
            def json(sent: list[bytes]) -> None:
                promises.hold(sent)

            @quick
            @given(media_requests())
            def media(sent: bytes) -> None:
                promises.hold_one(sent)

            @quick
            @given(conversations())
            def http2(sent: list[bytes]) -> None:
                of_http2.hold(sent)

            @quick
            @given(honest())
            def grpc(asked: tuple[list[bytes], dict[int, int]]) -> None:
                answers = of_http2.hold(asked[0])
                assert {answers.streams[stream].grpc_status for stream in asked[1]} == {"0"}

            while time.monotonic() < until:
                http()
                json()
                media()
                http2()
                grpc()
                n_sent += 5 * N_AT_ONCE
                for name in FLOODS:
                    of_http2.withstand(flood(name), MOST_FLOOD_BYTES, is_deaf=bool(n_sent // (5 * N_AT_ONCE) % 2))
                print(f"{n_sent} exchanges, {max(until - time.monotonic(), 0):.0f} s left", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
