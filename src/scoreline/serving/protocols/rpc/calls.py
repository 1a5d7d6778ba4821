"""Calls: what a document holds, and what each is answered with."""

from __future__ import annotations

from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, NotFound, ScorelineError
from scoreline.scoring.rows import Decoded
from scoreline.serving.active import Active
from scoreline.serving.errors import RPC_INVALID_REQUEST, RPC_UNKNOWN_METHOD, describe, rpc_code
from scoreline.serving.protocols.rpc.methods import FORM, METHODS, by_name

VERSION = "2.0"
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


class Failed(Exception):
    """One call went wrong; a notification has no ``answer`` even so."""

    def __init__(self, answer: Failure | None, error: ScorelineError) -> None:
        super().__init__()
        self.answer = answer
        self.error = error


def read_call(call: Any, active: Active) -> Answer | None:
    """Read one call; None: it is a notification, which is neither answered nor scored. Raises Failed."""
    identity, method, params = _envelope(call)
    notifies = "id" not in call
    code = None
    try:
        found = METHODS.get(method)
        if found is None:
            code = RPC_UNKNOWN_METHOD
            raise NotFound(f"no method is called `{method[:80]}`", hint=f"methods: {', '.join(METHODS)}")
        if notifies:
            return None
        read, names = found
        value = read(by_name(method, params, names), active)
    except ScorelineError as error:
        answer = None if notifies else failure(identity, error, rpc_code(error) if code is None else code)
        raise Failed(answer, error) from None
    if isinstance(value, Decoded):
        return Scoring(identity, value, method == "score_batch")
    return Result(VERSION, identity, value)


def _envelope(call: Any) -> tuple[Any, str, Any]:
    """Return id, method and parameters. Raises Failed for what is no call at all: that is answered always."""
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
    error = BadRequest(problem, hint=FORM)
    raise Failed(failure(identity, error, RPC_INVALID_REQUEST), error)


def failure(identity: Any, error: ScorelineError, code: int, **more: str) -> Failure:
    """Return the answer that tells ``error``."""
    told = {name: value for name, value in describe(error).items() if name != "message"}
    return Failure(VERSION, identity, {"code": code, "message": error.message, "data": told | more})
