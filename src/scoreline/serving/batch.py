"""A batch: requests that came together and are answered by one version; decoded and encoded in bulk where that goes."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from scoreline.scoring.predictions import Predictions
from scoreline.scoring.rows import Rows
from scoreline.serving.active import Active
from scoreline.serving.protocols.dialect import Call, InBulk, Reply

if TYPE_CHECKING:
    from scoreline.serving.plane import Asked

_wording, _body = attrgetter("dialect", "medium", "accept"), attrgetter("body")


class Batch:
    """Requests in the order asked. Those that cannot be decoded leave it, with their errors."""

    __slots__ = ("_bulk", "_calls", "active", "asked", "places", "rows", "sizes")
    asked: Sequence[Asked]
    rows: Rows
    """The rows of all of them, under one another."""
    sizes: Sequence[int]
    """How many rows each has."""

    def __init__(self, active: Active, asked: Sequence[Asked], places: Sequence[int]) -> None:
        self.active = active
        self.asked = asked
        self.places = places
        """Where each of them stands among all that came together."""
        self._bulk: InBulk | None = None
        self._calls: Sequence[Call] = ()

    def decode(self) -> list[tuple[int, Exception]]:
        """Decode the requests; return the errors of those that have one, and their places."""
        self._bulk = _bulk_of(self.asked)
        if self._bulk is not None:
            found = self._bulk.decode_many(list(map(_body, self.asked)), self.active)
            if found is not None:
                self.rows, self.sizes = found
                return []
            self._bulk = None
        return self._decode_each()

    def _decode_each(self) -> list[tuple[int, Exception]]:
        calls: list[Call] = []
        errors: list[tuple[int, Exception]] = []
        for i, one in enumerate(self.asked):
            try:
                calls.append(decode(one))
            except Exception as error:
                errors.append((i, error))
        if errors:
            failed = {i for i, _ in errors}
            errors = [(self.places[i], error) for i, error in errors]
            self.asked = [one for i, one in enumerate(self.asked) if i not in failed]
            self.places = [place for i, place in enumerate(self.places) if i not in failed]
        if calls:
            parts = [call.decoded.rows for call in calls]
            self.rows, self.sizes = Rows.join(parts), list(map(len, parts))
        self._calls = calls
        return errors

    def encode(self, predictions: Predictions) -> Sequence[Reply | Exception]:
        """Write the answers, or the errors of those that cannot be written."""
        if self._bulk is not None:
            return self._bulk.encode_many(predictions, self.sizes, self.active)
        answers: list[Reply | Exception] = []
        for one, call, part in zip(self.asked, self._calls, predictions.split(self.sizes), strict=True):
            try:
                answers.append(encode(one, call, part))
            except Exception as error:
                answers.append(error)
        return answers


def decode(one: Asked) -> Call:
    """Read a request by itself."""
    return (
        one.dialect.decode(one.body, one.active) if one.medium is None else Call(one.medium.read(one.body, one.active))
    )


def encode(one: Asked, call: Call, predictions: Predictions) -> Reply:
    """Write its answer."""
    if one.accept is None:
        return one.dialect.encode(call, predictions, one.active)
    return one.accept.write(predictions, call.decoded, one.active)


def _bulk_of(asked: Sequence[Asked]) -> InBulk | None:
    """Return the dialect of all these requests if it works in bulk and they ask for nothing but its JSON."""
    wordings = set(map(_wording, asked))
    if len(wordings) > 1:
        return None
    dialect, medium, accept = wordings.pop()
    return dialect if medium is None and accept is None and hasattr(dialect, "decode_many") else None
