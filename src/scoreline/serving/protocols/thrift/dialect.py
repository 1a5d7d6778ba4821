"""Thrift as a dialect: the data plane is asked as by all others; only the way in is another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scoreline.core.errors import NotFound, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Decoded, Rows
from scoreline.serving.active import Active
from scoreline.serving.protocols.answered import Answered
from scoreline.serving.protocols.dialect import Call, Refusal, Reply
from scoreline.serving.protocols.thrift import messages
from scoreline.serving.protocols.thrift.calls import METHODS, read_one_row
from scoreline.serving.protocols.thrift.messages import application_failure, read_head
from scoreline.serving.protocols.thrift.wire import Truncated, broken

MEDIA_TYPE = "application/vnd.apache.thrift.binary"


class Thrift:
    """Messages of the binary protocol. It has no address of HTTP."""

    name = "thrift"
    prefixes: tuple[str, ...] = ()
    score_path = ""
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.views: dict[str, Callable[[Active], Reply]] = {}

    def decode(self, body: bytes, active: Active) -> Call:
        """Read a call. Raises Answered when there is nothing to score, BadRequest, SchemaMismatch, Unsupported."""
        head = read_head(body)
        read = METHODS.get(head.method)
        if read is None:
            error = NotFound(f"no method is called `{head.method}`", hint=f"methods: {', '.join(METHODS)}")
            raise Answered(reply(application_failure(head, str(error), messages.UNKNOWN_METHOD)), error)
        try:
            answer = read(body, head, active)
        except Truncated:
            raise broken("it ends too early") from None
        if isinstance(answer, Decoded):
            return Call(answer, head.method)
        raise Answered(reply(answer))

    def decode_many(self, bodies: Sequence[bytes], active: Active) -> tuple[Rows, Sequence[int]] | None:
        """See ``InBulk``: calls of ``score``."""
        names = active.pipeline.schema.names
        rows = []
        try:
            for body in bodies:
                row = read_one_row(body, len(names))
                if row is None:
                    return None
                rows.append(row)
            decoded = active.pipeline.decoder.table(names, rows)
        except (ScorelineError, *Truncated):
            return None
        return decoded.rows, [1] * len(rows)

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        """Write the result; whoever has the call makes it the answer."""
        if call.request == "score":
            [result] = messages.scores_of_each(predictions.values)
            return reply(result)
        return reply(messages.scores(predictions.values))

    def encode_many(self, predictions: Predictions, sizes: Sequence[int], active: Active) -> list[Reply]:
        """See ``InBulk``."""
        return list(map(reply, messages.scores_of_each(predictions.values)))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return application_failure(None, str(error), messages.PROTOCOL_ERROR)


def reply(message: bytes) -> Reply:
    """Return a message as an answer."""
    return Reply(message, media_type=MEDIA_TYPE)


THRIFT = Thrift()
