"""A deployment's own keys go with it, in the transaction that takes it away, whoever takes it away."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from scoreline.storage.tables import counters, keys

SECURITY_CHANGES = "security"
"""The counter that those who keep what callers may do follow."""


def revoke_deployment_keys(connection: Connection, space: str, deployment: str) -> None:
    """Revoke both keys of a deployment: another one of its name is another one."""
    held = select(keys.c.id, keys.c.deployments).where(
        keys.c.space == space, keys.c.slot.is_not(None), keys.c.revoked_at.is_(None)
    )
    own = [row.id for row in connection.execute(held) if row.deployments == [deployment]]
    if own:
        connection.execute(update(keys).where(keys.c.id.in_(own)).values(revoked_at=datetime.now(UTC)))
        raised = update(counters).where(counters.c.name == SECURITY_CHANGES).values(value=counters.c.value + 1)
        connection.execute(raised)
