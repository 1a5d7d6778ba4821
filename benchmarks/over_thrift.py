"""Thrift's binary protocol, framed, loaded by a process of our own: no tool for it is known to us."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import thriftpy2
from thriftpy2.protocol import TBinaryProtocol, TBinaryProtocolFactory
from thriftpy2.rpc import make_client
from thriftpy2.thrift import TMessageType
from thriftpy2.transport import TFramedTransport, TFramedTransportFactory, TMemoryBuffer

from benchmarks.loads import Load, Void
from benchmarks.speaking import N_BODIES, NATIVE, Server
from benchmarks.ways import ROOT
from benchmarks.worlds import Row
from scoreline.serving.protocols.thrift.idl import idl


class OverThrift:
    """Calls of `score`, a row in each."""

    name = "Thrift"
    beside = NATIVE

    def ask(self, server: Server, row: Row) -> list[float]:
        scoring = self._scoring(server)
        try:
            client = make_client(
                scoring.ScoringService,
                server.host,
                server.thrift_port,
                proto_factory=TBinaryProtocolFactory(),
                trans_factory=TFramedTransportFactory(),
            )
            client.login(server.key)
            probabilities: list[float] = client.score(_struct(scoring, row), False, False)
            client.close()
        except (OSError, scoring.ScoringError) as error:
            raise Void(f"{self.name}: {error}") from None
        return probabilities

    def load(self, server: Server, *, n_connections: int, seconds: float, core: int) -> Load:
        frames = self._frames(server)
        command = ["taskset", "-c", str(core), sys.executable, "-m", "benchmarks.thrift_load"]
        command += [server.host, str(server.thrift_port), str(frames), str(n_connections), str(seconds)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise Void(f"{self.name}: {done.stderr}")
        return Load(**json.loads(done.stdout))

    def _frames(self, server: Server) -> Path:
        """Write the messages, once: one that logs in, and a call for each row."""
        path = server.world.folder / f"{self.name}.frames"
        if not path.exists():
            scoring = self._scoring(server)
            service = scoring.ScoringService
            messages = [_message("login", service.login_args(key=server.key))]
            for row in server.world.draw(N_BODIES):
                arguments = service.score_args(row=_struct(scoring, row), pred_contribs=False, output_margin=False)
                messages.append(_message("score", arguments))
            path.write_bytes(b"".join(messages))
        return path

    def _scoring(self, server: Server) -> Any:
        path = server.world.folder / "scoring.thrift"
        path.write_text(idl(server.world.name, server.world.pipeline.manifest), encoding="utf-8")
        return thriftpy2.load(str(path), module_name=f"{server.world.name}_thrift")


def _struct(scoring: Any, row: Row) -> Any:
    """Return a row as the IDL has it: its fields have other names than the columns, and their order."""
    fields = [name for _, name, *_ in scoring.Row.thrift_spec.values()]
    return scoring.Row(**dict(zip(fields, row.values(), strict=True)))


def _message(method: str, arguments: Any) -> bytes:
    buffer = TMemoryBuffer()
    transport = TFramedTransport(buffer)
    protocol = TBinaryProtocol(transport)
    protocol.write_message_begin(method, TMessageType.CALL, 0)
    arguments.write(protocol)
    protocol.write_message_end()
    transport.flush()
    framed: bytes = buffer.getvalue()
    return framed
