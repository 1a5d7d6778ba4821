"""What a dialect is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from scoreline.core.errors import ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded, Rows
from scoreline.serving.active import Active

NAME = "/deployments/{name}"
"""Path under which a dialect that knows one model only is spoken by the deployment ``{name}``."""

Headers = tuple[tuple[str, str], ...]
"""Names and values."""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer, before any server framework sees it."""

    body: bytes
    media_type: str = "application/json"
    status: int = 200
    headers: Headers = ()


class Call(msgspec.Struct, frozen=True):
    """A decoded request."""

    decoded: Decoded
    request: Any = None
    """What ``encode`` needs to remember of the request."""


class Refusal(NamedTuple):
    """A part of a dialect that is not offered: why, and what to do instead."""

    method: str
    path: str
    message: str
    hint: str


class Dialect(Protocol):
    """A wire format. Paths are relative to each of ``prefixes``; without ``{name}`` the default deployment answers."""

    @property
    def name(self) -> str: ...

    @property
    def prefixes(self) -> tuple[str, ...]: ...

    @property
    def score_path(self) -> str: ...

    @property
    def views(self) -> Mapping[str, Callable[[Active], Reply]]:
        """Path → what GET shows of the version that answers."""
        ...

    @property
    def refusals(self) -> tuple[Refusal, ...]: ...

    @property
    def media(self) -> tuple[str, ...]:
        """Names of the media (``serving/media``) in which rows and answers may be written besides its own JSON."""
        ...

    def decode(self, body: bytes, active: Active) -> Call:
        """Read a request. Raises BadRequest and SchemaMismatch."""
        ...

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        """Write the answer."""
        ...

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        """Write an error as callers of this dialect expect it."""
        ...


class Outcome(NamedTuple):
    """What came of a request, for the headers of its answer."""

    status: int
    request_id: str
    version: int
    """Which version was to answer; 0: none was found."""
    seconds: float
    """From its headers to its answer."""


class Where(NamedTuple):
    """What a request asks for."""

    name: str | None
    """Name of the deployment; None: the default one."""
    version: str | None = None
    """None: whichever answers."""


class InHeaders(Protocol):
    """What a dialect may do besides: read headers of a request to score, and tell in those of the answer."""

    @property
    def heeds(self) -> frozenset[bytes]:
        """Names, in lower case, of the headers that it reads."""
        ...

    def check_headers(self, said: Mapping[bytes, bytes]) -> None:
        """Refuse a request by the headers that it reads, where it does. Raises HeaderTooLarge, BadRequest."""
        ...

    def meant(self, said: Mapping[bytes, bytes], path: str, where: Where) -> Where:
        """Return what is meant by headers that mean a deployment or a version, in place of ``where`` of the address."""
        ...

    def answer_headers(self, said: Mapping[bytes, bytes], outcome: Outcome) -> Headers:
        """Return what is told beside the answer, or beside the error."""
        ...


class InAddress(Protocol):
    """What a dialect may do besides: score the one row that stands in the query of an address, asked by GET."""

    def body_of(self, query: Mapping[str, str], active: Active) -> bytes:
        """Return the body that asks the same by POST. Raises BadRequest."""
        ...


class InFiles(Protocol):
    """What a dialect may do besides: score the rows of a file that a request names, in a folder of the operator's."""

    @property
    def file_parameters(self) -> frozenset[str]:
        """Which parameters of an address name one."""
        ...

    def body_naming(self, query: Mapping[str, str]) -> bytes | None:
        """Return the body that names the same file as an address; None: that names none."""
        ...

    def file_of(self, body: bytes, active: Active) -> str | None:
        """Return the file that a body names; None: it holds rows. It is quick. Raises BadRequest."""
        ...


class InBulk(Protocol):
    """What a dialect may do besides: read, and answer, many requests at once, to the very same effect."""

    def decode_many(self, bodies: Sequence[Any], active: Active) -> tuple[Rows, Sequence[int]] | None:
        """Read requests, at least one, with nothing to report and nothing to remember; count the rows of each.

        No request may be without rows. None: they are others; then each is read by itself.
        """
        ...

    def encode_many(self, predictions: Predictions, sizes: Sequence[int], active: Active) -> list[Reply]:
        """Write the answers to them."""
        ...
