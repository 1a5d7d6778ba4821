"""JSON-RPC 2.0, with the methods of Driverless AI's HTTP service.

Source: https://www.jsonrpc.org/specification.
What a body says has its answer in the body, an error too, with HTTP status 200, or 204 where nothing is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, NotFound, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded, Rows
from scoreline.serving.active import Active
from scoreline.serving.errors import RPC_INVALID_REQUEST, RPC_PARSE_ERROR, RPC_UNKNOWN_METHOD, describe, rpc_code
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import NAME, Call, Refusal, Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.instances import read_rows
from scoreline.serving.protocols.json import read_json
from scoreline.serving.protocols.methods import FLAGS, check_flags, column_names, no_transformed_columns, target_labels
from scoreline.serving.room import check_rows

VERSION = "2.0"
_FORM = 'send {"jsonrpc": "2.0", "id": 1, "method": "score", "params": {"row": {"column": value, …}}}'
_NOTHING = Reply(b"", status=204)
_decoder = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode
_members = frozenset(("jsonrpc", "id", "method", "params"))


class Result(msgspec.Struct, gc=False):
    """The answer to one call."""

    jsonrpc: str
    id: Any
    result: Any


class Failure(msgspec.Struct, gc=False):
    """The answer to one call that went wrong."""

    jsonrpc: str
    id: Any
    error: dict[str, Any]


class Scoring(msgspec.Struct, gc=False):
    """A call whose answer is scores."""

    id: Any
    decoded: Decoded
    many: bool
    """Whether it sent a list of rows, and is answered with a list."""


Answer = Result | Failure | Scoring


class RPC:
    """``/rpc`` of each deployment, and at the root for the default one."""

    name = "rpc"
    prefixes = (NAME, "")
    score_path = "/rpc"
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.views: dict[str, Callable[[Active], Reply]] = {}

    def decode(self, body: bytes, active: Active) -> Call:
        """Read a call or a batch. Raises Answered when there is nothing to score."""
        try:
            document = read_json(body, _decoder)
        except ScorelineError as error:
            code = RPC_PARSE_ERROR if isinstance(error, BadRequest) else rpc_code(error)
            raise Answered(_reply(_failure(None, error, code)), error) from None
        if isinstance(document, list) and document:
            return _decode_batch(document, active)
        try:
            answer = _read(document, active)
        except _Failed as failed:
            raise Answered(_reply(failed.answer), failed.error) from None
        if isinstance(answer, Scoring):
            return Call(answer.decoded, answer)
        raise Answered(_NOTHING if answer is None else _reply(answer))

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        answers: Scoring | list[Answer] = call.request
        scores: list[Any] = predictions.values.tolist()
        if predictions.task == "regression":
            scores = [[score] for score in scores]
        headers = column_headers(call.decoded)
        if isinstance(answers, Scoring):
            return Reply(_encode(_scored(answers, scores)), headers=headers)
        told: list[Result | Failure] = []
        end = 0
        for answer in answers:
            if isinstance(answer, Scoring):
                begin, end = end, end + len(answer.decoded.rows)
                answer = _scored(answer, scores[begin:end])
            told.append(answer)
        return Reply(_encode(told), headers=headers)

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encode(_failure(None, error, rpc_code(error), request_id=request_id))


class _Failed(Exception):
    """One call went wrong; a notification has no ``answer`` even so."""

    def __init__(self, answer: Failure | None, error: ScorelineError) -> None:
        super().__init__()
        self.answer = answer
        self.error = error


def _decode_batch(calls: list[Any], active: Active) -> Call:
    """Read the calls of a batch: what they score is scored together."""
    answers: list[Answer] = []
    n_rows, first_error = 0, None
    for call in calls:
        answer: Answer | None
        try:
            answer = _read(call, active)
            if isinstance(answer, Scoring):
                n_rows += len(answer.decoded.rows)
                check_rows(n_rows, active.pipeline.schema)
        except _Failed as failed:
            answer, first_error = failed.answer, first_error or failed.error
        except ScorelineError as error:  # all of them together are too many
            raise Answered(_reply(_failure(None, error, rpc_code(error))), error) from None
        if answer is not None:
            answers.append(answer)
    scorings = [answer for answer in answers if isinstance(answer, Scoring)]
    if scorings:
        return Call(_join([scoring.decoded for scoring in scorings], active), answers)
    raise Answered(Reply(_encode(answers)) if answers else _NOTHING, first_error)


def _join(parts: Sequence[Decoded], active: Active) -> Decoded:
    ignored = dict.fromkeys(name for part in parts for name in part.ignored)
    absent = {name for part in parts for name in part.absent}
    in_order = tuple(name for name in active.pipeline.schema.names if name in absent) if absent else ()
    return Decoded(Rows.join([part.rows for part in parts]), tuple(ignored), in_order)


def _read(call: Any, active: Active) -> Answer | None:
    """Read one call; None: it is a notification, which is neither answered nor scored. Raises _Failed."""
    identity, method, params = _envelope(call)
    notifies = "id" not in call
    code = None
    try:
        found = METHODS.get(method)
        if found is None:
            code = RPC_UNKNOWN_METHOD
            raise NotFound(f"no method is called `{method}`", hint=f"methods: {', '.join(METHODS)}")
        if notifies:
            return None
        read, names = found
        value = read(_named(method, params, names), active)
    except ScorelineError as error:
        failure = None if notifies else _failure(identity, error, rpc_code(error) if code is None else code)
        raise _Failed(failure, error) from None
    if isinstance(value, Decoded):
        return Scoring(identity, value, method == "score_batch")
    return Result(VERSION, identity, value)


def _envelope(call: Any) -> tuple[Any, str, Any]:
    """Return id, method and parameters. Raises _Failed for what is no call at all: that is answered always."""
    identity = None
    if not isinstance(call, dict):
        what = "is empty" if call == [] else "holds what is no object"
        problem = f"the request {what}: expected a call, or a list of calls"
    elif isinstance(found := call.get("id"), bool | dict | list):
        problem = "`id`: expected a text, a number or null"
    else:
        identity = found
        if call.get("jsonrpc", VERSION) != VERSION:
            problem = f"`jsonrpc`: expected {VERSION!r}, found {call['jsonrpc']!r}"
        elif not isinstance(call.get("method"), str):
            problem = "`method`: expected the name of a method"
        elif unknown := call.keys() - _members:
            problem = f"unknown member `{min(unknown)}` beside `method`"
        else:
            return identity, call["method"], call.get("params")
    error = BadRequest(problem, hint=_FORM)
    raise _Failed(_failure(identity, error, RPC_INVALID_REQUEST), error)


def _named(method: str, params: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters by name, however they were sent."""
    takes = f"`{method}` takes {', '.join(names) or 'no parameters'}"
    if params is None:
        return {}
    if isinstance(params, list):
        if len(params) > len(names):
            raise BadRequest(f"`params`: {len(params)} are too many", hint=takes)
        return dict(zip(names, params, strict=False))
    if not isinstance(params, dict):
        raise BadRequest("`params`: expected an object or a list", hint=takes)
    if unknown := params.keys() - set(names):
        raise BadRequest(f"`params`: `{min(unknown)}` is not known", hint=takes)
    return params


def _score(params: dict[str, Any], active: Active) -> Decoded:
    check_flags(params)
    if not isinstance(row := params.get("row"), dict | list):
        raise BadRequest("`row`: expected an object of column and value, or a list of values", hint=_FORM)
    return read_rows([row], active, "row")


def _score_batch(params: dict[str, Any], active: Active) -> Decoded:
    check_flags(params)
    rows = params.get("rows")
    if isinstance(rows, list):
        check_rows(len(rows), active.pipeline.schema)
    return read_rows(rows, active, "rows")


def _transformed(_params: dict[str, Any], _active: Active) -> None:
    raise no_transformed_columns()


METHODS: dict[str, tuple[Callable[[dict[str, Any], Active], Any], tuple[str, ...]]] = {
    "score": (_score, ("row", *FLAGS)),
    "score_batch": (_score_batch, ("rows", *FLAGS)),
    "get_column_names": (lambda _, active: column_names(active), ()),
    "get_target_labels": (lambda _, active: target_labels(active), ()),
    "get_transformed_column_names": (_transformed, ()),
    "get_hash": (lambda _, active: active.digest, ()),
    "system.listMethods": (lambda *_: list(METHODS), ()),
}
"""Name → what reads a call, and the names of its parameters in order."""


def _scored(scoring: Scoring, scores: Iterable[Any]) -> Result:
    return Result(VERSION, scoring.id, scores if scoring.many else next(iter(scores)))


def _failure(identity: Any, error: ScorelineError, code: int, **more: str) -> Failure:
    told = {name: value for name, value in describe(error).items() if name != "message"}
    return Failure(VERSION, identity, {"code": code, "message": error.message, "data": told | more})


def _reply(answer: Result | Failure | None) -> Reply:
    return _NOTHING if answer is None else Reply(_encode(answer))
