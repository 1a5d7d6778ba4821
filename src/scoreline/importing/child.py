"""The process of an original: ``python -m scoreline.importing.child``. It has limits, and speaks through a pipe."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

from scoreline.importing import confinement

if TYPE_CHECKING:
    from scoreline.importing.messages import Answer, Request
    from scoreline.importing.original import Original, Plan


def main() -> None:
    """Answer requests until there are no more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    confinement.confine(strict=confinement.STRICT in sys.argv)
    import msgspec

    from scoreline.importing import messages

    decoder = msgspec.msgpack.Decoder(messages.Request)
    child = _Child()
    while (body := _read(sys.stdin.buffer, messages.LENGTH.size)) is not None:
        request = _read(sys.stdin.buffer, messages.LENGTH.unpack(body)[0])
        if request is None:
            return
        messages.write(answers, child.answer(decoder.decode(request)))


def _read(stream: IO[bytes], n_bytes: int) -> bytes | None:
    found = stream.read(n_bytes)
    return found if len(found) == n_bytes else None


class _Child:
    """The original, opened, and the plan that was built last."""

    def __init__(self) -> None:
        self._original: Original | None = None
        self._plan: Plan | None = None

    def answer(self, request: Request) -> Answer:
        from scoreline.core.errors import ScorelineError
        from scoreline.importing.messages import ROWS, Refused
        from scoreline.importing.original import CannotTake, first_line

        try:
            return self._do(request)
        except CannotTake as error:
            return Refused(ROWS, str(error))
        except ScorelineError as error:
            return Refused(error.code, error.message, error.hint)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            hint = "pip install 'scoreline[automl,import]'"
            return Refused("missing_extra", f"reading it needs the package {package}, which is not installed", hint)
        except MemoryError:
            return Refused("model_refused", "it needs more memory than an import may have")
        except Exception as error:  # a stranger's file may break anything
            return Refused("model_refused", f"it cannot be read: {type(error).__name__}: {first_line(error)}")

    def _do(self, request: Request) -> Answer:
        from scoreline.importing.messages import Built, Open, Opened, Score, Scored

        if isinstance(request, Open):
            from scoreline.importing.originals.opening import open_original

            self._original = open_original(Path(request.path), request.format, request.trusted)
            return Opened(self._original.described, self._original.n_variants)
        if self._original is None:
            raise RuntimeError("nothing is open")
        if isinstance(request, Score):
            if self._plan is None:
                raise RuntimeError("nothing is built")
            return Scored.of(self._original.score(request.rows(), self._plan))
        self._plan = request.plan
        thresholds = self._original.thresholds(request.plan)
        listed = {index: values.tolist() for index, values in thresholds.items()}
        return Built(self._original.graph(request.plan), listed)


if __name__ == "__main__":
    main()
