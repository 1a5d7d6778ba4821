"""The zip that holds a scoring pipeline: stored members, one layout, every byte decided.

Own code and not ``zipfile``, because the layout is a promise: ``unpack`` takes nothing but what ``pack`` writes, under
every Python, and a program in any language can read it with a plain zip library.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scoreline.core.errors import ArtifactRefused

LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
LOCAL_MARK, CENTRAL_MARK, END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

ZIP_VERSION = 20
MADE_ON_UNIX = 3 << 8 | ZIP_VERSION
NO_FLAGS = STORED = 0
MIDNIGHT, FIRST_DAY = 0, 1 << 5 | 1
"""1980-01-01 00:00, the first moment a zip can tell."""
PLAIN_FILE = 0o100644 << 16
FILE_TYPE, PLAIN_FILE_TYPE = 0o170000, 0o100000
MOST_MEMBERS = 64
COPY_AGAIN = "copy or download it again"
LARGEST_ARCHIVE_BYTES = 0xFFFF_FFFF - 1


class Member(NamedTuple):
    """An entry of the zip's directory, as declared: nothing is checked yet."""

    name: str
    flags: int
    method: int
    packed_bytes: int
    size_bytes: int
    file_type: int
    offset: int


def pack(members: Mapping[str, bytes]) -> bytes:
    """Write the zip of these members, in this order; the same members give the same bytes."""
    return b"".join(_layout(members))


def directory(data: bytes) -> list[Member]:
    """List the members that a zip declares, in the order of its directory.

    Raises:
        ArtifactRefused: not a zip, cut off, or with something before or after it.
    """
    if data[:4] != LOCAL_MARK:
        raise ArtifactRefused("not a scoring pipeline: it does not begin as a zip does")
    if len(data) < END.size or data[-END.size :][:4] != END_MARK:
        raise ArtifactRefused("the file is cut off, or something was added at its end", hint=COPY_AGAIN)
    _, disk, first_disk, n_here, n, size, at, n_comment = END.unpack(data[-END.size :])
    if disk or first_disk or n_here != n or n_comment or at + size != len(data) - END.size:
        raise ArtifactRefused("the zip's directory is damaged, or something was added to the file", hint=COPY_AGAIN)
    if n > MOST_MEMBERS:
        raise ArtifactRefused(f"the zip has {n} members; a scoring pipeline has at most {MOST_MEMBERS}")
    found = []
    for _ in range(n):
        if at + CENTRAL.size > len(data):
            raise ArtifactRefused("the zip's directory is damaged", hint=COPY_AGAIN)
        fields = CENTRAL.unpack_from(data, at)
        mark, _, _, flags, method, _, _, _, packed, size, n_name, n_extra, n_comment, _, _, attributes, offset = fields
        name = data[at + CENTRAL.size : at + CENTRAL.size + n_name]
        if mark != CENTRAL_MARK or len(name) != n_name:
            raise ArtifactRefused("the zip's directory is damaged", hint=COPY_AGAIN)
        file_type = attributes >> 16 & FILE_TYPE
        found.append(Member(name.decode("utf-8", "replace"), flags, method, packed, size, file_type, offset))
        at += CENTRAL.size + n_name + n_extra + n_comment
    return found


def content(data: bytes, member: Member) -> bytes:
    """Take out a stored member as its directory entry declares it; whether that is true, ``unpack`` checks."""
    start = member.offset + LOCAL.size + len(member.name.encode())
    return data[start : start + member.size_bytes]


def unpack(data: bytes, members: list[Member], largest_bytes: Mapping[str, int]) -> dict[str, bytes]:
    """Check paths, kinds and sizes of the members, then take them out, each at most as large as ``largest_bytes`` says.

    Raises:
        ArtifactRefused: a member is named twice, has a path, is a link, is compressed or encrypted, is not allowed or
            too large; or the file is not, byte for byte, what ``pack`` makes of its members.
    """
    seen: set[str] = set()
    for member in members:
        _check_member(member, seen, len(data))
        seen.add(member.name)
    for member in members:
        limit = largest_bytes.get(member.name)
        if limit is None:
            raise ArtifactRefused(
                f"unknown member `{member.name[:80]}`",
                hint=f"a scoring pipeline holds only {', '.join(largest_bytes)}; code and pickles are never loaded",
            )
        if member.size_bytes > limit:
            raise ArtifactRefused(f"member `{member.name}` has {member.size_bytes:,} bytes; at most {limit:,} are read")
    found = {member.name: content(data, member) for member in members}
    at = 0
    for piece in _layout(found):
        if data[at : at + len(piece)] != piece:
            raise ArtifactRefused("the file was damaged or altered after it was written", hint=COPY_AGAIN)
        at += len(piece)
    if at != len(data):
        raise ArtifactRefused("the file holds more than its members", hint=COPY_AGAIN)
    return found


def _check_member(member: Member, seen: set[str], n_bytes: int) -> None:
    name = member.name[:80]
    if name.startswith(("/", "\\")) or name[1:2] == ":" or ".." in name.replace("\\", "/").split("/"):
        raise ArtifactRefused(f"member `{name}` points outside the archive")
    if member.name in seen:
        raise ArtifactRefused(f"member `{name}` is there twice")
    if member.file_type not in (0, PLAIN_FILE_TYPE):
        raise ArtifactRefused(f"member `{name}` is a link or a special file")
    if member.flags & 1:
        raise ArtifactRefused(f"member `{name}` is encrypted")
    if member.method != STORED:
        raise ArtifactRefused(
            f"member `{name}` is compressed; a scoring pipeline's members are stored as they are",
            hint="the file was zipped again: use the file that Scoreline wrote",
        )
    if member.packed_bytes != member.size_bytes or member.offset + member.size_bytes > n_bytes:
        raise ArtifactRefused(f"member `{name}` declares a size that it does not have")


def _layout(members: Mapping[str, bytes]) -> Iterator[bytes]:
    central, offset = [], 0
    for name, data in members.items():
        encoded = name.encode("ascii")
        same = (NO_FLAGS, STORED, MIDNIGHT, FIRST_DAY, zlib.crc32(data), len(data), len(data), len(encoded), 0)
        yield LOCAL.pack(LOCAL_MARK, ZIP_VERSION, *same) + encoded
        yield data
        entry = CENTRAL.pack(CENTRAL_MARK, MADE_ON_UNIX, ZIP_VERSION, *same, 0, 0, 0, PLAIN_FILE, offset)
        central.append(entry + encoded)
        offset += LOCAL.size + len(encoded) + len(data)
    size = sum(map(len, central))
    yield from central
    yield END.pack(END_MARK, 0, 0, len(central), len(central), size, offset, 0)
