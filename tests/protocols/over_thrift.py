"""Callers of the Thrift service; thriftpy2 writes their calls and reads the answers."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO
from typing import TYPE_CHECKING, Any

import httpx
import thriftpy2
from tests.protocols.speakers import Common, Row, _table, _text, _within_64_bits
from thriftpy2.protocol.binary import TBinaryProtocol
from thriftpy2.thrift import TMessageType, TPayload, TType

from scoreline.serving.errors import STATUS_OF_CODE, STATUS_OF_KIND

if TYPE_CHECKING:
    from tests.protocols.conftest import World

COLUMNS = ("age", "months", "owns", "purpose", "note")
"""Those of the deployments: a field of a row has the number of its column."""
TYPES = {bool: TType.BOOL, int: TType.I64, float: TType.DOUBLE, str: TType.STRING}


class ThriftRows(Common):
    """Rows as structs, whose fields have numbers and no names; a missing value is not set."""

    name = "thrift"
    path = ""
    rows_are_tables = False
    tells_more = False
    names_columns = False
    method = "score_batch"
    framed = False

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        return _written(_service().score_batch_args(list(map(_struct, rows)), False, False))

    def ask(self, world: World, body: bytes, name: str, headers: Mapping[str, str]) -> httpx.Response:
        """Send the call behind a login with what would be the header of the key, and without waiting for its answer."""
        logins = [_call("login", _written(_service().login_args(key))) for key in headers.values()]
        calls = [*logins, _call(f"{name}:{self.method}", body)]
        with socket.create_connection(world.thrift_address, 60) as connected:
            connected.sendall(b"".join(len(call).to_bytes(4) + call if self.framed else call for call in calls))
            connected.shutdown(socket.SHUT_WR)
            with connected.makefile("rb") as stream:
                told = BytesIO(stream.read())
        for _ in calls:
            begin = told.tell() + 4 * self.framed
            error = _read(told, framed=self.framed).error
            if error is not None:
                break
        status = 200 if error is None else STATUS_OF_CODE.get(error.code) or STATUS_OF_KIND[error.kind]
        return httpx.Response(status, content=told.getvalue()[begin : told.tell()])

    def scores(self, body: bytes) -> list[list[float]]:
        rows: list[list[float]] = _read(BytesIO(body)).success
        return rows

    def message(self, body: bytes) -> str:
        error = _read(BytesIO(body)).error
        return f"{error.message} {error.hint}"


class ThriftTable(ThriftRows):
    """Rows of text under the names of their columns, in frames."""

    names_columns = True
    method = "score_table"
    framed = True

    def write(self, rows: Sequence[Row], *, regression: bool = False) -> bytes:
        fields, values = _table(rows).values()
        texts = [["" if cell is None else _text(cell) for cell in row] for row in values]
        return _written(_service().score_table_args(fields, texts))


@cache
def _service() -> Any:
    with as_file(files("scoreline.serving.protocols.thrift") / "scoring.thrift") as file:
        return thriftpy2.load(str(file), module_name="protocols_thrift").ScoringService


def _struct(row: Row) -> TPayload:
    """A struct of the values that are there, each in a field of its own type; unknown columns have other numbers."""
    made = TPayload()
    made.thrift_spec = {}
    for name, value in row.items():
        if value is not None:
            number = COLUMNS.index(name) + 1 if name in COLUMNS else len(COLUMNS) + 1
            value = _within_64_bits(value)
            made.thrift_spec[number] = (TYPES[type(value)], f"field{number}", False)
            setattr(made, f"field{number}", value)
    return made


def _written(arguments: Any) -> bytes:
    sent = BytesIO()
    TBinaryProtocol(sent).write_struct(arguments)
    return sent.getvalue()


def _call(name: str, arguments: bytes) -> bytes:
    sent = BytesIO()
    TBinaryProtocol(sent).write_message_begin(name, TMessageType.CALL, 7)
    return sent.getvalue() + arguments


def _read(told: BytesIO, *, framed: bool = False) -> Any:
    """The next answer: its ``success``, where its method has one, or ``error``."""
    n_bytes = int.from_bytes(told.read(4)) if framed else 0
    begin = told.tell()
    protocol = TBinaryProtocol(told)
    method, kind, sequence = protocol.read_message_begin()
    assert (kind, sequence) == (TMessageType.REPLY, 7)
    result = getattr(_service(), f"{method}_result")()
    protocol.read_struct(result)
    assert told.tell() - begin == n_bytes or not framed
    return result
