"""JSON-RPC as a dialect. Source: https://www.jsonrpc.org/specification.

What a body says has its answer in the body, an error too, with HTTP status 200, or 204 where nothing is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from scoreline.core.errors import BadRequest, ScorelineError, TooLarge
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded, Rows
from scoreline.serving.active import Active
from scoreline.serving.errors import RPC_PARSE_ERROR, rpc_code
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import NAME, Call, Refusal, Reply
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.json import read_json
from scoreline.serving.protocols.rpc.calls import VERSION, Answer, Failed, Failure, Result, Scoring, failure, read_call
from scoreline.serving.room import check_rows

N_CALLS = 1000
"""Calls of a batch. Each may be wrong in a way of its own, which takes time to tell; rows have no such bound."""
_NOTHING = Reply(b"", status=204)
_decoder = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode


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
            raise Answered(_reply(failure(None, error, code)), error) from None
        if isinstance(document, list) and document:
            return _decode_batch(document, active)
        try:
            answer = read_call(document, active)
        except Failed as failed:
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
        return _encode(failure(None, error, rpc_code(error), request_id=request_id))


def _decode_batch(calls: list[Any], active: Active) -> Call:
    """Read the calls of a batch: what they score is scored together."""
    if len(calls) > N_CALLS:
        error = TooLarge(
            f"the batch has {len(calls):,} calls, and may have {N_CALLS:,}",
            hint="`score_batch` scores any number of rows in one call",
        )
        raise Answered(_reply(failure(None, error, rpc_code(error))), error)
    answers: list[Answer] = []
    n_rows, first_error = 0, None
    for call in calls:
        answer: Answer | None
        try:
            answer = read_call(call, active)
            if isinstance(answer, Scoring):
                n_rows += len(answer.decoded.rows)
                check_rows(n_rows, active.pipeline.schema)
        except Failed as failed:
            answer, first_error = failed.answer, first_error or failed.error
        except ScorelineError as error:  # all of them together are too many
            raise Answered(_reply(failure(None, error, rpc_code(error))), error) from None
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


def _scored(scoring: Scoring, scores: Sequence[Any]) -> Result:
    return Result(VERSION, scoring.id, scores if scoring.many else scores[0])


def _reply(answer: Result | Failure | None) -> Reply:
    return _NOTHING if answer is None else Reply(_encode(answer))
