"""One scenario, every dialect: the same rows give the same scores and the same errors."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocols.conftest import MAX_BODY_BYTES, World
from tests.protocols.open_inference import OpenInferenceBinary, OpenInferenceGrpc, OpenInferenceGrpcTyped
from tests.protocols.over_thrift import ThriftRows, ThriftTable
from tests.protocols.speakers import H2O, IN_JSON, IN_OTHER_MEDIA, PARQUET, SPEAKERS, Native, NativeArrow, Row, Speaker

from scoreline.serving.protocols import DIALECTS

IN_OTHER_WAYS: list[Speaker] = [
    OpenInferenceBinary(),
    OpenInferenceGrpc(),
    OpenInferenceGrpcTyped(),
    ThriftRows(),
    ThriftTable(),
]
"""Those whose requests are more than a body for an address."""
ROW: dict[str, Any] = {"age": 42, "months": 12, "owns": True, "purpose": "radio", "note": "late twice"}
OTHER: dict[str, Any] = {"age": 19.75, "months": 48, "owns": False, "purpose": "car", "note": "never late"}
every_way = pytest.mark.parametrize("speaker", [*SPEAKERS, *IN_OTHER_WAYS], ids=lambda speaker: type(speaker).__name__)
every_way_that_tells_more = pytest.mark.parametrize(
    "speaker", [each for each in (*SPEAKERS, *IN_OTHER_WAYS) if each.tells_more], ids=lambda each: type(each).__name__
)
every_dialect = pytest.mark.parametrize("speaker", SPEAKERS, ids=lambda speaker: type(speaker).__name__)
some_dialects = pytest.mark.parametrize(
    "speaker", [speaker for speaker in SPEAKERS if type(speaker) in (Native, H2O, NativeArrow)], ids=lambda s: s.name
)
in_tables = pytest.mark.parametrize(
    "speaker", [speaker for speaker in IN_JSON if speaker.rows_are_tables], ids=lambda speaker: type(speaker).__name__
)
in_json = pytest.mark.parametrize("speaker", IN_JSON, ids=lambda speaker: type(speaker).__name__)
every_task = pytest.mark.parametrize("name", ["credit", "cooling", "price"])


def send(world: World, speaker: Speaker, rows: Sequence[Row], name: str = "credit") -> httpx.Response:
    return post(world, speaker, speaker.write(rows, regression=name == "price"), name)


def post(world: World, speaker: Speaker, body: bytes, name: str = "credit", **headers: str) -> httpx.Response:
    if (ask := getattr(speaker, "ask", None)) is not None:
        answer: httpx.Response = ask(world, body, name, headers)
        return answer
    url = speaker.path.replace("{name}", name)
    return world.http.post(url, content=body, headers={**speaker.headers, **headers})


def scores(world: World, speaker: Speaker, rows: Sequence[Row], name: str = "credit") -> list[list[float]]:
    response = send(world, speaker, rows, name)
    assert response.status_code == 200, response.text
    return speaker.scores(response.content)


def expected(world: World, rows: Sequence[Row], name: str = "credit") -> list[list[float]]:
    predictions = world.pipelines[name].score([dict(row) for row in rows])
    return predictions.values.reshape(len(predictions), -1).tolist()


def refusal(world: World, speaker: Speaker, response: httpx.Response, status: int) -> str:
    assert response.status_code == (200 if speaker.errors_are_answers and status == 400 else status), response.text
    assert response.headers.get("x-request-id") or not speaker.tells_more
    return speaker.message(response.content)


def test_every_dialect_has_a_speaker() -> None:
    assert {speaker.name for speaker in SPEAKERS} == set(DIALECTS.names)


@every_task
@every_way
def test_one_row_scores_as_the_scoring_pipeline_does(world: World, speaker: Speaker, name: str) -> None:
    assert scores(world, speaker, [ROW], name) == expected(world, [ROW], name)


@every_task
@every_way
def test_many_rows_are_answered_in_their_order(world: World, speaker: Speaker, name: str) -> None:
    rows = [ROW | {"age": age} for age in range(50)] + [OTHER]
    assert scores(world, speaker, rows, name) == expected(world, rows, name)


@every_way
def test_null_nan_and_empty_text_are_missing(world: World, speaker: Speaker) -> None:
    missing = scores(world, speaker, [ROW | {"age": None}])
    assert missing == scores(world, speaker, [ROW | {"age": math.nan}])
    assert missing == scores(world, speaker, [ROW | {"age": ""}])
    assert missing == scores(world, speaker, [ROW | {"age": math.inf}])
    assert missing != scores(world, speaker, [ROW])


@every_way
def test_an_unseen_level_scores(world: World, speaker: Speaker) -> None:
    rows = [ROW | {"purpose": "yacht"}]
    assert scores(world, speaker, rows) == expected(world, rows)


@every_way
def test_a_number_may_be_text(world: World, speaker: Speaker) -> None:
    assert scores(world, speaker, [ROW | {"age": "42", "owns": "true"}]) == expected(world, [ROW])


@every_way
def test_a_value_of_the_wrong_type_is_named_with_row_and_column(world: World, speaker: Speaker) -> None:
    message = refusal(world, speaker, send(world, speaker, [ROW, ROW | {"age": "abc"}]), 400)
    assert "row 2" in message or "block 2: row 1" in message
    assert "`age`" in message
    assert "abc" in message


@every_way
def test_an_absent_column_scores_as_missing_and_is_told(world: World, speaker: Speaker) -> None:
    row = {name: value for name, value in ROW.items() if name != "months"}
    response = send(world, speaker, [row])
    assert speaker.scores(response.content) == expected(world, [ROW | {"months": None}])
    assert not speaker.tells_more or speaker.told(response.content, response.headers).absent == {"months"}


@every_way
def test_an_absent_column_that_is_required_is_an_error(world: World, speaker: Speaker) -> None:
    row = {name: value for name, value in ROW.items() if name != "purpose"}
    message = refusal(world, speaker, send(world, speaker, [row], "strict"), 400)
    assert "row 1, column `purpose`" in message


@every_way
def test_an_unknown_column_is_ignored_and_told(world: World, speaker: Speaker) -> None:
    response = send(world, speaker, [ROW | {"shoe size": 43}])
    assert speaker.scores(response.content) == expected(world, [ROW])
    ignored = speaker.told(response.content, response.headers).ignored
    assert not speaker.tells_more or ignored in ({"shoe size"}, {"shoe%20size"})


@every_way
def test_no_known_column_is_an_error_that_lists_them(world: World, speaker: Speaker) -> None:
    message = refusal(world, speaker, send(world, speaker, [{"agee": 1}]), 400)
    assert "`agee`" in message or not speaker.names_columns
    assert "`age`" in message


@in_json
def test_no_rows_is_an_error(world: World, speaker: Speaker) -> None:
    body = speaker.table(["age"], []) if speaker.rows_are_tables else speaker.write([])
    assert "row" in refusal(world, speaker, post(world, speaker, body), 400)


@every_dialect
def test_an_empty_body_is_an_error(world: World, speaker: Speaker) -> None:
    assert "empty" in refusal(world, speaker, post(world, speaker, b""), 400)


@in_json
def test_malformed_json_is_an_error_with_its_place(world: World, speaker: Speaker) -> None:
    message = refusal(world, speaker, post(world, speaker, b'{"rows":\n [[1 2]]}'), 400)
    assert "line 2, column 6" in message


@in_json
@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"1", b'"\xff"', b'{"rows": 3, "fields": 4}', b'{"rows": [[1], 2], "fields": ["age"]}', b"null"],
    ids=["deep", "number", "not utf-8", "numbers", "ragged", "null"],
)
def test_another_shape_is_the_callers_error(world: World, speaker: Speaker, body: bytes) -> None:
    assert refusal(world, speaker, post(world, speaker, body), 400)


@in_json
@pytest.mark.parametrize("place", ["name", "value", "unknown name"])
def test_half_a_character_is_the_callers_error(world: World, speaker: Speaker, place: str) -> None:
    name, value = {"name": ("\ud800", 1), "value": ("purpose", "\ud800"), "unknown name": ("\ud800", 1)}[place]
    row = {name: value} if place == "name" else ROW | {name: value}
    assert "Unicode" in refusal(world, speaker, send(world, speaker, [row]), 400)


@in_tables
def test_a_row_of_another_length_is_named(world: World, speaker: Speaker) -> None:
    body = speaker.table(["age", "months"], [[1, 2], [3]])
    assert "row 2" in refusal(world, speaker, post(world, speaker, body), 400)


@in_tables
def test_a_field_named_twice_is_an_error(world: World, speaker: Speaker) -> None:
    body = speaker.table(["age", "age"], [[1, 2]])
    assert "`age`" in refusal(world, speaker, post(world, speaker, body), 400)


@every_dialect
def test_the_wrong_method_is_told_the_right_one(world: World, speaker: Speaker) -> None:
    response = world.http.put(speaker.path.replace("{name}", "credit"), content=b"{}")
    assert "POST" in refusal(world, speaker, response, 405)
    assert "POST" in response.headers["allow"]


@every_way
def test_an_unknown_deployment_is_told_the_close_name(world: World, speaker: Speaker) -> None:
    assert "`credit`" in refusal(world, speaker, send(world, speaker, [ROW], "credti"), 404)


@every_dialect
def test_a_body_beyond_the_limit_is_refused_with_the_limit(world: World, speaker: Speaker) -> None:
    url = speaker.path.replace("{name}", "credit")
    for body in (b" " * (MAX_BODY_BYTES + 1), b" " * MAX_BODY_BYTES * 20, iter([b" " * MAX_BODY_BYTES] * 20)):
        message = refusal(world, speaker, world.http.post(url, content=body), 413)
        assert str(MAX_BODY_BYTES) in message
    assert send(world, speaker, [ROW]).status_code == 200


@every_way
def test_a_large_body_scores_as_its_rows_do_alone(world: World, speaker: Speaker) -> None:
    rows = [ROW | {"age": i / 7, "note": f"{i}" + "x" * 40} for i in range(900)]
    assert scores(world, speaker, rows) == expected(world, rows)


@in_json
@pytest.mark.parametrize(
    "content_type", ["application/xml", "multipart/mixed; boundary=x", "application/json; charset=utf-16"]
)
def test_another_content_type_is_refused(world: World, speaker: Speaker, content_type: str) -> None:
    response = post(world, speaker, speaker.write([ROW]), **{"content-type": content_type})
    assert "send" in refusal(world, speaker, response, 415)


@in_json
def test_a_dialect_refuses_a_medium_that_is_not_its_own(world: World, speaker: Speaker) -> None:
    media = DIALECTS[speaker.name].media
    for name, content_type in (("csv", "text/csv"), ("parquet", PARQUET), ("msgpack", "application/x-msgpack")):
        response = post(world, speaker, b"", **{"content-type": content_type})
        assert "application/json" in refusal(world, speaker, response, 415) if name not in media else response.is_error


@some_dialects
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "zstd", "identity"])
@pytest.mark.parametrize("n_rows", [1, 1200], ids=["small", "large"])
def test_a_compressed_body_scores_as_it_does_by_itself(
    world: World, speaker: Speaker, encoding: str, n_rows: int
) -> None:
    rows = [ROW | {"age": i % 50} for i in range(n_rows)]
    response = post(world, speaker, packed(encoding, speaker.write(rows)), **{"content-encoding": encoding})
    assert speaker.scores(response.content) == expected(world, rows)


@some_dialects
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_what_is_not_compressed_as_it_says_is_the_callers_error(world: World, speaker: Speaker, encoding: str) -> None:
    body = packed(encoding, speaker.write([ROW] * 50))
    for wrong in (speaker.write([ROW]), body[:-1], body + b"more", b""):
        assert encoding in refusal(world, speaker, post(world, speaker, wrong, **{"content-encoding": encoding}), 400)


@some_dialects
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_body_that_unpacks_beyond_the_limit_is_refused(world: World, speaker: Speaker, encoding: str) -> None:
    bomb = packed(encoding, bytes(MAX_BODY_BYTES * 100))
    assert len(bomb) < MAX_BODY_BYTES
    message = refusal(world, speaker, post(world, speaker, bomb, **{"content-encoding": encoding}), 413)
    assert str(MAX_BODY_BYTES) in message


@some_dialects
@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate", "gzip"), ("gzip;q=0.5, zstd;q=0.5, br", "zstd"), ("br", None)]
)
def test_an_answer_is_compressed_as_the_caller_accepts(
    world: World, speaker: Speaker, accepted: str, encoding: str | None
) -> None:
    for n_rows in (1, 60, 1200):
        rows = [ROW | {"age": i / 7} for i in range(n_rows)]
        plain = post(world, speaker, speaker.write(rows), **{"accept-encoding": "identity"})
        answer = post(world, speaker, speaker.write(rows), **{"accept-encoding": accepted})
        assert answer.content == plain.content
        is_packed = encoding is not None and len(plain.content) >= 1024
        assert answer.headers.get("content-encoding") == (encoding if is_packed else None)
        assert answer.headers.get("vary") == ("accept-encoding" if is_packed else None)


@every_dialect
def test_an_answer_that_nobody_accepts_is_not_made(world: World, speaker: Speaker) -> None:
    response = post(world, speaker, speaker.write([ROW]), accept="text/html, application/json;q=0")
    assert "application/json" in refusal(world, speaker, response, 406)


@pytest.mark.parametrize("speaker", IN_OTHER_MEDIA, ids=lambda speaker: type(speaker).__name__)
@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "", "text/html, */*;q=0.1"])
def test_an_answer_is_json_unless_the_caller_accepts_another_medium_better(
    world: World, speaker: Speaker, accept: str
) -> None:
    response = post(world, speaker, speaker.write([ROW]), accept=accept)
    assert response.headers["content-type"] == "application/json"
    assert IN_JSON[0].scores(response.content) == expected(world, [ROW])


@pytest.mark.parametrize("asked", IN_OTHER_MEDIA, ids=lambda speaker: type(speaker).__name__)
def test_rows_in_json_may_be_answered_in_another_medium(world: World, asked: Speaker) -> None:
    rows = [ROW, OTHER]
    response = post(world, IN_JSON[0], IN_JSON[0].write(rows), accept=asked.headers["accept"])
    assert response.headers["content-type"].startswith(asked.headers["content-type"].partition(";")[0])
    assert asked.scores(response.content) == expected(world, rows)


def packed(encoding: str, body: bytes) -> bytes:
    if encoding == "identity":
        return body
    if encoding == "zstd":
        return zstandard.compress(body)
    return gzip.compress(body) if "gzip" in encoding else zlib.compress(body)


@every_dialect
def test_a_body_compressed_in_another_way_is_refused_with_the_ways_that_are_read(
    world: World, speaker: Speaker
) -> None:
    response = post(world, speaker, b"\x1f\x8b", **{"content-encoding": "br"})
    assert "gzip, deflate or zstd" in refusal(world, speaker, response, 415)


@in_json
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/vnd.x+json"])
def test_json_is_read_whatever_curl_calls_it(world: World, speaker: Speaker, content_type: str) -> None:
    response = post(world, speaker, speaker.write([ROW]), **{"content-type": content_type})
    assert response.status_code == 200


@in_json
def test_a_byte_order_mark_is_no_error(world: World, speaker: Speaker) -> None:
    assert post(world, speaker, b"\xef\xbb\xbf" + speaker.write([ROW])).status_code == 200


@every_way_that_tells_more
def test_a_request_id_comes_back(world: World, speaker: Speaker) -> None:
    body = speaker.write([ROW])
    assert post(world, speaker, body, **{"x-request-id": "mine-1"}).headers["x-request-id"] == "mine-1"
    made = [post(world, speaker, body, **{"x-request-id": "not ok"}).headers["x-request-id"] for _ in range(2)]
    assert len({*made, "not ok"}) == 3


cells = st.one_of(st.none(), st.integers(-(2**70), 2**70), st.floats(), st.booleans())
texts = st.one_of(st.none(), st.sampled_from(["car", "radio"]), st.text(st.characters(codec="utf-8"), max_size=5))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.fixed_dictionaries({"age": cells, "months": cells, "owns": st.booleans(), "purpose": texts, "note": texts}),
        min_size=1,
        max_size=5,
    )
)
@every_task
def test_the_same_rows_have_the_same_bits_everywhere(world: World, name: str, rows: list[dict[str, Any]]) -> None:
    wanted = expected(world, rows, name)
    for speaker in (*SPEAKERS, *IN_OTHER_WAYS):
        assert _bits(scores(world, speaker, rows, name)) == _bits(wanted)


def _bits(rows: list[list[float]]) -> list[list[str]]:
    return [[value.hex() for value in row] for row in rows]
