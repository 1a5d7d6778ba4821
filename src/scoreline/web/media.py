"""In which medium a request is written, and in which one its answer is to be: content negotiation for one dialect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scoreline.core.errors import BadSetting, NotAcceptable, UnsupportedMediaType
from scoreline.core.extensions import Extensions
from scoreline.serving.media.medium import Medium
from scoreline.serving.protocols.dialect import Dialect

JSON = ("application/json", "text/json", "application/json-rpc", "application/jsonrequest")
READ_AS_JSON = frozenset({"", *JSON, "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"})
"""The last is what ``curl -d`` says when it is not told otherwise."""
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})
N_KEPT = 256
"""Headers whose meaning is remembered: callers send the same few."""


class _Range(NamedTuple):
    """A part of ``Accept``."""

    type: str
    quality: float


class DialectMedia:
    """The media of a dialect. None stands for the dialect's own JSON.

    ``usual`` is the content type of answers to callers who accept everything, or do not say; empty: JSON.
    """

    def __init__(self, dialect: Dialect, media: Extensions[Medium], usual: str = "") -> None:
        self._media = [media[name] for name in dialect.media]
        self._by_type = {type_: medium for medium in reversed(self._media) for type_ in medium.types}
        self._written: dict[str, Medium | None] = {}
        self._accepted: dict[str, Medium | None] = {}
        self.usual: Medium | None = None
        if usual:
            self.usual = self._usual(usual)

    def of_request(self, content_type: str) -> Medium | None:
        """Return how a body is written that says this of itself. Raises UnsupportedMediaType."""
        try:
            return self._written[content_type]
        except KeyError:
            return _keep(self._written, content_type, self._read_as(content_type))

    def of_answer(self, accept: str) -> Medium | None:
        """Return how an answer is to be written for a caller who accepts this. Raises NotAcceptable."""
        try:
            return self._accepted[accept]
        except KeyError:
            return _keep(self._accepted, accept, self._write_as(accept))

    def _usual(self, content_type: str) -> Medium | None:
        try:
            return self._write_as(content_type)
        except NotAcceptable as error:
            message = f"`{content_type}` cannot be the usual content type of answers: {error.message}"
            raise BadSetting(message, hint=error.hint) from None

    def __iter__(self) -> Iterator[Medium]:
        """Give those besides JSON."""
        return iter(self._media)

    @property
    def types(self) -> list[str]:
        """Content types that are read."""
        return list(dict.fromkeys([JSON[0], *(medium.types[0] for medium in self._media)]))

    def _read_as(self, content_type: str) -> Medium | None:
        name, parameters = _split(content_type)
        charset = parameters.get("charset", "utf-8").lower()
        if charset not in UTF_8:
            raise UnsupportedMediaType(f"charset `{charset}` is not read here", hint="send UTF-8")
        if name in READ_AS_JSON or name.endswith("+json"):
            return None
        medium = self._by_type.get(name)
        if medium is None:
            hint = f"send {', '.join(self.types)}"
            raise UnsupportedMediaType(f"content type `{name}` is not read here", hint=hint)
        return medium

    def _write_as(self, accept: str) -> Medium | None:
        ranges = list(_ranges(accept))
        if all(each.type == "*/*" and each.quality > 0 for each in ranges):
            return self.usual
        offers: list[tuple[Medium | None, tuple[str, ...]]] = [(None, JSON)]
        offers += [(medium, medium.types) for medium in self._media if medium.is_written]
        ranked = [(_rank(types, ranges), medium) for medium, types in offers]
        best, medium = max(ranked, key=lambda offer: offer[0])
        if best[0] <= 0:
            hint = f"this route writes {', '.join(types[0] for _, types in offers)}"
            raise NotAcceptable(f"nothing that is written here is accepted by `{accept}`", hint=hint)
        return medium


def _rank(types: tuple[str, ...], ranges: list[_Range]) -> tuple[float, int, int]:
    """Say how welcome a type is: its quality, how exactly it is meant, how early it is named."""
    best = (0.0, 0, 0)
    specific = -1
    for position, (name, quality) in enumerate(ranges):
        exactness = 2 if name in types else 1 if _is_group_of(name, types) else 0 if name == "*/*" else -1
        if exactness > specific:
            specific, best = exactness, (quality, exactness, -position)
    return best


def _is_group_of(name: str, types: tuple[str, ...]) -> bool:
    return name.endswith("/*") and any(type_.startswith(name[:-1]) for type_ in types)


def _ranges(accept: str) -> Iterator[_Range]:
    for part in accept.split(","):
        name, parameters = _split(part)
        if name:
            try:
                quality = float(parameters.get("q", "1"))
            except ValueError:
                quality = 0.0
            yield _Range(name, quality)


def _split(text: str) -> tuple[str, dict[str, str]]:
    """Split a media type from its parameters; that a table has a header, or has none, is a type of its own here."""
    name, *rest = (part.strip() for part in text.split(";"))
    pairs = (part.partition("=") for part in rest)
    parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
    name = name.lower()
    header = parameters.get("header")
    return (f"{name}; header={header}" if header in ("absent", "present") else name), parameters


def _keep(kept: dict[str, Medium | None], header: str, medium: Medium | None) -> Medium | None:
    if len(kept) >= N_KEPT:
        kept.clear()
    kept[header] = medium
    return medium
