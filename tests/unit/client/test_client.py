from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.artifacts import ROWS, tiny_artifact

from scoreline.app.settings import Settings, open_app
from scoreline.client import Client, encode_rows
from scoreline.core.errors import BadSetting, NotFound, SchemaMismatch, TooLarge, Unavailable
from scoreline.scoring.pipeline import ScoringPipeline, load
from scoreline.web.admission import Limits
from scoreline.web.app import create_app
from scoreline.web.gate import KeyGate
from scoreline.web.server import background, bind


class Served:
    def __init__(self, url: str, pipeline: ScoringPipeline) -> None:
        self.url = url
        self.pipeline = pipeline


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("client")
    tiny_artifact(folder / "credit.scoreline")
    with open_app(Settings.of(home=folder / "home", environment={})) as app:
        app.registry.register(folder / "credit.scoreline")
        app.registry.deploy("credit-risk", "credit")
        with background(create_app(app.registry), bind(port=0)) as url:
            yield Served(url, load(folder / "credit.scoreline"))


@contextmanager
def other_server(
    answers: list[int],
    *,
    hang_up: bool = False,
    retry_after: str = "",
    asked_at: list[float] | None = None,
    heard: list[str | None] | None = None,
) -> Iterator[str]:
    """A server that is not ours: it answers these statuses in turn. What it ``heard`` is each Authorization header."""

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status = answers.pop(0)
            if asked_at is not None:
                asked_at.append(time.monotonic())
            if heard is not None:
                heard.append(self.headers["authorization"])
            body = b'{"deployments": []}' if status == 200 else b"<html>"
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if retry_after and status != 200:
                self.send_header("retry-after", retry_after)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = hang_up

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_scores_are_those_of_the_scoring_pipeline(served: Served) -> None:
    with Client(served.url) as client:
        credit = client.deployments["credit-risk"]
        assert credit.score(ROWS) == served.pipeline.score(ROWS).records()
        assert credit.score(ROWS[0]) == served.pipeline.score(ROWS[0]).records()


def test_every_frame_scores_as_its_rows_do(served: Served) -> None:
    wanted = served.pipeline.score(ROWS).records()
    frames = (pl.DataFrame(ROWS), pd.DataFrame(ROWS), pa.Table.from_pylist(ROWS))
    with Client(served.url) as client:
        assert [client.deployments["credit-risk"].score(frame) for frame in frames] == [wanted] * 3


def test_an_answer_says_what_answered_and_how_columns_differed(served: Served) -> None:
    with Client(served.url) as client:
        answer = client.deployments["credit-risk"].score({"age": 3, "hat": 1})
    assert (answer.deployment, answer.model, answer.version) == ("credit-risk", "credit", 1)
    assert (answer.ignored_columns, answer.absent_columns) == (["hat"], ["amount", "purpose"])


@pytest.mark.parametrize(
    ("given", "variable", "sent"), [("a", "b", "Bearer a"), (None, "b", "Bearer b"), (None, "", None)]
)
def test_the_api_key_is_the_one_given_or_else_that_of_the_environment(
    given: str | None, variable: str, sent: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELINE_API_KEY", variable)
    heard: list[str | None] = []
    with other_server([200], heard=heard) as url, Client(url, given) as client:
        client.request("GET", "/")
    assert heard == [sent]


def test_a_client_asks_in_the_space_that_is_given_or_else_that_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SCORELINE_SPACE", raising=False)
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as app:
        app.security.create_space("team")
        administrator = app.security.create_key("all", space="*", role="admin").secret
        for registry, names in ((app.registry, "ab"), (app.registry_in("team"), "bc")):
            tiny_artifact(tmp_path / "one.scoreline", weight=0.9 if "c" in names else 0.001)
            registry.register(tmp_path / "one.scoreline")
            for name in names:
                registry.deploy(name, "credit")
        gate = KeyGate(app.security)
        with background(create_app(app.registry, gate=gate), bind(port=0)) as url:
            ask = partial(Client, url, administrator)
            with ask() as here, ask(space="team") as there:
                assert (here.deployments.names, there.deployments.names) == (["a", "b"], ["b", "c"])
                scores = [client.deployments["b"].score(ROWS)[0] for client in (here, there)]
                assert scores[0] != scores[1]
                with pytest.raises(NotFound):
                    there.deployments["a"].score(ROWS)
            monkeypatch.setenv("SCORELINE_SPACE", "team")
            with ask() as there, ask(space="default") as here:
                assert (here.deployments.names, there.deployments.names) == (["a", "b"], ["b", "c"])


def test_a_key_meets_the_same_version_again(tmp_path: Path) -> None:
    with open_app(Settings.of(home=tmp_path / "home", environment={})) as app:
        for number in (1, 2):
            tiny_artifact(tmp_path / "one.scoreline", weight=number / 1000)
            app.registry.register(tmp_path / "one.scoreline")
        app.registry.deploy("credit-risk", "credit")
        app.registry.set_split("credit-risk", {"2": 50}, sticky=True)
        with background(create_app(app.registry), bind(port=0)) as url, Client(url) as client:
            credit = client.deployments["credit-risk"]
            versions = {key: {credit.score(ROWS, key=key).version for _ in range(5)} for key in map(str, range(20))}
    assert all(len(found) == 1 for found in versions.values())
    assert set.union(*versions.values()) == {1, 2}


def test_a_polars_frame_travels_as_arrow(served: Served) -> None:
    frame = pl.DataFrame(ROWS)
    odd = frame.with_columns(age=pl.Series([object(), object()], dtype=pl.Object))
    with Client(served.url) as client:
        credit = client.deployments["credit-risk"]
        expected = credit.score(ROWS)
        answer = credit.score(frame.with_columns(pl.col("purpose").cast(pl.Categorical), other=pl.lit([[1]])))
        assert answer == expected == credit.score(frame)
        assert answer.ignored_columns == ["other"]
        with pytest.raises(SchemaMismatch, match="column `age`: expected numbers"):
            credit.score(odd)


def test_compressed_rows_have_the_same_answers(served: Served) -> None:
    with Client(served.url) as plain, Client(served.url, compress=True) as compressed:
        for n in (1, 500):
            found, expected = (c.deployments["credit-risk"].score(ROWS * n) for c in (compressed, plain))
            assert found == expected
        with pytest.raises(SchemaMismatch, match="row 1001"):
            compressed.deployments["credit-risk"].score([*(ROWS * 500), {"age": "old"}])


def test_the_sample_and_the_schema_come_along(served: Served) -> None:
    with Client(served.url) as client:
        credit = client.deployments["credit-risk"]
        assert credit.sample() == ROWS
        assert credit.schema()["labels"] == ["good", "bad"]
        assert credit.state()["status"] == "ready"


def test_deployments_are_a_mapping(served: Served) -> None:
    with Client(served.url) as client:
        assert list(client.deployments) == ["credit-risk"]
        assert len(client.deployments) == 1
        assert "credit-risk" in client.deployments
        assert "other" not in client.deployments


def test_errors_are_the_servers_with_message_hint_and_place(served: Served) -> None:
    with Client(served.url) as client:
        with pytest.raises(SchemaMismatch, match="row 2, column `age`") as caught:
            client.deployments["credit-risk"].score([ROWS[0], {"age": "old"}])
        assert caught.value.hint
        assert (caught.value.row, caught.value.column) == (2, "age")
        with pytest.raises(NotFound, match="credit-risk"):
            client.deployments["credit-rsk"].score(ROWS)


def test_a_body_beyond_the_limit_is_told_although_it_is_still_being_sent(tmp_path: Path) -> None:
    tiny_artifact(tmp_path / "credit.scoreline")
    with open_app(Settings.of(home=tmp_path, environment={})) as app:
        app.registry.register(tmp_path / "credit.scoreline")
        app.registry.deploy("credit", "credit")
        web = create_app(app.registry, limits=Limits(body_bytes=100_000))
        with (
            background(web, bind(port=0)) as url,
            Client(url, retry_seconds=()) as client,
            pytest.raises(TooLarge, match="100000 bytes"),
        ):
            client.deployments["credit"].score(ROWS * 200_000)


def test_many_threads_share_a_client(served: Served) -> None:
    wanted = served.pipeline.score(ROWS).records()
    with Client(served.url) as client, ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: client.deployments["credit-risk"].score(ROWS), range(80)))
    assert answers == [wanted] * 80


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew() -> None:
    with other_server([200, 200, 200]) as url, Client(url) as client:
        assert client.deployments.names == []
        for connection in client._idle:
            connection.sock.shutdown(2)
        assert client.deployments.names == []


def test_a_server_that_is_not_ready_is_asked_again() -> None:
    answers = [503, 503, 200]
    with other_server(answers) as url, Client(url, retry_seconds=(0, 0)) as client:
        assert client.deployments.names == []
    assert answers == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_says_when_to_come_again_is_asked_then(status: int) -> None:
    asked_at: list[float] = []
    with (
        other_server([status, 200], retry_after="1", asked_at=asked_at) as url,
        Client(url, retry_seconds=(0,)) as client,
    ):
        assert client.deployments.names == []
    assert asked_at[1] - asked_at[0] >= 1


@pytest.mark.parametrize("retry_after", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "soon", "0"])
def test_a_date_to_come_again_at_is_left_to_our_own_waits(retry_after: str) -> None:
    with other_server([503, 200], retry_after=retry_after) as url, Client(url, retry_seconds=(0,)) as client:
        assert client.deployments.names == []


def test_a_server_that_asks_for_too_much_patience_is_not_asked_again() -> None:
    answers = [503, 200]
    with (
        other_server(answers, retry_after="3600") as url,
        Client(url, retry_seconds=(0,)) as client,
        pytest.raises(Unavailable, match="answered 503"),
    ):
        client.deployments.names  # noqa: B018
    assert answers == [200]


def test_an_answer_that_comes_before_the_request_is_sent_is_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as threads:

        def refuse() -> None:
            caller, _ = listening.accept()
            with caller:
                caller.recv(100)
                caller.sendall(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
                caller.shutdown(socket.SHUT_RD)

        refusing = threads.submit(refuse)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with Client(url, retry_seconds=()) as client, pytest.raises(Unavailable, match="answered 413"):
            client.deployments["credit"].score([{"text": "x" * 50_000_000}])
        refusing.result()


def test_an_address_that_is_no_scoreline_server_is_told() -> None:
    with other_server([404]) as url, Client(url) as client, pytest.raises(Unavailable, match="answered 404"):
        client.deployments.names  # noqa: B018


def test_a_server_that_is_not_there_is_told() -> None:
    with bind(port=0) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match="scoreline serve"):
        Client(f"http://127.0.0.1:{port}", retry_seconds=(0,)).deployments.names  # noqa: B018


def test_an_address_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(BadSetting, match="is not the URL of a server"):
        Client("ftp://example.org")


def test_what_is_missing_in_any_library_is_null() -> None:
    row = {"a": float("nan"), "b": pd.NA, "c": pd.NaT, "d": np.float64("nan"), "e": None, "f": float("inf")}
    assert msgspec.json.decode(encode_rows(row)) == {"rows": [dict.fromkeys("abcdef")]}


def test_values_of_any_library_are_plain() -> None:
    row = {
        "a": np.float32(0.1),
        "b": np.int64(3),
        "c": np.bool_(True),
        "d": date(2026, 5, 1),
        "e": datetime(2026, 5, 1, 12),  # noqa: DTZ001 callers' times have no zone
        "f": pd.Timestamp("2026-05-01"),
        "g": Decimal("1.5"),
        "h": np.datetime64("2026-05-01"),
    }
    assert msgspec.json.decode(encode_rows(row))["rows"][0] == {
        "a": float(np.float32(0.1)),
        "b": 3,
        "c": True,
        "d": "2026-05-01",
        "e": "2026-05-01T12:00:00",
        "f": "2026-05-01T00:00:00",
        "g": "1.5",
        "h": "2026-05-01",
    }


def test_what_is_no_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="found PosixPath"):
        encode_rows(tmp_path)
    with pytest.raises(BadSetting, match="cannot be sent"):
        encode_rows({"a": object()})
