"""Requests of ModelInfer out of their messages: those of a known layout as it says, all others by protobuf."""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from scoreline.core.errors import BadRequest
from scoreline.web.grpc.infer import InferMessage, InferRow
from scoreline.web.grpc.known import Known
from scoreline.web.grpc.layout import Manner
from scoreline.web.grpc.messages import Method

N_MANNERS = 256


class Request(NamedTuple):
    """What is asked, of which model, and how it is read and answered."""

    model_name: str
    model_version: str
    dialect: InferMessage | InferRow
    body: Any
    id: str = ""
    """What the answer repeats, where the dialect does not."""


class Inferring:
    """Reads the messages of a worker."""

    def __init__(self, method: Method) -> None:
        self._from_bytes = method.request.FromString
        self._known = Known()
        self._rows: dict[Manner, InferRow] = {}

    def read(self, data: bytes) -> Request:
        """Return the request that is in a message. Raises BadRequest."""
        row = self._known.read(data)
        if row is None:
            message = self.read_message(data)
            self._known.learn(data, message)
            return Request(message.model_name, message.model_version, InferMessage(message), data)
        layout = row.layout
        dialect = self._rows.get(layout.manner)
        if dialect is None:
            if len(self._rows) >= N_MANNERS:
                self._rows.clear()
            dialect = self._rows[layout.manner] = InferRow(layout.manner, self._from_bytes)
        return Request(layout.model_name, layout.model_version, dialect, row, row.id)

    def read_large(self, data: bytes) -> Request:
        """Do the same in a thread, for a message from which nothing is to be learned."""
        message = self.read_message(data)
        return Request(message.model_name, message.model_version, InferMessage(message), data)

    def read_message(self, data: bytes) -> Any:
        """Return the message as protobuf reads it. Raises BadRequest."""
        try:
            return self._from_bytes(data)
        except DecodeError as error:
            raise BadRequest(f"the message is no ModelInferRequest: {error}", hint="see open_inference.proto") from None
