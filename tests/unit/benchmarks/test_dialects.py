"""What loads gRPC and Thrift counts scores only, and what decides between a dialect and the native one is told."""

import struct

import pytest
from benchmarks.dialect_report import DialectRate, DialectReport, read, tables, to_json, write_page
from benchmarks.figures import About
from benchmarks.loads import Load, Void
from benchmarks.over_grpc import parse
from benchmarks.thrift_load import is_result, split

PRINTED = """
finished in 2.00s, 5000.00 req/s, 1.60MB/s
requests: {n} total, {n} started, {n} done, {good} succeeded, {failed} failed, {failed} errored, 0 timeout
status codes: {good} 2xx, 0 3xx, 0 4xx, {failed} 5xx
traffic: 3.21MB (3366656) total, 1.88MB (1968896) headers (space savings 42.41%), 1.20MB ({data}) data
"""


def test_h2load_is_read_when_every_call_was_answered_with_a_score():
    assert parse(PRINTED.format(n=10_000, good=10_000, failed=0, data=1_200_240), 120, 32) == Load(
        5000.0, 32 / 5000, 32 / 5000, 10_000
    )


@pytest.mark.parametrize(
    ("good", "failed", "data"),
    [
        pytest.param(9_999, 1, 1_199_880, id="a status that is no success"),
        pytest.param(10_000, 0, 1_080_000, id="an error in the trailers, which has no body"),
        pytest.param(10_000, 0, 1_400_000, id="answers of another length"),
    ],
)
def test_a_call_without_a_score_makes_a_load_void(good, failed, data):
    with pytest.raises(Void, match="some calls failed"):
        parse(PRINTED.format(n=10_000, good=good, failed=failed, data=data), 120, 32)


def framed(kind: int, name: bytes, rest: bytes) -> bytes:
    message = struct.pack(">HBBI", 0x8001, 0, kind, len(name)) + name + struct.pack(">I", 0) + rest
    return struct.pack(">I", len(message)) + message


LIST = b"\x0f\x00\x00" + b"\x04" + struct.pack(">I", 1) + struct.pack(">d", 0.5) + b"\x00"
NOTHING = b"\x00"
REFUSED = b"\x0c\x00\x01" + NOTHING + NOTHING


def test_a_reply_with_a_value_is_a_result_and_an_exception_is_none():
    assert is_result(framed(2, b"score", LIST), returns=True)
    assert is_result(framed(2, b"login", NOTHING), returns=False)
    assert not is_result(framed(2, b"score", REFUSED), returns=True)
    assert not is_result(framed(2, b"login", REFUSED), returns=False)
    assert not is_result(framed(3, b"score", LIST), returns=True)
    assert not is_result(framed(2, b"score", LIST) + b"\x00", returns=True)


def test_messages_are_cut_where_they_end():
    messages = [framed(1, b"login", NOTHING), framed(1, b"score", LIST)]
    assert split(b"".join(messages)) == messages


def rate(name: str, rate: float, microseconds: float, busy: float, beside: str = "native") -> DialectRate:
    return DialectRate(
        world="numbers",
        name=name,
        beside=beside,
        requests_per_second=rate,
        processor_seconds=microseconds * 1e-6,
        busy=busy,
        rounds=(rate,),
    )


@pytest.fixture
def report() -> DialectReport:
    about = About(
        date="today", command="make", processor="one", n_cores=2, system="Linux", load_average=0.0, versions={}
    )
    rates = (
        rate("native", 40_000, 25, 1.0),
        rate("slow load", 10_000, 40, 0.4),
        rate("slow server", 10_000, 100, 1.0),
        rate("one row", 50_000, 20, 1.0),
        rate("gRPC", 30_000, 33, 0.99, "one row"),
    )
    return DialectReport(about=about, rates=rates)


def test_the_rate_decides_where_the_server_was_busy_and_its_time_where_it_was_not(report):
    judged = {each.found.name: each for each in report.judged()}
    assert (judged["slow load"].rate_decides, judged["slow load"].met) == (False, True)
    assert (judged["slow server"].rate_decides, judged["slow server"].met) == (True, False)
    assert judged["gRPC"].ratio == pytest.approx(0.6)


def test_what_was_written_is_read_back_and_shown(report, tmp_path):
    (tmp_path / "dialects.json").write_bytes(to_json(report))
    assert read(tmp_path / "dialects.json") == report
    page = tmp_path / "page.md"
    page.write_text(
        "before\n<!-- dialects: written by `make dialects`, not by hand -->\nold\n<!-- end of dialects -->\n"
    )
    write_page(report, page)
    assert tables(report) in page.read_text()
    assert "old" not in page.read_text()
    row = next(line for line in page.read_text().splitlines() if line.startswith("| slow server"))
    assert [cell.strip() for cell in row.split("|")[2:-1]] == ["10,000", "0.25", "100 µs", "0.25", "100%", "rate", "NO"]
