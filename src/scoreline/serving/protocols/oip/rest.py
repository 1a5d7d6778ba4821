"""The protocol over REST: JSON, and behind the JSON the values of tensors as bytes, where a caller says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from scoreline.core.errors import BadRequest, ScorelineError
from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Call, Dialect, Refusal, Reply
from scoreline.serving.protocols.framed import FRAME
from scoreline.serving.protocols.headers import column_headers
from scoreline.serving.protocols.json import read_json
from scoreline.serving.protocols.oip.bulk import answers, columns_of, join
from scoreline.serving.protocols.oip.datatypes import Datatype, pack, unpack
from scoreline.serving.protocols.oip.outputs import choose, describe, shape
from scoreline.serving.protocols.oip.tensors import HINT, decode

MOST_DIGITS = 18
_encoder = msgspec.json.Encoder()


class Input(msgspec.Struct, gc=False):
    """A tensor as it is sent."""

    name: str
    shape: list[int]
    datatype: Datatype
    values: list[Any] = msgspec.field(name="data", default_factory=list)
    """``data`` is flat or nested; what stands behind the JSON comes here, too, before rows are made of it."""
    parameters: dict[str, Any] | None = None


class Wanted(msgspec.Struct, gc=False):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] | None = None


class InferRequest(msgspec.Struct, gc=False):
    """The body of ``infer``."""

    inputs: list[Input]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[Wanted] | None = None


_decoder = msgspec.json.Decoder(InferRequest)


def _metadata(active: Active) -> Reply:
    return Reply(_encoder.encode(describe(active)))


def _ready(active: Active) -> Reply:
    return Reply(_encoder.encode({"name": active.name, "ready": True}))


class OpenInference:
    """``/v2/models/{name}``."""

    name = "oip"
    prefixes = ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
    score_path = "/infer"
    refusals: tuple[Refusal, ...] = ()
    media: tuple[str, ...] = ()
    views: Mapping[str, Callable[[Active], Reply]] = {"": _metadata, "/ready": _ready}

    def framed(self, said: str) -> Dialect:
        """See ``Framed``."""
        return Binary(said)

    def decode(self, body: bytes, active: Active) -> Call:
        return _call(read_json(body, _decoder), b"", active)

    def decode_many(self, bodies: Sequence[bytes], active: Active) -> tuple[Rows, Sequence[int]] | None:
        """See ``InBulk``."""
        found = []
        for body in bodies:
            try:
                request = _decoder.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return None
            columns = (
                None if request.id is not None or request.outputs or request.parameters else columns_of(request.inputs)
            )
            if columns is None:
                return None
            found.append(columns)
        return join(found, active)

    def encode_many(self, predictions: Predictions, sizes: Sequence[int], active: Active) -> list[Reply]:
        """See ``InBulk``."""
        return answers(predictions, sizes, active)

    def encode(self, call: Call, predictions: Predictions, active: Active) -> Reply:
        request: InferRequest = call.request
        answer: dict[str, Any] = {"model_name": active.name, "model_version": str(active.version)}
        if request.id is not None:
            answer["id"] = request.id
        wanted = {each.name: each.parameters or {} for each in request.outputs or ()}
        by_default = (request.parameters or {}).get("binary_data_output", False)
        parts: list[bytes] = []
        answer["outputs"] = outputs = []
        for output in choose(predictions, list(wanted)):
            told: dict[str, Any] = {
                "name": output.name,
                "shape": shape(output, predictions),
                "datatype": output.datatype,
            }
            values = output.values(predictions)
            if wanted.get(output.name, {}).get("binary_data", by_default):
                parts.append(pack(output.datatype, values))
                told["parameters"] = {"binary_data_size": len(parts[-1])}
            else:
                told["data"] = values.ravel().tolist() if isinstance(values, np.ndarray) else values
            outputs.append(told)
        document, headers = _encoder.encode(answer), column_headers(call.decoded)
        if not parts:
            return Reply(document, headers=headers)
        framing = (FRAME, str(len(document)))
        return Reply(b"".join([document, *parts]), "application/octet-stream", headers=(*headers, framing))

    def error(self, error: ScorelineError, request_id: str) -> bytes:
        return _encoder.encode({"error": str(error)})


class Binary(OpenInference):
    """The same for one request, of whose body so many bytes are JSON."""

    def __init__(self, said: str) -> None:
        self._said = said

    def decode(self, body: bytes, active: Active) -> Call:
        said = self._said
        n_bytes = int(said) if said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS else len(body) + 1
        if n_bytes > len(body):
            raise BadRequest(
                f"{FRAME}: expected a number up to {len(body)}, the bytes of the body, found {said[:20]!r}",
                hint="say how many bytes of the body are JSON",
            )
        return _call(read_json(body[:n_bytes], _decoder), memoryview(body)[n_bytes:], active)


def _call(request: InferRequest, behind: bytes | memoryview, active: Active) -> Call:
    place = 0
    for given in request.inputs:
        size = given.parameters.get("binary_data_size") if given.parameters else None
        if size is not None:
            if not isinstance(size, int) or not 0 <= size <= len(behind) - place:
                raise BadRequest(
                    f"tensor `{given.name}`: `binary_data_size` is {size!r}, and {len(behind) - place} bytes are left",
                    hint=f"send the header {FRAME}, and the values behind the JSON in the order of `inputs`",
                )
            unpacked = unpack(given.name, given.datatype, behind[place : place + size])
            given.values = unpacked  # type: ignore[assignment]  # only JSON has to be a list
            place += size
        elif given.values and isinstance(given.values[0], list):
            given.values = _flat(given)
    if place < len(behind):
        raise BadRequest(f"{len(behind) - place} bytes of the body belong to no tensor", hint="see `binary_data_size`")
    return Call(decode(request.inputs, active), request)


def _flat(given: Input) -> list[Any]:
    values = given.values
    while values and isinstance(values[0], list):
        try:
            values = [value for part in values for value in part]
        except TypeError:
            raise BadRequest(f"tensor `{given.name}`: its data is nested unevenly", hint=HINT) from None
    return values
