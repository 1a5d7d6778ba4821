"""What a snippet asks: an address, and a body in the words of a dialect."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote

from scoreline.core.access import DEFAULT_SPACE
from scoreline.serving.active import Active
from scoreline.serving.protocols import DIALECTS
from scoreline.web.openapi import bodies
from scoreline.web.snippets.languages import LANGUAGES, program

_URL_CHARACTERS = ":/?#[]@!$&()*+,;=%-._~"


class Asking(NamedTuple):
    """A request that scores."""

    url: str
    """Printable ASCII, without quotes."""
    document: Any
    """Its body."""


def snippet(language: str, active: Active, url: str, dialect: str) -> str:
    """Return code in ``language`` that scores a row of a deployment, which a server at ``url`` answers.

    Raises BadSetting for a language or dialect that is not known.
    """
    return program(LANGUAGES[language], *_ask(active, url, dialect))


def snippets(active: Active, url: str, dialect: str) -> dict[str, str]:
    """Return the same in every language, by its name. Raises BadSetting."""
    asking = _ask(active, url, dialect)
    return {language.name: program(language, *asking) for language in LANGUAGES}


def _ask(active: Active, url: str, name: str) -> Asking:
    dialect = DIALECTS[name]
    prefix = next(prefix for prefix in dialect.prefixes if prefix.count("{") == 1)
    found = active.name if active.space == DEFAULT_SPACE else active.id  # which is found from any space
    path = (prefix + dialect.score_path).replace("{name}", found)
    document = json.loads(json.dumps(bodies.of(name, active).example))
    return Asking(quote(url.rstrip("/") + path, safe=_URL_CHARACTERS), document)
