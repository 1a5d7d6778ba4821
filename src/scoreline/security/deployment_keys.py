"""A deployment's own two keys, as Azure has them: derived, so that they can be shown again; made anew one by one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from scoreline.core.errors import BadSetting, Forbidden
from scoreline.core.identities import DeploymentKeys, Key, Slot
from scoreline.security import keys, names, secrets
from scoreline.security.change import By, Clock, changing
from scoreline.security.seams import SecurityRecords, SecurityStore

SLOTS: tuple[Slot, ...] = ("primary", "secondary")


class DeploymentKeyRing:
    """Shows and makes the keys of deployments. They go with their deployment, which the store sees to.

    A key's secret follows from its id and the installation's secret. Where that secret has changed, what follows is not
    what was given out, so the key is made anew when it is next shown.
    """

    def __init__(self, store: SecurityStore, installation: bytes, clock: Clock) -> None:
        self._store = store
        self._installation = installation
        self._now = clock

    def show(self, space: str, deployment: str) -> DeploymentKeys:
        """Return both secrets, of keys that are made where they are not there."""
        now = self._now()
        with self._store.reading() as records:
            shown = self._shown(records, space, deployment, now)
        if len(shown) < len(SLOTS):
            with changing(self._store, "deployment.keys.create", By(), now) as change:
                shown = self._shown(change.records, space, deployment, now)
                for slot in SLOTS:
                    if slot not in shown:
                        shown[slot] = self._make(change.records, space, deployment, slot, now)
                        change.of(deployment, space)
        return DeploymentKeys(**shown)

    def regenerate(self, space: str, deployment: str, slot: Slot, by: By) -> DeploymentKeys:
        """Make the key of a slot anew. Raises BadSetting, Forbidden."""
        if slot not in SLOTS:
            raise BadSetting(f"a deployment has no {slot!r} key", hint=f"one of {', '.join(SLOTS)}")
        if not by.access.may("edit", space, deployment):
            raise Forbidden(f"making keys of {deployment!r} anew needs the role editor", hint="ask an administrator")
        self.show(space, deployment)
        now = self._now()
        with changing(self._store, "deployment.keys.regenerate", by, now) as change:
            self._make(change.records, space, deployment, slot, now)
            change.of(f"{deployment} ({slot})", space)
        return self.show(space, deployment)

    def _shown(self, records: SecurityRecords, space: str, deployment: str, now: datetime) -> dict[Slot, str]:
        shown = {}
        for slot, key in _held(records, space, deployment, now).items():
            secret = secrets.derived_key(key.id, self._installation)
            if secrets.same(records.key_digest(key.id) or "", secrets.digest(secret)):
                shown[slot] = secret
        return shown

    def _make(self, records: SecurityRecords, space: str, deployment: str, slot: Slot, now: datetime) -> str:
        before = _held(records, space, deployment, now).get(slot)
        if before is not None:
            records.revoke_key(before.id, now)
        name = names.clipped(f"{deployment} ({slot})")
        key = keys.limited(keys.new(name, space=space, actions=keys.SCORING, now=now), (deployment,))
        secret = secrets.derived_key(key.id, self._installation)
        keys.keep(records, msgspec.structs.replace(key, slot=slot), secret)
        return secret


def _held(records: SecurityRecords, space: str, deployment: str, now: datetime) -> dict[Slot, Key]:
    found = records.find_keys(space=space, deployment=deployment)
    return {key.slot: key for key in reversed(found) if key.slot is not None and key.holds(now)}
