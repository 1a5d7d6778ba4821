"""Server reflection: which services there are, and the files that describe them, for tools such as ``grpcurl``."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from scoreline.core.errors import BadRequest
from scoreline.web.grpc.call import Call
from scoreline.web.grpc.messages import SERVICES, Messages, Method
from scoreline.web.grpc.status import CODES


class Reflection:
    """One version of the service. Each message of a caller has one for an answer."""

    def __init__(self, messages: Messages, method: Method) -> None:
        self._messages = messages
        self._method = method

    def ask(self, call: Call, data: bytes) -> None:
        """Answer a message."""
        try:
            message = self._method.request.FromString(data)
        except DecodeError as error:
            raise BadRequest(
                f"the message is no ServerReflectionRequest: {error}", hint="see reflection.proto"
            ) from None
        answer = self._method.response(valid_host=message.host, original_request=message)
        try:
            self._answer(message, answer)
        except KeyError:
            answer.error_response.error_code = CODES["NOT_FOUND"]
            answer.error_response.error_message = "nothing here has this name"
        call.send(answer.SerializeToString())

    def _answer(self, message: Any, answer: Any) -> None:
        """Write the answer. Raises KeyError for what there is not."""
        asked, pool = message.WhichOneof("message_request"), self._messages.pool
        if asked == "list_services":
            for name in SERVICES:
                answer.list_services_response.service.add(name=name)
        elif asked == "file_by_filename":
            self._describe(message.file_by_filename, answer)
        elif asked == "file_containing_symbol":
            self._describe(pool.FindFileContainingSymbol(message.file_containing_symbol).name, answer)
        elif asked == "all_extension_numbers_of_type":
            name = pool.FindMessageTypeByName(message.all_extension_numbers_of_type).full_name
            answer.all_extension_numbers_response.base_type_name = name
        else:  # proto3 has no extensions
            raise KeyError(asked)

    def _describe(self, file_name: str, answer: Any) -> None:
        answer.file_descriptor_response.file_descriptor_proto.append(self._messages.files[file_name])
