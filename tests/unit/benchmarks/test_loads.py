"""What wrk prints is read exactly, and a load with a failed request counts for nothing."""

import pytest
from benchmarks.loads import Load, Void, parse

PRINTED = """Running 2s test @ http://127.0.0.1:9090/score
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   259.23ms  252.76ms   1.88s    92.35%
    Req/Sec    87.80     34.42   150.00     70.00%
  Latency Distribution
     50%  {p50}
     75%  288.97ms
     90%  391.09ms
     99%  {p99}
  {n} requests in 2.01s, 358.18KB read
Requests/sec:  12687.59
Transfer/sec:    178.25KB
"""


@pytest.mark.parametrize(
    ("p50", "p99", "expected"),
    [("623.00us", "1.10ms", (623e-6, 1.1e-3)), ("173.40ms", "1.49s ", (0.1734, 1.49)), ("2.00s ", "1.05m ", (2, 63))],
)
def test_rates_and_latencies_are_read_in_every_unit(p50, p99, expected):
    assert parse(PRINTED.format(p50=p50, p99=p99, n=176)) == pytest.approx(Load(12687.59, *expected, 176))


@pytest.mark.parametrize(
    "line", ["  Non-2xx or 3xx responses: 1\n", "  Socket errors: connect 0, read 0, write 0, timeout 1\n"]
)
def test_a_failed_request_makes_a_load_void(line):
    head, found, rest = PRINTED.format(p50="1.00ms", p99="1.00ms", n=176).partition("Requests/sec")
    with pytest.raises(Void, match="some requests failed"):
        parse(head + line + found + rest)


def test_a_load_that_nobody_answered_is_void():
    with pytest.raises(Void, match="no request was answered in time; --seconds"):
        parse(PRINTED.format(p50="0.00us", p99="0.00us", n=0))


def test_another_program_is_not_taken_for_wrk():
    with pytest.raises(Void, match="something else"):
        parse("This is ApacheBench")
