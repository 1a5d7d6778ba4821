"""Find a record or say what is there instead."""

from __future__ import annotations

from scoreline.core.entities import Deployment, Model, Version
from scoreline.core.errors import NotFound
from scoreline.registry.names import Reference, missing
from scoreline.registry.seams import Records


def check_space(records: Records, space: str) -> None:
    """Raise NotFound when the space of ``records`` is not there."""
    if not records.has_space():
        raise NotFound(f"no space {space!r}", hint="scoreline space list shows those there are")


def model(records: Records, name: str) -> Model:
    """Return the model ``name``. Raises NotFound."""
    found = records.model(name)
    if found is None:
        raise missing("model", name, [m.name for m in records.models()])
    return found


def version(records: Records, name: str, reference: Reference) -> Version:
    """Return the version of the model ``name`` that ``reference`` means now. Raises NotFound."""
    known = model(records, name)
    number = reference.number
    if number is None:
        alias = str(reference.alias)
        if alias not in known.aliases:
            raise missing("alias", alias, known.aliases, inside=name)
        number = known.aliases[alias]
    found = records.version(name, number)
    if found is None:
        numbers = ", ".join(str(v.number) for v in records.versions(name)[:10])
        raise NotFound(f"no version {number} of {name}", hint=f"there is {numbers}" if numbers else "register one")
    return found


def deployment(records: Records, name: str) -> Deployment:
    """Return the deployment ``name``. Raises NotFound."""
    found = records.deployment(name)
    if found is None:
        raise missing("deployment", name, [d.name for d in records.deployments()])
    return found
