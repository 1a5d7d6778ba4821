"""Bytes of any common encoding in, UTF-8 out."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import BinaryIO

from scoreline.core.errors import BadData, BadSetting

BLOCK_BYTES = 1 << 24
SNIFF_BYTES = 4096
FALLBACK = "cp1252"
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""UTF-32 comes before UTF-16: the little-endian mark of the one begins with that of the other."""


def utf8_blocks(
    stream: BinaryIO,
    name: str,
    *,
    locate: Callable[[], str],
    on_alert: Callable[[str], None],
    encoding: str | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[bytes]:
    """Yield the stream as UTF-8, without a byte order mark.

    A byte order mark decides, else ``encoding``, else the pattern of zero bytes, else UTF-8 is tried. A file that turns
    out not to be UTF-8 is read as Windows-1252 with an alert, unless it holds real UTF-8 as well. ``locate`` names the
    row and column that follow the bytes yielded so far.

    Raises:
        BadData: a byte cannot be decoded, or the file mixes encodings; names row and column.
    """
    chosen, block = _choose(stream.read(SNIFF_BYTES), encoding)
    decoder = codecs.getincrementaldecoder(chosen)()
    seen_wide = False
    while True:
        block += stream.read(block_bytes)
        final = not block
        try:
            text = decoder.decode(block, final)
        except UnicodeDecodeError as error:
            good, bad = error.object[: error.start].decode(chosen), error.object[error.start :]
            yield good.encode()
            seen_wide = seen_wide or not good.isascii()
            _check_fallback(bad, f"{name}, {locate()}", chosen, forced=encoding is not None, seen_wide=seen_wide)
            on_alert(
                f"{name} is not UTF-8 and was read as Windows-1252: first at {locate()}, "
                f"where byte 0x{bad[0]:02x} became {bad[:1].decode(FALLBACK)!r}; "
                "if that is wrong, save the file as UTF-8 or give its encoding"
            )
            chosen = FALLBACK
            decoder = codecs.getincrementaldecoder(chosen)()
            text = decoder.decode(bad, final)
        seen_wide = seen_wide or not text.isascii()
        yield text.encode()
        if final:
            return
        block = b""


def _choose(head: bytes, encoding: str | None) -> tuple[str, bytes]:
    for mark, marked in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return marked, head[len(mark) :]
    if encoding is not None:
        try:
            return codecs.lookup(encoding).name, head
        except LookupError:
            raise BadSetting(f"unknown encoding {encoding!r}", hint="such as utf-8, utf-16, latin-1, cp1252") from None
    even, odd = head[0::2].count(0) / max(len(head), 1), head[1::2].count(0) / max(len(head), 1)
    if odd > 0.2 and even < 0.05:
        return "utf-16-le", head
    if even > 0.2 and odd < 0.05:
        return "utf-16-be", head
    return "utf-8", head


def _check_fallback(bad: bytes, place: str, chosen: str, *, forced: bool, seen_wide: bool) -> None:
    byte = f"{place}: byte 0x{bad[0]:02x}"
    if forced or chosen != "utf-8":
        raise BadData(f"{byte} is not {chosen}", hint="save the file as UTF-8, or give its encoding")
    if seen_wide:
        raise BadData(f"{byte} is not UTF-8, though text before it is", hint="save the whole file in one encoding")
    try:
        bad.decode(FALLBACK)
    except UnicodeDecodeError as error:
        raise BadData(
            f"{byte} is not UTF-8, and byte 0x{bad[error.start]:02x} after it is not Windows-1252",
            hint="save the file as UTF-8, or give its encoding (latin-1 accepts every byte)",
        ) from None
