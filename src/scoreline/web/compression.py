"""Compressed bodies: those of requests are unpacked within a bound, those of answers packed when the caller asks."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable

from scoreline.core.errors import BadRequest, TooLarge, UnsupportedMediaType

SMALL_BYTES = 64 * 1024
"""What becomes no larger than this is unpacked within a fraction of a millisecond."""
LEAST_PACKED_BYTES = 1024
"""An answer smaller than this is in one packet anyway."""
GZIP_LEVEL = ZSTD_LEVEL = 1
"""Scores are mostly digits: the highest levels make them a tenth smaller and cost four times as much."""
LARGEST_ZSTD_WINDOW_BYTES = 8 << 20
"""As RFC 9659 has it: memory that a caller may claim before a byte is unpacked."""
ZSTD_STEP_BYTES = 1024
"""Packed bytes unpacked at once: they become 32 MB at the most."""
ZLIB_STEP_BYTES = 64 * 1024
N_PIECES = 10_000
"""Members of gzip, or frames of zstd, that a body may be made of: an empty one takes longer than its bytes."""
N_CHOICES_KEPT = 256

_ALIASES = {"": "", "identity": "", "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "zstd": "zstd"}
_HINT = "send gzip, deflate or zstd, or the body as it is"
_kept = threading.local()
_choices: dict[str, str] = {}


def encoding_of(content_encoding: str) -> str:
    """Return how a body is packed: ``gzip``, ``deflate``, ``zstd``, or nothing. Raises UnsupportedMediaType."""
    encoding = _ALIASES.get(content_encoding.strip().lower())
    if encoding is None:
        raise UnsupportedMediaType(f"content encoding `{content_encoding}` is not read here", hint=_HINT)
    return encoding


def unpack(encoding: str, body: bytes, limit: int) -> bytes:
    """Unpack the body of a request. Raises TooLarge as soon as it has more than ``limit`` bytes, BadRequest."""
    try:
        return _UNPACKERS[encoding](body, limit)
    except zlib.error as error:
        reason = str(error).rpartition(": ")[2]
    raise BadRequest(f"the body is not {encoding}: {reason}", hint=f"is Content-Encoding: {encoding} true?")


def unpack_if_small(encoding: str, body: bytes, limit: int) -> tuple[bytes, str]:
    """Unpack a body that takes no time to unpack; else return it as it is, still packed as ``encoding``."""
    if len(body) < SMALL_BYTES:
        try:
            return unpack(encoding, body, min(SMALL_BYTES, limit)), ""
        except TooLarge:
            pass
    return body, encoding


def choose_encoding(accept_encoding: str) -> str:
    """Return how an answer may be packed: ``zstd`` or ``gzip``, whichever the caller likes better, or nothing."""
    encoding = _choices.get(accept_encoding)
    if encoding is None:
        if len(_choices) >= N_CHOICES_KEPT:
            _choices.clear()
        encoding = _choices[accept_encoding] = _choose(accept_encoding)
    return encoding


def pack(encoding: str, body: bytes) -> bytes:
    """Pack the body of an answer."""
    return zlib.compress(body, GZIP_LEVEL, 31) if encoding == "gzip" else _pack_zstd(body)


def _unpack_gzip(body: bytes, limit: int) -> bytes:
    """Unpack members one after the other, each from where the one before it ended."""
    packed, at, parts, size = memoryview(body), 0, [], 0
    for _ in range(N_PIECES):
        part, at = _inflate(packed, at, 31, limit, size)
        parts.append(part)
        size += len(part)
        if at == len(packed):
            return b"".join(parts)
    raise _too_many_pieces("gzip")


def _unpack_deflate(body: bytes, limit: int) -> bytes:
    """Unpack what RFC 9110 calls deflate, or the bare kind that some send instead."""
    is_zlib = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0
    found, at = _inflate(memoryview(body), 0, 15 if is_zlib else -15, limit, 0)
    if at < len(body):
        raise _too_long("deflate")
    return found


def _inflate(packed: memoryview, at: int, window: int, limit: int, size: int) -> tuple[bytes, int]:
    """Unpack one stream, where ``size`` bytes are unpacked already; return it, and where it ended."""
    stream = zlib.decompressobj(window)
    parts = []
    while not stream.eof:
        step = packed[at : at + ZLIB_STEP_BYTES]
        part = stream.decompress(step, limit - size + 1)
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        if not step:
            raise zlib.error("it ends too soon")
        parts.append(part)
        at += len(step) - len(stream.unused_data)
    return b"".join(parts), at


def _unpack_zstd(body: bytes, limit: int) -> bytes:
    import zstandard

    packed, at, parts, size, n_frames = memoryview(body), 0, [], 0, 1
    unpacker = zstandard.ZstdDecompressor(max_window_size=LARGEST_ZSTD_WINDOW_BYTES)
    frame = unpacker.decompressobj()
    try:
        while at < len(packed):
            step = packed[at : at + ZSTD_STEP_BYTES]
            parts.append(frame.decompress(step))
            at += len(step) - len(frame.unused_data)
            size += len(parts[-1])
            if size > limit:
                raise _too_large(limit)
            if frame.eof and at < len(packed):
                frame, n_frames = unpacker.decompressobj(), n_frames + 1
                if n_frames > N_PIECES:
                    raise _too_many_pieces("zstd")
    except zstandard.ZstdError as error:
        raise zlib.error(str(error)) from None
    if not frame.eof:
        raise zlib.error("it ends too soon")
    return b"".join(parts)


def _pack_zstd(body: bytes) -> bytes:
    packer = getattr(_kept, "packer", None)
    if packer is None:
        import zstandard

        packer = _kept.packer = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    packed: bytes = packer.compress(body)
    return packed


_UNPACKERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _unpack_gzip,
    "deflate": _unpack_deflate,
    "zstd": _unpack_zstd,
}


def _choose(accept_encoding: str) -> str:
    quality = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameter = part.partition(";")
        quality[name.strip()] = _quality(parameter.strip())
    others = quality.get("*", 0.0)
    zstd, gzip = quality.get("zstd", others), quality.get("gzip", quality.get("x-gzip", others))
    if not zstd and not gzip:
        return ""
    return "zstd" if zstd >= gzip else "gzip"


def _quality(parameter: str) -> float:
    if not parameter.startswith("q="):
        return 1.0
    try:
        return float(parameter[2:])
    except ValueError:
        return 0.0


def _too_large(limit: int) -> TooLarge:
    text = f"{limit / 1024 / 1024:.3g} MB" if limit >= 1024 * 1024 else f"{limit} bytes"
    return TooLarge(f"the body unpacks to more than {text}, the limit", hint="send fewer rows a request")


def _too_many_pieces(encoding: str) -> BadRequest:
    return BadRequest(f"the body is {encoding} in more than {N_PIECES:,} pieces", hint="pack it as one")


def _too_long(encoding: str) -> BadRequest:
    return BadRequest(f"bytes follow the {encoding} in the body", hint="send it without them")
