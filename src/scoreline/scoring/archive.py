"""The artifact ``*.scoreline``: written deterministically, read with suspicion.

``manifest.json`` is canonical JSON: keys sorted, no blanks, UTF-8. Its ``members`` hold the SHA-256 of every other
member, and its ``id`` is the SHA-256 of the same JSON without ``id``. So the id covers every byte but ``signature``,
which signs it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from scoreline.core.errors import ArtifactRefused, BadSetting, NotFound
from scoreline.core.manifest import FORMAT_VERSION, Manifest
from scoreline.scoring.container import LARGEST_ARCHIVE_BYTES, STORED, Member, content, directory, pack, unpack

MANIFEST, GRAPH, SAMPLE, REFERENCE, SIGNATURE = (
    "manifest.json",
    "pipeline.onnx",
    "sample.json",
    "reference.parquet",
    "signature",
)
MIB = 1 << 20
LARGEST_BYTES = {
    MANIFEST: 16 * MIB,
    GRAPH: 1024 * MIB,
    SAMPLE: 4 * MIB,
    REFERENCE: 256 * MIB,
    "reasons.onnx": 1024 * MIB,
    "report.html": 64 * MIB,
    "report.md": 16 * MIB,
    "report.json": 16 * MIB,
    SIGNATURE: MIB // 16,
}
"""The members there may be, in the order they are written, and how large each may be."""
REQUIRED = (MANIFEST, GRAPH, SAMPLE)
PARQUET_MARK = b"PAR1"
USE_THE_ORIGINAL = "use the file that Scoreline wrote"

Source = str | os.PathLike[str] | bytes


class _Head(msgspec.Struct):
    format_version: int


def write_archive(path: str | os.PathLike[str], manifest: Manifest, members: Mapping[str, bytes]) -> Manifest:
    """Write the artifact to ``path``, all or nothing; return its manifest with ``members``, ``size_bytes`` and ``id``.

    Raises:
        BadSetting: a member is missing, unknown or too large.
    """
    import tempfile  # only who writes waits for it

    manifest, data = archive_bytes(manifest, members)
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o644)
        written.replace(target)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return manifest


def archive_bytes(manifest: Manifest, members: Mapping[str, bytes]) -> tuple[Manifest, bytes]:
    """Make the artifact as bytes, and its manifest with ``members``, ``size_bytes`` and ``id``.

    Raises:
        BadSetting: a member is missing, unknown or too large.
    """
    for name, data in members.items():
        if name == MANIFEST or name not in LARGEST_BYTES or len(data) > LARGEST_BYTES[name]:
            allowed = ", ".join(
                f"{name} ({size // MIB or 1} MiB)" for name, size in LARGEST_BYTES.items() if name != MANIFEST
            )
            raise BadSetting(f"member `{name}` of {len(data):,} bytes cannot be written", hint=f"allowed are {allowed}")
    for name in REQUIRED[1:]:
        if name not in members:
            raise BadSetting(f"the member `{name}` is missing", hint="every scoring pipeline has one")
    digests = {name: _sha256(members[name]) for name in LARGEST_BYTES if name in members and name != SIGNATURE}
    manifest = msgspec.structs.replace(manifest, id="", members=digests, size_bytes=len(members[GRAPH]))
    document = msgspec.json.decode(msgspec.json.encode(manifest))
    manifest = msgspec.structs.replace(manifest, id=content_id(document))
    document["id"] = manifest.id
    written = {MANIFEST: canonical(document)} | {name: members[name] for name in LARGEST_BYTES if name in members}
    return manifest, pack(written)


def read_archive(source: Source) -> tuple[Manifest, dict[str, bytes]]:
    """Read an artifact from a path or from bytes: its manifest, and its members by name.

    Checked in this order, and before anything is parsed but the manifest: format version, names, kinds and sizes of
    members, layout, digests. The graph and the sample are not parsed here.

    Raises:
        NotFound: there is no such file.
        ArtifactRefused: the file is not a scoring pipeline, or not as it was written; the sentence says why.
    """
    if isinstance(source, bytes):
        return _read(source)
    path = Path(source)
    try:
        return _read(_file_bytes(path))
    except ArtifactRefused as error:
        raise ArtifactRefused(f"{path.name}: {error.message}", hint=error.hint) from None


def content_id(document: Mapping[str, Any]) -> str:
    """Compute ``sha256:…`` of a manifest's canonical JSON without its ``id``."""
    return _sha256(canonical({key: value for key, value in document.items() if key != "id"}))


def canonical(document: Any) -> bytes:
    """Write a JSON document the one way: keys sorted, no blanks, UTF-8."""
    return msgspec.json.encode(document, order="sorted")


def _file_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST_ARCHIVE_BYTES:
                raise ArtifactRefused(f"the file has {size:,} bytes; at most {LARGEST_ARCHIVE_BYTES:,} are read")
            return file.read(LARGEST_ARCHIVE_BYTES)
    except OSError as error:
        raise NotFound(f"{path}: {error.strerror or error}", hint="give the path of a *.scoreline file") from None


def _read(data: bytes) -> tuple[Manifest, dict[str, bytes]]:
    declared = directory(data)
    _check_format_version(data, declared)
    members = unpack(data, declared, LARGEST_BYTES)
    for name in REQUIRED:
        if name not in members:
            raise ArtifactRefused(f"the member `{name}` is missing")
    manifest = _manifest(members[MANIFEST])
    _check_digests(manifest, members)
    return manifest, members


def _check_format_version(data: bytes, declared: list[Member]) -> None:
    for member in declared:
        if member.name == MANIFEST and member.method == STORED and member.size_bytes <= LARGEST_BYTES[MANIFEST]:
            try:
                found = msgspec.json.decode(content(data, member), type=_Head).format_version
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                raise ArtifactRefused("manifest.json is not a manifest: it has no readable `format_version`") from None
            if found > FORMAT_VERSION:
                raise ArtifactRefused(
                    f"made by a newer Scoreline: format version {found}, and this one reads up to {FORMAT_VERSION}",
                    hint="upgrade scoreline, or export the scoring pipeline with the older one",
                )
            if found < 1:
                raise ArtifactRefused(f"manifest.json has the format version {found}; the first was 1")


def _manifest(data: bytes) -> Manifest:
    try:
        document = msgspec.json.decode(data)
        manifest = msgspec.convert(document, Manifest)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactRefused(f"manifest.json is not of the shape of format {FORMAT_VERSION}: {error}") from None
    if canonical(document) != data or content_id(document) != manifest.id:
        raise ArtifactRefused(
            "the manifest was altered after it was written: its id does not match",
            hint=USE_THE_ORIGINAL,
        )
    return manifest


def _check_digests(manifest: Manifest, members: dict[str, bytes]) -> None:
    digests = {name: _sha256(data) for name, data in members.items() if name not in (MANIFEST, SIGNATURE)}
    for name in sorted(digests.keys() | manifest.members.keys()):
        if digests.get(name) != manifest.members.get(name):
            raise ArtifactRefused(
                f"member `{name}` is not the one that the manifest was written for: its digest differs",
                hint=USE_THE_ORIGINAL,
            )
    reference = members.get(REFERENCE)
    if reference is not None and not (reference.startswith(PARQUET_MARK) and reference.endswith(PARQUET_MARK)):
        raise ArtifactRefused(f"member `{REFERENCE}` is not a Parquet file")


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
