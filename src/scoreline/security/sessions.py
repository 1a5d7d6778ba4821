"""Tokens over time: begun with a key or a password, refreshed, revoked; they end with their key or user."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from scoreline.core.access import DEFAULT_SPACE, Access
from scoreline.core.errors import Unauthenticated
from scoreline.core.identities import Outcome, Token, User
from scoreline.security import access as accesses
from scoreline.security import audit
from scoreline.security.change import Clock
from scoreline.security.seams import SecurityRecords, SecurityStore
from scoreline.security.tokens import Claims, Tokens, refuse_revoked


class Sessions:
    """Issues, refreshes and ends tokens.

    A family of tokens takes room in the store only once it was refreshed or revoked, so that a caller that asks for a
    token with every request costs a signature and no write.
    """

    def __init__(self, store: SecurityStore, installation: bytes, clock: Clock) -> None:
        self._store = store
        self._tokens = Tokens(installation)
        self._now = clock

    def begin(self, whose: Access | User, audience: str) -> Token:
        """Return the first token of a new family."""
        if isinstance(whose, Access) and whose.kind == "user":
            with self._store.reading() as records:
                whose = records.user(whose.id) or whose
        return self._tokens.first(whose, audience, self._now())

    def access_of(self, token: str) -> Access:
        """Return what the caller with an access token may do. Raises Unauthenticated."""
        now = self._now()
        claims = self._tokens.read_access(token, now)
        with self._store.reading() as records:
            refuse_revoked(records, claims)
            access = _subject(records, claims, now)
        return msgspec.structs.replace(access, expires_at=min(access.expires_at, float(claims.exp)))

    def refresh(self, token: str) -> Token:
        """Return the next token of a family. Raises Unauthenticated."""
        now = self._now()
        claims = self._tokens.read_refresh(token, now)
        with self._store.writing() as records:
            refuse_revoked(records, claims)
            access = _subject(records, claims, now)
            is_newest = claims.number == (records.newest_of(claims.family) or 0)
            if is_newest:
                records.forget_families(now)
                records.put_family(claims.family, claims.number + 1, _ends(claims))
            else:
                self._end(records, claims, access, "token.reuse", "", now)
        if not is_newest:
            raise Unauthenticated(
                "this refresh token was used before, so all tokens of its family have ended",
                hint="ask for a new one with a key or a password",
            )
        return self._tokens.next(claims, now)

    def revoke(self, token: str, origin: str) -> None:
        """End the family of an access or refresh token. Raises Unauthenticated."""
        now = self._now()
        try:
            claims = self._tokens.read_access(token, now)
        except Unauthenticated:
            claims = self._tokens.read_refresh(token, now)
        with self._store.writing() as records:
            self._end(records, claims, _subject(records, claims, now), "token.revoke", origin, now)

    def _end(
        self, records: SecurityRecords, claims: Claims, access: Access, action: str, origin: str, now: datetime
    ) -> None:
        records.put_family(claims.family, None, _ends(claims))
        records.count_change()
        target = f"tokens of {claims.kind} {claims.username}"
        outcome: Outcome = "done" if action == "token.revoke" else "refused"
        audit.append(records, action, target, access, origin=origin, outcome=outcome, space=DEFAULT_SPACE, now=now)


def _ends(claims: Claims) -> datetime:
    return datetime.fromtimestamp(claims.until, UTC)


def _subject(records: SecurityRecords, claims: Claims, now: datetime) -> Access:
    """Return what whoever a token stands for may do today. Raises Unauthenticated when it is gone."""
    if claims.kind == "user":
        user = records.user(claims.sub)
        if user is not None and user.id == claims.sub and user.generation == claims.generation:
            return accesses.of_user(user)
    elif claims.kind == "key":
        key = records.key(claims.sub)
        if key is not None:
            accesses.refuse_ended(key, now)
            return accesses.of_key(key, records.user(key.user) if key.user is not None else None)
    raise Unauthenticated(
        f"whoever this token was for, {claims.username}, has gone or has another password",
        hint="ask for a new one with a key or a password",
    )
