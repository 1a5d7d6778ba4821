"""What keys may do with a deployment ends with it, in the transaction that takes it away, whoever takes it away."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from scoreline.storage.tables.registry import counters
from scoreline.storage.tables.security import keys

SECURITY_CHANGES = "security"
"""The counter that those who keep what callers may do follow."""


def withdraw_deployment(connection: Connection, space: str, deployment: str) -> None:
    """Take a deployment from the keys that are good for it; revoke those that are good for no other.

    A later deployment of its name is another one.
    """
    held = select(keys.c.id, keys.c.deployments).where(
        keys.c.space == space, keys.c.deployments.is_not(None), keys.c.revoked_at.is_(None)
    )
    good_for_it = [row for row in connection.execute(held) if deployment in row.deployments]
    for row in good_for_it:
        others = [name for name in row.deployments if name != deployment]
        left = {"deployments": others} if others else {"revoked_at": datetime.now(UTC)}
        connection.execute(update(keys).where(keys.c.id == row.id).values(**left))
    if good_for_it:
        raised = update(counters).where(counters.c.name == SECURITY_CHANGES).values(value=counters.c.value + 1)
        connection.execute(raised)
