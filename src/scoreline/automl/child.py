"""The parent's side of one worker process."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import tempfile
from typing import IO, Any, BinaryIO, NamedTuple, cast

from scoreline.automl.messages import LENGTH
from scoreline.core import python

_CHUNK_BYTES = 1 << 20
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)


class Job(NamedTuple):
    """What a worker is busy with."""

    number: int
    started_at: float
    kill_at: float
    limit_seconds: float


class Child:
    """One worker process, its pipes, and its job."""

    def __init__(self, shared: BinaryIO) -> None:
        self.job: Job | None = None
        self.ready = False
        self.n_requests = 0
        self._received = bytearray()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed by kill)
        process = subprocess.Popen(  # noqa: S603 (ourselves)
            python.command("scoreline.automl.worker", str(shared.fileno())),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            pass_fds=(shared.fileno(),),
            env=os.environ | _ONE_THREAD | {"PYTHONHASHSEED": "0", "PYTHONPATH": python.path()},
        )
        self.process: subprocess.Popen[bytes] = process
        self.requests, self.answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        os.set_blocking(self.answers.fileno(), False)

    def send(self, request: Any) -> None:
        """Write a request; whether the process still lives shows when it is listened to."""
        body = pickle.dumps(request, protocol=5)
        with contextlib.suppress(BrokenPipeError):
            self.requests.write(LENGTH.pack(len(body)) + body)
            self.requests.flush()

    def receive(self) -> tuple[list[Any], bool]:
        """Everything that has arrived whole, and whether the process is still there."""
        alive = True
        try:
            while chunk := os.read(self.answers.fileno(), _CHUNK_BYTES):
                self._received += chunk
            alive = False
        except BlockingIOError:
            pass
        whole = []
        while len(self._received) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                break
            whole.append(pickle.loads(bytes(self._received[LENGTH.size : end])))  # noqa: S301 (our child)
            del self._received[:end]
        return whole, alive

    def why_dead(self) -> str:
        """Say why a process ended that nobody killed."""
        code = self.process.wait()
        if code == -signal.SIGKILL:
            return "the process was killed by the system, most likely for want of memory"
        self._complaints.seek(0)
        last = self._complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        return f"the process crashed with {how}" + (f": {last}" if last else "")

    def kill(self) -> None:
        """End the process now, and wait until it is gone."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self.requests.close()
        self.answers.close()
        self._complaints.close()
