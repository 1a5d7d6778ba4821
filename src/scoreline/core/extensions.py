"""A named list of interchangeable things: scorers, learners, transformers, dialects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from scoreline.core.errors import BadSetting


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


class Extensions(Generic[T]):
    """The one list of an extension point, looked up by name."""

    def __init__(self, noun: str, items: Iterable[T]) -> None:
        self.noun = noun
        self._items = {item.name: item for item in items}

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name]
        except KeyError:
            raise BadSetting(f"unknown {self.noun} {name!r}", hint=f"one of {', '.join(self._items)}") from None

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    @property
    def names(self) -> list[str]:
        return list(self._items)
