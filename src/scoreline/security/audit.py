"""The audit log: each record carries a digest of itself and of the one before, so that a cut is seen."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from scoreline.core.access import Access
from scoreline.core.identities import AuditRecord, Outcome
from scoreline.security.names import clipped
from scoreline.security.seams import SecurityRecords, SecurityStore

BEFORE_THE_FIRST = "0" * 64
AT_A_TIME = 1000
"""Records that are verified at a time."""


class Verified(NamedTuple):
    """What reading the whole log has shown."""

    n_records: int
    digest: str
    """Of the last record. Noted elsewhere, it shows later that none of these was changed or cut off."""
    broken_at: int | None
    """The first record that is not as it was written, or that is not there; None: the log is whole."""
    has_noted: bool
    """Whether one of them has the digest that somebody noted; also where nobody did."""


def append(
    records: SecurityRecords,
    action: str,
    target: str,
    by: Access,
    *,
    origin: str,
    outcome: Outcome,
    space: str,
    now: datetime,
) -> AuditRecord:
    """Write one record behind the last."""
    last = records.last_audit()
    record = AuditRecord(
        id=last.id + 1 if last else 1,
        at=now.astimezone(UTC),
        kind=by.kind,
        actor_id=by.id,
        actor=clipped(by.name),
        action=clipped(action),
        target=clipped(target),
        space=space,
        origin=clipped(origin),
        outcome=outcome,
        digest="",
    )
    record = msgspec.structs.replace(record, digest=digest(record, last.digest if last else BEFORE_THE_FIRST))
    records.add_audit(record)
    return record


def digest(record: AuditRecord, before: str) -> str:
    """Return SHA-256 over the digest before a record and the record as JSON without its own digest."""
    content = msgspec.structs.replace(record, at=record.at.astimezone(UTC), digest=before)
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def verify(store: SecurityStore, noted: str | None = None) -> Verified:
    """Read the whole log and compute every digest again; look for one that was ``noted`` earlier."""
    n, before, has_noted = 0, BEFORE_THE_FIRST, noted is None
    with store.reading() as records:
        n_written = records.n_audit()
        while found := records.audit_after(n, AT_A_TIME):
            for record in found:
                if record.id != n + 1 or record.digest != digest(record, before):
                    return Verified(n, before, n + 1, has_noted)
                n, before = record.id, record.digest
                has_noted = has_noted or before == noted
    return Verified(n, before, None if n == n_written else n + 1, has_noted)
