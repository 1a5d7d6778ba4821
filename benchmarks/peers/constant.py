"""`scoreline serve`, but the first answer is everybody's: the same server, and no decoding, scoring or encoding."""

from __future__ import annotations

from collections.abc import Sequence

from scoreline import cli
from scoreline.serving.plane import Asked, Plane
from scoreline.serving.protocols.dialect import Reply

score = Plane.answer
first: list[Reply | Exception] = []


def answer(self: Plane, asked: Sequence[Asked]) -> list[Reply | Exception]:
    """Stand in for `Plane.answer`."""
    if not first:
        first.extend(score(self, asked[:1]))
    return first * len(asked)


if __name__ == "__main__":
    Plane.answer = answer  # type: ignore[method-assign]
    cli.main()
