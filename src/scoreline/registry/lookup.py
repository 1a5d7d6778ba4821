"""Find a record or say what is there instead."""

from __future__ import annotations

from scoreline.core.entities import Deployment, Model, Version
from scoreline.core.errors import NotFound
from scoreline.registry.names import Reference, missing
from scoreline.registry.seams import Records


def model(records: Records, name: str) -> Model:
    found = records.model(name)
    if found is None:
        raise missing("model", name, [m.name for m in records.models()])
    return found


def version(records: Records, name: str, reference: Reference) -> Version:
    known = model(records, name)
    number = reference.number
    if reference.alias is not None:
        number = known.aliases.get(reference.alias)
        if number is None:
            raise missing("alias", reference.alias, known.aliases, inside=name)
    assert number is not None
    found = records.version(name, number)
    if found is None:
        numbers = ", ".join(str(v.number) for v in records.versions(name)[:10])
        raise NotFound(f"no version {number} of {name}", hint=f"there is {numbers}" if numbers else "register one")
    return found


def deployment(records: Records, name: str) -> Deployment:
    found = records.deployment(name)
    if found is None:
        raise missing("deployment", name, [d.name for d in records.deployments()])
    return found
