"""Which medium is meant."""

from __future__ import annotations

import pytest

from scoreline.app.translator import Translator
from scoreline.core.errors import NotAcceptable, UnsupportedMediaType
from scoreline.serving.media import media
from scoreline.serving.protocols import DIALECTS
from scoreline.web import media as negotiation
from scoreline.web.media import DialectMedia

NATIVE = DialectMedia(DIALECTS["native"], media(Translator()))
H2O = DialectMedia(DIALECTS["h2o"], media(Translator()))
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        *((said, None) for said in ("", "application/json", "APPLICATION/JSON; charset=UTF-8", "text/plain")),
        *((said, None) for said in ("application/vnd.x+json", "application/x-www-form-urlencoded", "text/json")),
        *((said, "msgpack") for said in ("application/msgpack", "application/x-msgpack", "application/vnd.msgpack")),
        *((said, "csv") for said in ("text/csv", "application/csv", 'text/csv; charset="utf-8"; header=present')),
        ("text/csv;header=absent;charset=utf-8", "csv-without-header"),
        *((said, "arrow") for said in (ARROW, "application/vnd.apache.arrow.file")),
        *((said, "parquet") for said in (PARQUET, "application/x-parquet")),
    ],
)
def test_a_content_type_means_a_medium(content_type: str, name: str | None) -> None:
    for _ in range(2):
        medium = NATIVE.of_request(content_type)
        assert (medium.name if medium is not None else None) == name


@pytest.mark.parametrize("content_type", ["text/html", "application/xml", "csv", "text/csv; charset=latin-1", ";"])
def test_another_content_type_is_refused_with_those_that_are_read(content_type: str) -> None:
    if content_type == ";":
        assert NATIVE.of_request(content_type) is None
        return
    with pytest.raises(UnsupportedMediaType) as refused:
        NATIVE.of_request(content_type)
    assert PARQUET in refused.value.hint or refused.value.hint == "send UTF-8"


def test_a_dialect_without_media_reads_and_writes_json_only() -> None:
    with pytest.raises(UnsupportedMediaType, match="text/csv"):
        H2O.of_request("text/csv")
    with pytest.raises(NotAcceptable):
        H2O.of_answer("text/csv")
    assert H2O.types == ["application/json"]


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        *((said, None) for said in ("", "*/*", "application/json", "application/*", "text/json", "*/*;q=0.1")),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", None),
        ("text/csv", "csv"),
        ("text/*", None),
        ("text/*;q=0.5, text/json;q=0", "csv"),
        ("text/csv; header=absent", "csv-without-header"),
        ("application/x-msgpack", "msgpack"),
        (ARROW.upper(), "arrow"),
        (f"{PARQUET}, */*", "parquet"),
        (f"*/*, {PARQUET}", "parquet"),
        (f"{PARQUET};q=0.5, */*", None),
        (f"application/json, {ARROW}", None),
        (f"{ARROW}, application/json", "arrow"),
        (f"{ARROW};q=0.3, application/json;q=0.2", "arrow"),
        ("*/*, application/json;q=0", "msgpack"),
        ("text/csv;q=high, text/html, */*;q=0.1", None),
    ],
)
def test_an_answer_is_what_the_caller_likes_best_and_json_among_equals(accept: str, name: str | None) -> None:
    for _ in range(2):
        medium = NATIVE.of_answer(accept)
        assert (medium.name if medium is not None else None) == name


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0", "*/*;q=0", "csv"])
def test_what_cannot_be_written_is_refused_with_what_can(accept: str) -> None:
    with pytest.raises(NotAcceptable) as refused:
        NATIVE.of_answer(accept)
    assert "text/csv" in refused.value.hint


def test_what_callers_say_does_not_pile_up() -> None:
    for i in range(3 * negotiation.N_KEPT):
        assert NATIVE.of_request(f"application/json; x={i}") is None
        assert NATIVE.of_answer(f"*/*; x={i}") is None
    assert len(NATIVE._written) <= negotiation.N_KEPT
    assert len(NATIVE._accepted) <= negotiation.N_KEPT
