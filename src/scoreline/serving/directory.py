"""Finds deployments: by name within a space, or by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from scoreline.core.errors import NotFound
from scoreline.serving.slot import Slot

_NOBODY: Mapping[str | None, Slot] = {}


class Directory:
    """The deployments of all spaces at one moment. Replaced whole, never changed: readers take no lock."""

    __slots__ = ("_by_id", "_by_space")

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._by_space: dict[str, dict[str | None, Slot]] = {}
        """Space → name → slot; None is the name of the default one."""
        self._by_id: dict[str | None, Slot] = {}
        for slot in slots:
            self._by_space.setdefault(slot.wanted.space, {})[slot.wanted.name] = slot
            self._by_id[slot.wanted.id] = slot
        for named in self._by_space.values():
            if (default := _default_of(list(named.values()))) is not None:
                named[None] = default
        self._by_id.pop("", None)

    def find(self, name: str | None, space: str) -> Slot | None:
        """Return the deployment of this name in ``space`` (None: its default one) or, in any space, of this id."""
        return self._by_space.get(space, _NOBODY).get(name) or self._by_id.get(name)

    def named(self, name: str, space: str) -> Slot | None:
        """Return the deployment of this name in ``space``."""
        return self._by_space.get(space, _NOBODY).get(name)

    def default_in(self, space: str) -> Slot | None:
        """Return what answers the dialects that know one model only."""
        return self._by_space.get(space, _NOBODY).get(None)

    def in_space(self, space: str) -> list[Slot]:
        """Return the deployments of a space, by name."""
        named = self._by_space.get(space, _NOBODY)
        return [named[name] for name in sorted(name for name in named if name is not None)]

    def everywhere(self) -> list[Slot]:
        """Return the deployments of all spaces, by space and name."""
        return [slot for space in sorted(self._by_space) for slot in self.in_space(space)]

    def replacing(self, slot: Slot) -> Directory:
        """Return a directory with ``slot`` in its place, and all else, which space answers by default too, as it is."""
        space, name = slot.wanted.space, slot.wanted.name
        named = {**self._by_space.get(space, _NOBODY), name: slot}
        if None in named and named[None].wanted.name == name:
            named[None] = slot
        made = Directory()
        made._by_space = {**self._by_space, space: named}
        made._by_id = {**self._by_id, slot.wanted.id: slot} if slot.wanted.id else self._by_id
        return made


def no_deployment(name: str | None, names: Iterable[str]) -> NotFound:
    """Return the error for a deployment that is not there; ``names`` are those its caller may know of."""
    known = sorted(names)
    if not known:
        hint = "nothing is deployed; `scoreline deploy MODEL` deploys a registered model"
    elif name is not None and (close := get_close_matches(name, known, n=1)):
        hint = f"did you mean `{close[0]}`? deployments: {', '.join(known)}"
    else:
        hint = f"deployments: {', '.join(known)}"
    return NotFound(
        f"no deployment is named `{name}`" if name is not None else "there is no default deployment", hint=hint
    )


def _default_of(slots: list[Slot]) -> Slot | None:
    """Return the one of a space that is marked default, or the only one there is."""
    marked = [slot for slot in slots if slot.wanted.default]
    return marked[0] if marked else slots[0] if len(slots) == 1 else None
