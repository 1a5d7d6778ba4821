"""What a request says of its media in headers that most do not send, read once for all that say the same."""

from __future__ import annotations

from typing import NamedTuple

from scoreline.core.errors import ScorelineError
from scoreline.serving.media.medium import Medium
from scoreline.serving.protocols.dialect import Dialect
from scoreline.serving.protocols.framed import FRAME, Framed
from scoreline.web.compression import encoding_of
from scoreline.web.cors import Cors
from scoreline.web.media import DialectMedia
from scoreline.web.outgoing import Dress, dress_for

SELDOM = frozenset(
    (b"accept", b"accept-encoding", b"content-encoding", b"origin", b"transfer-encoding", FRAME.encode())
)
"""Headers that few callers send, or that change nothing for most."""
N_KEPT = 256


class Terms(NamedTuple):
    """How a request is to be read and answered, where that is not as usual."""

    medium: Medium | None = None
    accept: Medium | None = None
    encoding: str = ""
    """How the body is packed; empty: it is not, or not any more."""
    dialect: Dialect | None = None
    """Reads what the body holds besides its document; None: it holds no more."""
    dress: Dress | None = None
    """What the answer gets on its way out."""

    @property
    def is_slow(self) -> bool:
        """Whether even a small body may take long."""
        return bool(self.encoding) or self.medium is not None or self.accept is not None


class AgreedTerms:
    """The terms of one dialect, by what callers say."""

    def __init__(self, media: DialectMedia, cors: Cors | None, framed: Framed | None = None) -> None:
        self._media = media
        self._framed = framed
        self._cors = cors
        self._kept: dict[tuple[bytes, ...], Terms] = {}
        self.usual = None if media.usual is None else Terms(accept=media.usual)
        """Those of JSON with nothing else said; None: as JSON."""

    def of(self, content_type: bytes, said: list[bytes]) -> tuple[Terms, ScorelineError | None]:
        """Return the terms of a request with this content type (empty: it has none) and these names and values.

        With an error they hold for the answer that tells it.
        """
        key = (content_type, *said)
        terms = self._kept.get(key)
        if terms is not None:
            return terms, None
        texts = {
            name: value.decode("latin-1") for name, value in reversed(list(zip(said[::2], said[1::2], strict=True)))
        }
        terms = Terms(dress=dress_for(texts.get(b"accept-encoding", ""), texts.get(b"origin", ""), self._cors))
        if self._framed is not None and (frame := texts.get(FRAME.encode())) is not None:
            terms = terms._replace(dialect=self._framed.framed(frame))
        try:
            terms = terms._replace(
                medium=self._media.of_request(content_type.decode("latin-1")),
                encoding=encoding_of(texts.get(b"content-encoding", "")),
                accept=self._media.of_answer(texts.get(b"accept", "")),
            )
        except ScorelineError as error:
            return terms, error
        if len(self._kept) >= N_KEPT:
            self._kept.clear()
        self._kept[key] = terms
        return terms, None
