"""The parent's side of the process of an original."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar, cast

import msgspec
import numpy as np
import numpy.typing as npt

from scoreline.core import python
from scoreline.core.errors import ERRORS, ModelRefused
from scoreline.importing import messages
from scoreline.importing.confinement import STRICT
from scoreline.importing.finding import FileKind
from scoreline.importing.messages import Build, Built, Open, Opened, Refused, Score, Scored
from scoreline.importing.original import CannotTake, Plan
from scoreline.scoring.rows import Rows

MOST_SECONDS = 300.0
"""Of one answer."""
_CHUNK_BYTES = 1 << 20
_CODES = {error.code: error for error in ERRORS}
_KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "SYSTEMROOT")
"""Of the environment; the rest may hold secrets."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_T = TypeVar("_T", Opened, Built, Scored)


class OriginalProcess:
    """An original, opened in a process of its own that ends with the ``with`` block."""

    def __init__(self, *, strict: bool = False) -> None:
        """``strict``: a stranger's code will run; where the kernel cannot confine it the process does not begin."""
        self._folder = tempfile.TemporaryDirectory(prefix="scoreline-import-")
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 (ourselves)
            python.command("scoreline.importing.child", *([STRICT] if strict else [])),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            cwd=self._folder.name,
            env=kept
            | _ONE_THREAD
            | {"PYTHONPATH": python.path(), "PYTHONDONTWRITEBYTECODE": "1", "HOME": self._folder.name},
        )
        self._requests, self._answers = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._decoder = msgspec.msgpack.Decoder(messages.Answer)

    def open(self, path: Path, kind: FileKind, trusted: tuple[str, ...] = ()) -> Opened:
        """Open a file. Raises ModelRefused."""
        return self._ask(Open(str(path.absolute()), kind, trusted), Opened)

    def build(self, plan: Plan) -> Built:
        """Write the graph. Raises ModelRefused."""
        return self._ask(Build(plan), Built)

    def score(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Score rows by the plan that was built last. Raises CannotTake."""
        return self._ask(Score.of(rows), Scored).array()

    def _ask(self, request: messages.Request, expected: type[_T]) -> _T:
        deadline = time.monotonic() + MOST_SECONDS
        try:
            messages.write(self._requests, request)
            size = messages.LENGTH.unpack(self._read(messages.LENGTH.size, deadline))[0]
            if size > messages.LARGEST_ANSWER_BYTES:
                raise ModelRefused("it answers with more than can be read")
            answer: Any = self._decoder.decode(self._read(size, deadline))
        except (BrokenPipeError, EOFError):
            raise ModelRefused(self._why_dead(), hint="it may be damaged, or larger than an import may be") from None
        if isinstance(answer, Refused):
            if answer.reason == messages.ROWS:
                raise CannotTake(answer.message)
            raise _CODES.get(answer.reason, ModelRefused)(answer.message, hint=answer.hint)
        if not isinstance(answer, expected):
            raise ModelRefused("its process answered out of turn")
        return answer

    def _read(self, n_bytes: int, deadline: float) -> bytes:
        found = bytearray()
        while len(found) < n_bytes:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise ModelRefused(f"it took longer than {MOST_SECONDS:.0f} seconds to answer")
            chunk = os.read(self._answers.fileno(), min(_CHUNK_BYTES, n_bytes - len(found)))
            if not chunk:
                raise EOFError
            found += chunk
        return bytes(found)

    def _why_dead(self) -> str:
        code = self._process.wait()
        if code in (-signal.SIGKILL, -signal.SIGXCPU):
            return "its process was ended: it needed more memory or time than an import may have"
        self._complaints.seek(0)
        last = self._complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        return f"its process ended with {how}" + (f": {last}" if last else "")

    def __enter__(self) -> OriginalProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._answers.close()
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        self._complaints.close()
        self._folder.cleanup()
