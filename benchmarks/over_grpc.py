"""The Open Inference Protocol over gRPC, loaded by h2load of nghttp2.

h2load sends one message again and again, so it is held against a native load of one row; it knows HTTP/2 and no gRPC:
that every answer was a score is read from how many bytes they were.
"""

from __future__ import annotations

import re
import struct
import subprocess
from typing import Any

import grpc

from benchmarks.loads import Load, Void, found
from benchmarks.speaking import ONE_ROW, Server
from benchmarks.worlds import Row
from scoreline.web.grpc.messages import SERVICE, Messages

METHOD = "ModelInfer"
PATH = f"/{SERVICE}/{METHOD}"
PREFIX = struct.Struct(">BI")
"""In front of a message: whether it is compressed, and its length."""

FLOATS = {"FP32": ("f", "fp32_contents"), "FP64": ("d", "fp64_contents")}
"""Datatype → how struct calls it, and the member of typed contents."""


class OverGRPC:
    """Messages of one row, as many at a time as HTTP has connections."""

    beside = ONE_ROW

    def __init__(self, name: str, *, raw: bool, shared: bool = False) -> None:
        self.name = name
        self._raw = raw
        self._shared = shared
        """Whether all travel in one connection, as one client's do."""
        self._method = Messages().methods[METHOD]

    def ask(self, server: Server, row: Row) -> list[float]:
        answer = self._method.response.FromString(self._answer(server, row))
        probabilities = answer.outputs[0]
        code, contents = FLOATS[probabilities.datatype]
        if self._raw:
            return [value for (value,) in struct.iter_unpack(f"<{code}", answer.raw_output_contents[0])]
        return list(getattr(probabilities.contents, contents))

    def load(self, server: Server, *, n_connections: int, seconds: float, core: int) -> Load:
        row = server.world.rows[0]
        message = server.world.folder / f"{self.name}.bin"
        message.write_bytes(_framed(self._message(server, row)))
        shape = ("-c1", f"-m{n_connections}") if self._shared else (f"-c{n_connections}", "-m1")
        command = ["taskset", "-c", str(core), "h2load", *shape, "-t1", f"-D{seconds:.0f}", "-d", str(message)]
        for header in ("content-type: application/grpc", "te: trailers", f"authorization: Bearer {server.key}"):
            command += ["-H", header]
        command.append(f"http://{server.host}:{server.port}{PATH}")
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise Void(f"h2load ended with status {done.returncode}: {done.stdout}{done.stderr}")
        return parse(done.stdout, len(_framed(self._answer(server, row))), n_connections)

    def _answer(self, server: Server, row: Row) -> bytes:
        with grpc.insecure_channel(f"{server.host}:{server.port}") as channel:
            call = channel.unary_unary(PATH, request_serializer=None, response_deserializer=None)
            metadata = (("authorization", f"Bearer {server.key}"),)
            try:
                answer: bytes = call(self._message(server, row), metadata=metadata, timeout=30)
            except grpc.RpcError as error:
                raise Void(f"{self.name}: {error}") from None
        return answer

    def _message(self, server: Server, row: Row) -> bytes:
        request = self._method.request(model_name=server.world.name)
        for name, value in row.items():
            tensor = request.inputs.add(name=name, datatype="BYTES" if isinstance(value, str) else "FP64", shape=[1])
            if self._raw:
                request.raw_input_contents.append(_raw(value))
            elif isinstance(value, str):
                tensor.contents.bytes_contents.append(value.encode())
            else:
                tensor.contents.fp64_contents.append(value)
        encoded: bytes = request.SerializeToString()
        return encoded


def parse(text: str, answer_bytes: int, n_streams: int) -> Load:
    """Read what h2load printed. Raises Void unless each request was answered with ``answer_bytes``.

    h2load tells no percentiles: both are its mean.
    """
    rate = float(found(r"finished in [\d.]+\w+, ([\d.]+) req/s", text))
    n_done, n_good = (int(found(rf"requests: .*?(\d+) {what}", text)) for what in ("done", "succeeded"))
    wrong = [int(n) for n in re.findall(r"(\d+) (?:failed|errored|timeout|[345]xx)", text)]
    n_bytes = int(found(r"\((\d+)\) data", text))
    answered = n_done * answer_bytes <= n_bytes <= (n_done + n_streams) * answer_bytes
    if not n_done or n_good < n_done or any(wrong) or not answered:
        raise Void(f"some calls failed: an answer has {answer_bytes} bytes\n{text}")
    mean = n_streams / rate
    return Load(rate, mean, mean, n_done)


def _framed(message: bytes) -> bytes:
    return PREFIX.pack(0, len(message)) + message


def _raw(value: Any) -> bytes:
    if isinstance(value, str):
        encoded = value.encode()
        return struct.pack("<I", len(encoded)) + encoded
    return struct.pack("<d", value)
