"""Which addresses are the fast lane's: the scoring paths of the dialects' own tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from starlette.routing import compile_path

from scoreline.serving.protocols import DIALECTS
from scoreline.serving.protocols.dialect import Dialect, InHeaders
from scoreline.serving.protocols.framed import as_framed
from scoreline.web.asides import in_headers
from scoreline.web.cors import Cors
from scoreline.web.fastlane.terms import AgreedTerms
from scoreline.web.gate.credentials import space_of
from scoreline.web.media import DialectMedia
from scoreline.web.named_files import body_naming, in_files

N_ADDRESSES_KEPT = 1024
"""Addresses whose target is remembered: callers ask for the same few again and again."""


class Target(NamedTuple):
    """What a scoring address means."""

    dialect: Dialect
    name: str | None
    """Name of the deployment; None for the default one."""
    model_version: str | None
    """The one that the address means; None: it does not say."""
    path: str
    route: str
    """The path with ``{name}`` in place of the deployment's."""
    agreed: AgreedTerms
    in_headers: InHeaders | None
    """The dialect, where it reads headers."""
    space: bytes
    """The one that the address means; empty: it does not say."""
    may_name_file: bool
    """Whether a body of its dialect may name a file in place of rows."""
    verb: str = "POST"
    """How the log calls what is asked of it."""


class Targets:
    """Finds the target of an address. Matches as Starlette does, so that both ways agree on what is a scoring path."""

    def __init__(self, media: Mapping[str, DialectMedia], cors: Cors | None, aliases: Mapping[str, str] = {}) -> None:
        self._aliases = aliases
        self._agreed = {name: AgreedTerms(own, cors, as_framed(DIALECTS[name])) for name, own in media.items()}
        self._patterns = [
            (compile_path(prefix + dialect.score_path)[0], dialect, prefix + dialect.score_path)
            for dialect in DIALECTS
            for prefix in dialect.prefixes
        ]
        self._known: dict[bytes, Target | None] = {}

    def find(self, url: bytes) -> Target | None:
        """Return the target of a request's address as it stands in its first line; None is not the fast lane's."""
        try:
            return self._known[url]
        except KeyError:
            if len(self._known) >= N_ADDRESSES_KEPT:
                self._known.clear()
            target = self._known[url] = self._match(url)
            return target

    def _match(self, url: bytes) -> Target | None:
        if not url.startswith(b"/") or b"#" in url or not url.isascii():
            return None  # rare, and uvicorn has its rules for them
        before, _, query = url.partition(b"?")
        path = unquote(before.decode())
        meant_path = path.rstrip("/")
        meant_path = self._aliases.get(meant_path, meant_path)
        for pattern, dialect, route in self._patterns:
            if match := pattern.match(meant_path):
                if body_naming(dialect, dict(parse_qsl(query.decode(), keep_blank_values=True))) is not None:
                    return None
                meant, agreed = match.groupdict(), self._agreed[dialect.name]
                return Target(
                    dialect,
                    meant.get("name"),
                    meant.get("version"),
                    path,
                    route,
                    agreed,
                    in_headers(dialect),
                    space_of(query),
                    in_files(dialect) is not None,
                )
        return None
