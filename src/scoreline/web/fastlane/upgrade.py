"""Requests that offer another protocol. It is declined, as HTTP allows, and the request is answered.

The parser takes such a request to end with its headers. Java's client offers HTTP/2 with each request to a new address,
also with those that have a body.
"""

from __future__ import annotations

from typing import Any

import httptools

OFFERS = (b"upgrade", b"http2-settings")


def is_offered(parser: Any) -> bool:
    """Whether the request whose headers were just read offers another protocol, and is not a tunnel."""
    return bool(parser.should_upgrade()) and parser.get_method() != b"CONNECT"


def head_without_offer(parser: Any, url: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Write the headers of a request again, without its offer."""
    lines = [b"%b %b HTTP/%b" % (parser.get_method(), url, parser.get_http_version().encode())]
    for name, value in headers:
        if name == b"connection":
            tokens = [token for token in value.split(b",") if token.strip().lower() not in OFFERS]
            value = b",".join(tokens)
        if name not in OFFERS and value:
            lines.append(name + b": " + value)
    return b"\r\n".join([*lines, b"", b""])


def make_parser(protocol: object) -> Any:
    """Return a parser as uvicorn makes it."""
    parser = httptools.HttpRequestParser(protocol)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
