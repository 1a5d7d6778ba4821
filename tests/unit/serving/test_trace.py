"""`traceparent` as W3C Trace Context has it."""

from __future__ import annotations

import pytest

from scoreline.serving.trace import TraceParent, parse_traceparent

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(("flags", "sampled"), [("01", True), ("00", False), ("ff", True), ("02", False)])
def test_a_header_names_the_trace_and_the_span_of_the_caller(flags: str, sampled: bool) -> None:
    assert parse_traceparent(f"00-{TRACE_ID}-{SPAN_ID}-{flags}") == TraceParent(TRACE_ID, SPAN_ID, sampled)


@pytest.mark.parametrize("header", [f"cc-{TRACE_ID}-{SPAN_ID}-01", f"01-{TRACE_ID}-{SPAN_ID}-01-what-comes-later"])
def test_a_later_version_is_read_as_far_as_it_is_known(header: str) -> None:
    assert parse_traceparent(header) == TraceParent(TRACE_ID, SPAN_ID, True)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"ff-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
        f"00-{TRACE_ID[:-1]}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID}0-01",
        f"00-{TRACE_ID}-{SPAN_ID}-1",
        f"00-{TRACE_ID}-{SPAN_ID}-01-more",
        f"00-{TRACE_ID}-{SPAN_ID}-01.",
        f"01-{TRACE_ID}-{SPAN_ID}-01.more",
        f"0-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID}-01\n",
        f"00_{TRACE_ID}_{SPAN_ID}_01",
    ],
)
def test_a_header_that_is_not_valid_is_as_good_as_none(header: str) -> None:
    assert parse_traceparent(header) is None
