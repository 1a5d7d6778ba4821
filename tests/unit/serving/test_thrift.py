"""Thrift's messages as a client of another hand writes and reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import thriftpy2
from hypothesis import given
from hypothesis import strategies as st
from tests.artifacts import tiny_artifact
from thriftpy2.protocol import TBinaryProtocol
from thriftpy2.thrift import TApplicationException, TClient, TMessageType
from thriftpy2.transport import TMemoryBuffer

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.core.schema import Column, Label, Schema
from scoreline.scoring.pipeline import load
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import Reply
from scoreline.serving.protocols.thrift.calls import read_key
from scoreline.serving.protocols.thrift.dialect import THRIFT
from scoreline.serving.protocols.thrift.idl import field_names, idl
from scoreline.serving.protocols.thrift.messages import answer, failure, read_head
from scoreline.serving.protocols.thrift.scan import Scanner

SCHEMA = Schema(
    columns=(
        Column(name="psa_bar", type="number", minimum=133.1, maximum=180.9),
        Column(name="owns", type="boolean"),
        Column(name="Since when?", type="datetime"),
        Column(name="code", type="category", integer=True, levels=("3", "20")),
        Column(name="class", type="text"),
    )
)
ROW = {"psa_bar": 158.2, "owns": True, "Since when?": "2026-05-01T12:00:00", "code": "20", "class": "grün"}
FIELDS = {"psaBar": 158.2, "owns": True, "sinceWhen": "2026-05-01T12:00:00", "code": "20", "class5": "grün"}


def active(folder: Path, labels: tuple[Label, ...] = (3, 20, 100)) -> Active:
    file = folder / "cooling.scoreline"
    manifest = tiny_artifact(file, name="cooling", target="cool", labels=labels, schema=SCHEMA, rows=[ROW])
    now = datetime(2026, 5, 1, tzinfo=UTC)
    return Active(name="cooling", model="cooling", version=4, digest=manifest.id, pipeline=load(file), loaded_at=now)


@pytest.fixture(scope="module")
def cooling(tmp_path_factory: pytest.TempPathFactory) -> Active:
    return active(tmp_path_factory.mktemp("thrift"))


@pytest.fixture(scope="module")
def scoring(cooling: Active, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file = tmp_path_factory.mktemp("idl") / "scoring.thrift"
    file.write_text(idl("cooling", cooling.pipeline.manifest))
    module: ModuleType = thriftpy2.load(str(file), module_name="unit_scoring_thrift")
    return module


def reply(deployed: Active, message: bytes) -> bytes:
    try:
        return answer(read_head(message), Plane().answer_one(Asked(THRIFT, message, deployed)).body)
    except Answered as answered:
        return answered.reply.body
    except ScorelineError as error:
        return failure(read_head(message), error)


class Client:
    """thriftpy2's client, whose transport is the data plane."""

    def __init__(self, service: Any, deployed: Active) -> None:
        self._service, self._deployed = service, deployed
        self.sent = b""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            out, back = TMemoryBuffer(), TMemoryBuffer()
            sending = TClient(self._service, TBinaryProtocol(out))
            values = self._service.__dict__[f"{name}_args"]()
            for key, value in zip(values.__dict__, arguments, strict=False):
                setattr(values, key, value)
            sending._oprot.write_message_begin(name, TMessageType.CALL, 7)
            sending._oprot.write_struct(values)
            sending._oprot.write_message_end()
            self.sent = out.getvalue()
            back.setvalue(reply(self._deployed, self.sent))
            return TClient(self._service, TBinaryProtocol(back))._recv(name)

        return call


@pytest.fixture
def client(scoring: ModuleType, cooling: Active) -> Client:
    return Client(scoring.ScoringService, cooling)


def expected(deployed: Active, rows: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    predictions = deployed.pipeline.score([dict(row) for row in rows])
    values: list[list[float]] = predictions.values.reshape(len(rows), -1).tolist()
    return values


def test_a_row_has_its_scores(client: Client, scoring: ModuleType, cooling: Active) -> None:
    assert client.score(scoring.Row(**FIELDS), False, False) == expected(cooling, [ROW])[0]


def test_rows_have_their_scores_in_order(client: Client, scoring: ModuleType, cooling: Active) -> None:
    rows = [scoring.Row(**FIELDS), scoring.Row(psaBar=1.0), scoring.Row(owns=False, code="3")]
    wanted = expected(cooling, [ROW, {"psa_bar": 1.0}, {"owns": False, "code": 3}])
    assert client.score_batch(rows, False, False) == wanted
    assert client.score_batch(rows) == wanted


def test_rows_of_text_name_their_columns(client: Client, cooling: Active) -> None:
    fields = ["owns", "shoe size", "psa_bar"]
    assert client.score_table(fields, [["true", "43", "158.2"], ["", "", "NaN"]]) == expected(
        cooling, [{"owns": True, "psa_bar": 158.2}, {"owns": None}]
    )


def test_a_regression_has_one_score(scoring: ModuleType, tmp_path: Path) -> None:
    price = active(tmp_path, ())
    client = Client(scoring.ScoringService, price)
    assert client.score(scoring.Row(**FIELDS)) == expected(price, [ROW])[0]
    assert client.get_target_labels() == []


def test_what_the_model_is_is_told(client: Client, cooling: Active) -> None:
    assert client.get_column_names() == list(ROW)
    assert client.get_target_labels() == ["3", "20", "100"]
    assert client.get_hash() == cooling.digest


@pytest.mark.parametrize(
    ("call", "code", "what"),
    [
        (lambda client, row: client.score(row(**FIELDS), True, False), "unsupported", "Shapley"),
        (lambda client, row: client.score_batch([row(**FIELDS)], False, True), "unsupported", "margins"),
        (lambda client, row: client.get_transformed_column_names(), "unsupported", "get_column_names"),
        (lambda client, row: client.score(row()), "schema_mismatch", "`psa_bar`"),
        (lambda client, row: client.score(), "bad_request", "argument 1"),
        (lambda client, row: client.score_batch([]), "bad_request", "no rows"),
        (lambda client, row: client.score_table(["owns"], [["true"], ["a", "b"]]), "schema_mismatch", "row 2"),
    ],
)
def test_a_refusal_is_the_declared_exception(
    client: Client, scoring: ModuleType, call: Callable[[Client, Any], Any], code: str, what: str
) -> None:
    with pytest.raises(scoring.ScoringError) as refused:
        call(client, scoring.Row)
    assert refused.value.code == code
    assert what in refused.value.message + refused.value.hint


def test_a_value_that_cannot_be_read_is_named_with_row_and_column(client: Client, scoring: ModuleType) -> None:
    rows = [scoring.Row(**FIELDS), scoring.Row(**FIELDS | {"sinceWhen": "soon"})]
    with pytest.raises(scoring.ScoringError) as refused:
        client.score_batch(rows)
    assert (refused.value.row, refused.value.column, refused.value.kind) == (2, "Since when?", "invalid")
    assert "soon" in refused.value.message


def test_an_unknown_method_is_told_as_thrift_tells_it(client: Client, cooling: Active) -> None:
    client.get_hash()
    answer = reply(cooling, client.sent.replace(b"get_hash", b"get_cash"))
    protocol = TBinaryProtocol(buffer := TMemoryBuffer())
    buffer.setvalue(answer)
    assert protocol.read_message_begin() == ("get_cash", TMessageType.EXCEPTION, 7)
    failed = TApplicationException()
    protocol.read_struct(failed)
    assert failed.type == TApplicationException.UNKNOWN_METHOD
    assert "score_batch" in failed.message


def test_a_field_may_have_another_type_than_the_idl_says(client: Client, cooling: Active, tmp_path: Path) -> None:
    text = idl("cooling", cooling.pipeline.manifest)
    for old, new in (("double psaBar", "string psaBar"), ("bool owns", "i32 owns"), ("string code", "i64 code")):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "other.thrift").write_text(text)
    other = thriftpy2.load(str(tmp_path / "other.thrift"), module_name="other_thrift")
    row = other.Row(**FIELDS | {"psaBar": "158.2", "owns": 1, "code": 20})
    assert Client(other.ScoringService, cooling).score(row) == expected(cooling, [ROW])[0]


def test_fields_that_are_not_known_are_passed_over(client: Client, cooling: Active, tmp_path: Path) -> None:
    more = "6: map<string, list<i64>> more, 7: set<Row> others, 8: list<list<string>> texts\n}"
    text = idl("cooling", cooling.pipeline.manifest).replace("// class\n}", f"// class\n  {more}")
    assert more in text
    (tmp_path / "more.thrift").write_text(text)
    newer = thriftpy2.load(str(tmp_path / "more.thrift"), module_name="more_thrift")
    row = newer.Row(**FIELDS, more={"a": [1, 2]}, others=[newer.Row(owns=True)], texts=[["x"], []])
    assert Client(newer.ScoringService, cooling).score(row) == expected(cooling, [ROW])[0]


def test_the_key_of_a_login_is_read(client: Client) -> None:
    with pytest.raises(TApplicationException):
        client.login("sl_key")  # the connection answers it, not the data plane
    assert read_key(client.sent, read_head(client.sent)) == "sl_key"
    with pytest.raises(BadRequest):
        read_key(client.sent[:-8], read_head(client.sent))


def test_fields_are_named_as_the_original_names_them_and_never_alike() -> None:
    columns = ["cool_pwr_pct", "Cool Pwr Pct", "from", "2nd", "", "größe", "a-b", "a b", "__init__", "Row"]
    schema = Schema(tuple(Column(name=name, type="number") for name in columns))
    names = field_names(schema)
    assert names[0] == "coolPwrPct"
    assert len({name.lower() for name in names}) == len(columns)
    assert all(name.isascii() and name.isidentifier() for name in names)


def test_an_idl_says_nothing_that_a_column_name_could_add(tmp_path: Path, cooling: Active) -> None:
    schema = Schema((Column(name="a\n  7: i32 evil,", type="number"), Column(name="b */ }", type="text", levels=())))
    file = tmp_path / "evil.scoreline"
    tiny_artifact(file, schema=schema, rows=[{"b */ }": "x"}])
    (tmp_path / "evil.thrift").write_text(idl("evil", load(file).manifest))
    loaded = thriftpy2.load(str(tmp_path / "evil.thrift"), module_name="evil_thrift")
    assert sorted(loaded.Row.thrift_spec) == [1, 2]


def test_the_file_that_is_published_has_every_method(tmp_path: Path, scoring: ModuleType) -> None:
    (tmp_path / "scoring.thrift").write_text(idl())
    published = thriftpy2.load(str(tmp_path / "scoring.thrift"), module_name="published_thrift")
    assert published.ScoringService.thrift_services == scoring.ScoringService.thrift_services
    assert not published.Row.thrift_spec


def message(scoring: ModuleType, cooling: Active, n_rows: int) -> bytes:
    client = Client(scoring.ScoringService, cooling)
    client.score_batch([scoring.Row(**FIELDS)] * n_rows)
    return client.sent


@given(cuts=st.lists(st.integers(0, 400), max_size=6), n_rows=st.integers(1, 3))
def test_the_end_of_a_message_is_found_however_it_comes(
    cuts: list[int], n_rows: int, scoring: ModuleType, cooling: Active
) -> None:
    whole = message(scoring, cooling, n_rows)
    scanner = Scanner()
    for end in sorted({min(cut, len(whole) - 1) for cut in cuts}):
        assert not scanner.scan(whole[:end])
    assert scanner.scan(whole + b"more")
    assert scanner.at == len(whole)


@given(data=st.data())
def test_no_bytes_do_more_than_be_refused(data: st.DataObject, scoring: ModuleType, cooling: Active) -> None:
    sent = bytearray(message(scoring, cooling, 2))
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(sent) - 1), st.integers(0, 255)), max_size=8)):
        sent[place] = byte
    sent = sent[: data.draw(st.integers(0, len(sent)) | st.just(len(sent)))]
    try:
        ends = Scanner().scan(sent)
    except BadRequest:
        ends = False
    try:
        head = read_head(bytes(sent))
    except BadRequest:
        return
    answer = reply(cooling, bytes(sent))
    assert read_head_of_reply(answer) == (head.method, head.sequence)
    if not ends:
        assert not scores(answer)


def read_head_of_reply(answer: bytes) -> tuple[str, int]:
    protocol = TBinaryProtocol(buffer := TMemoryBuffer())
    buffer.setvalue(answer)
    name, _, sequence = protocol.read_message_begin()
    return name, sequence


def scores(answer: bytes) -> bool:
    """Whether a reply to score_batch has a result."""
    return answer[3] == TMessageType.REPLY and answer[4 + 4 + len("score_batch") + 4] == 15


NUMBERS = Schema(tuple(Column(name=name, type="number") for name in ("a", "b", "c")))


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Active, ModuleType]:
    folder = tmp_path_factory.mktemp("numbers")
    file = folder / "numbers.scoreline"
    manifest = tiny_artifact(file, name="numbers", schema=NUMBERS, rows=[{"a": 1.0, "b": 2.0, "c": 3.0}])
    now = datetime(2026, 5, 1, tzinfo=UTC)
    deployed = Active(
        name="numbers", model="numbers", version=1, digest=manifest.id, pipeline=load(file), loaded_at=now
    )
    (folder / "numbers.thrift").write_text(idl("numbers", deployed.pipeline.manifest))
    return deployed, thriftpy2.load(str(folder / "numbers.thrift"), module_name="numbers_thrift")


Number = st.none() | st.floats(allow_nan=True, allow_infinity=False, width=64)
Flags = st.sampled_from([(), (False,), (False, False), (True, False), (False, True)])


@given(rows=st.lists(st.tuples(Number, Number, Number, Flags), min_size=1, max_size=4), tampered=st.data())
def test_calls_that_are_read_together_are_read_as_each_by_itself(
    numbers: tuple[Active, ModuleType], rows: list[Any], tampered: st.DataObject
) -> None:
    deployed, scoring = numbers
    client = Client(scoring.ScoringService, deployed)
    messages = []
    for a, b, c, flags in rows:
        with suppress(scoring.ScoringError):
            client.score(scoring.Row(a=a, b=b, c=c), *flags)
        messages.append(bytearray(client.sent))
    behind_head = read_head(bytes(messages[0])).at
    places = st.tuples(st.integers(behind_head, len(messages[0]) - 1), st.integers(0, 255))
    for place, byte in tampered.draw(st.lists(places, max_size=2)):
        messages[0][place] = byte
    bodies = [bytes(message) for message in messages]
    together = THRIFT.decode_many(bodies, deployed)
    if together is None:
        return
    found, sizes = together
    each = Rows.join([THRIFT.decode(body, deployed).decoded.rows for body in bodies])
    assert sizes == [1] * len(bodies)
    assert np.array_equal(found.numbers, each.numbers, equal_nan=True)
    assert np.array_equal(found.texts, each.texts)


@pytest.mark.parametrize("flags", [(), (False,), (False, False)])
def test_usual_calls_are_read_together(numbers: tuple[Active, ModuleType], flags: tuple[bool, ...]) -> None:
    deployed, scoring = numbers
    client = Client(scoring.ScoringService, deployed)
    scored = client.score(scoring.Row(a=1.0, b=2.0, c=3.0), *flags)
    assert THRIFT.decode_many([client.sent] * 3, deployed) is not None
    asked = [Asked(THRIFT, client.sent, deployed) for _ in range(3)]
    answers = [found.body for found in Plane().answer(asked) if isinstance(found, Reply)]
    assert answers == [Plane().answer_one(asked[0]).body] * 3
    assert scored == expected(deployed, [{"a": 1.0, "b": 2.0, "c": 3.0}])[0]
