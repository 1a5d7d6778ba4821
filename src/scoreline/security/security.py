"""Security: every rule about who a caller is and what it may do, over whatever stores it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property

from scoreline.core.access import ACTIONS, DEFAULT_SPACE, SYSTEM, Access, Action, Role
from scoreline.core.errors import Unavailable
from scoreline.core.identities import AuditRecord, DeploymentKeys, Key, NewKey, Outcome, Slot, Space, Token, User
from scoreline.security import access as accesses
from scoreline.security import audit as audit_log
from scoreline.security import keys, names, passwords, secrets, spaces, users
from scoreline.security.change import By, Clock, changing, utc_now
from scoreline.security.deployment_keys import DeploymentKeyRing
from scoreline.security.logins import Logins
from scoreline.security.seams import SecurityStore
from scoreline.security.sessions import Sessions

USE_NOTED_EVERY = timedelta(minutes=1)


class Security:
    """Keys, users, tokens, spaces and the audit log.

    Safe to use from many threads and processes at once: each method is one transaction, or a few. What changes
    anything takes ``by``, the caller, and ``origin``, its address: a caller gives no right that it has not itself, and
    every change is in the audit log. Without ``by`` it is the installation's own.
    """

    def __init__(
        self,
        store: SecurityStore,
        secret: str | None = None,
        *,
        clock: Clock = utc_now,
        on_space_deleted: Callable[[Space], None] = lambda space: None,
    ) -> None:
        self._store = store
        self._on_space_deleted = on_space_deleted
        self._given_secret = secret
        self._now = clock
        self._passwords = passwords.Passwords()
        self._logins = Logins(store, self._passwords, clock)

    # who a caller is

    def authenticate_secret(self, secret: str) -> Access:
        """Return what the caller with a key or an access token may do. Raises Unauthenticated.

        It reads the store: whoever is asked often keeps the answer until `change_counter` grows.
        """
        if not secret.startswith(secrets.KEY_PREFIX):
            return self._sessions.access_of(secret)
        now = self._now()
        with self._store.reading() as records:
            key, access = keys.authenticate(records, secret, now)
        if key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY:
            with suppress(Unavailable):  # the key holds all the same
                self.note_use([key.id])
        return access

    def authenticate_password(self, name: str, password: str, origin: str = "") -> Access:
        """Return what the user with a name and a password may do.

        Raises Unauthenticated, the same whichever is wrong, and TooManyRequests after too many wrong ones.
        """
        return accesses.of_user(self._logins.user_of(name, password, origin))

    def change_counter(self) -> int:
        """Return a number that grows with every change of what anybody may do."""
        with self._store.reading() as records:
            return records.change_counter()

    def note_use(self, key_ids: Collection[str]) -> None:
        """Write that keys were used just now, at most once a minute each. For those who keep accesses and ask less."""
        if key_ids:
            now = self._now()
            with self._store.writing() as records:
                records.note_use(list(key_ids), now, now - USE_NOTED_EVERY)

    def ensure_administrator(self) -> str | None:
        """Make a key that administers the installation where nobody does; return its secret, this one time."""
        made = keys.ensure_administrators(self._store, self._now())
        return None if made is None else made.secret

    # keys

    def create_key(
        self,
        name: str,
        *,
        space: str = DEFAULT_SPACE,
        role: Role | None = None,
        actions: Sequence[Action] | None = None,
        deployments: Sequence[str] = (),
        expires_at: datetime | None = None,
        rate: float = 0.0,
        user: str | None = None,
        by: Access = SYSTEM,
        origin: str = "",
    ) -> NewKey:
        """Make a key; its secret is in the answer and nowhere else.

        ``space``: ``*`` is every space. ``deployments``: the only ones it may see and score. ``user``: it acts for
        that user, and may do no more, whatever its role; without a role it may do all that the user may.
        Raises BadSetting, NotFound, Forbidden.
        """
        may = keys.allowed(role, actions, otherwise=() if user is None else ACTIONS)
        with changing(self._store, "key.create", By(by, origin), self._now()) as change:
            of = None if user is None else users.find(change.records, user, by).id
            where = spaces.name_of(change.records, space, by)
            key = keys.new(name, space=where, actions=may, user=of, rate=rate, expires_at=expires_at, now=change.now)
            return keys.make(change, keys.limited(key, deployments))

    def keys(self, *, space: str | None = None, user: str | None = None) -> list[Key]:
        """Return all keys, the newest first: those of a space that there is, of a user, or all."""
        with self._store.reading() as records:
            found = records.find_keys(space=space, user=users.find(records, user).id if user is not None else None)
            return found if space is None else spaces.of_this_one(records, space, found)

    def revoke_key(self, id_or_name: str, *, by: Access = SYSTEM, origin: str = "") -> Key:
        """Let a key count for nothing from now on, and the tokens that came of it.

        Raises NotFound, Forbidden, and Conflict when it is the last administrator's.
        """
        with changing(self._store, "key.revoke", By(by, origin), self._now()) as change:
            return keys.revoke(change, id_or_name)

    def deployment_keys(self, space: str, deployment: str) -> DeploymentKeys:
        """Return a deployment's own two keys, made at first use; the same ones until they are made anew."""
        return self._deployment_keys.show(space, deployment)

    def regenerate_deployment_key(
        self, space: str, deployment: str, slot: Slot, *, by: Access = SYSTEM, origin: str = ""
    ) -> DeploymentKeys:
        """Make one of a deployment's two keys anew; the one before counts for nothing from now on.

        Raises Forbidden when ``by`` may not edit in the space.
        """
        return self._deployment_keys.regenerate(space, deployment, slot, By(by, origin))

    # users

    def create_user(self, name: str, password: str | None = None, *, by: Access = SYSTEM, origin: str = "") -> User:
        """Make a user: a person with a password, or a machine without. It may do nothing before it is given a role.

        Raises BadSetting, Forbidden, and Conflict when the name is taken.
        """
        names.check_user(name)
        hashed = None if password is None else self._hashed(name, password)
        with changing(self._store, "user.create", By(by, origin), self._now()) as change:
            return users.create(change, name, hashed)

    def users(self) -> list[User]:
        """Return all users by name."""
        with self._store.reading() as records:
            return records.users()

    def user(self, id_or_name: str) -> User:
        """Return one user. Raises NotFound."""
        with self._store.reading() as records:
            return users.find(records, id_or_name)

    def set_password(
        self, user: str, password: str, *, current: str | None = None, by: Access = SYSTEM, origin: str = ""
    ) -> None:
        """Give a user a new password; tokens that came of the one before end.

        Users change their own with the ``current`` one: a stolen token must not become an account.
        Raises BadSetting, BadRequest, NotFound, Forbidden, TooManyRequests.
        """
        found = self.user(user)
        if by.kind == "user" and by.id == found.id:
            self._logins.confirm(found.name, current, origin)
        hashed = self._hashed(found.name, password)
        with changing(self._store, "user.password", By(by, origin), self._now()) as change:
            users.replace_password(change, found.id, hashed)

    def delete_user(self, user: str, *, by: Access = SYSTEM, origin: str = "") -> User:
        """Delete a user with its keys. Raises NotFound, Forbidden, and Conflict when it is the last administrator."""
        with changing(self._store, "user.delete", By(by, origin), self._now()) as change:
            return users.delete(change, user)

    def grant(self, user: str, space: str, role: Role, *, by: Access = SYSTEM, origin: str = "") -> User:
        """Give a user a role in a space (``*``: in every one) instead of the one it had there.

        Raises BadSetting, NotFound, Forbidden, and Conflict when nobody would administer the installation.
        """
        with changing(self._store, "user.grant", By(by, origin), self._now()) as change:
            return users.grant(change, user, space, role)

    def withdraw(self, user: str, space: str, *, by: Access = SYSTEM, origin: str = "") -> User:
        """Take a user's role in a space away.

        Raises NotFound, Forbidden, and Conflict when nobody would administer the installation.
        """
        with changing(self._store, "user.withdraw", By(by, origin), self._now()) as change:
            return users.withdraw(change, user, space)

    # tokens

    def issue_token(self, whose: Access | User, *, audience: str = "") -> Token:
        """Return a token for a caller who has just shown a key or a password."""
        return self._sessions.begin(whose, audience)

    def refresh(self, refresh_token: str) -> Token:
        """Return a new token for a refresh token, which is good for that once.

        Raises Unauthenticated; when it was used before, all tokens of its family end, for somebody has a copy.
        """
        return self._sessions.refresh(refresh_token)

    def revoke_token(self, token: str, *, origin: str = "") -> None:
        """End an access or refresh token, and all of its family. Raises Unauthenticated when it is none."""
        self._sessions.revoke(token, origin)

    # spaces

    def create_space(self, name: str, description: str = "", *, by: Access = SYSTEM, origin: str = "") -> Space:
        """Make a space. Raises BadSetting, Forbidden, and Conflict when the name is taken."""
        with changing(self._store, "space.create", By(by, origin), self._now()) as change:
            return spaces.create(change, name, description)

    def spaces(self, *, by: Access = SYSTEM) -> list[Space]:
        """Return the spaces in which ``by`` may do anything, by name."""
        with self._store.reading() as records:
            return [space for space in records.spaces() if by.actions(space.name)]

    def space(self, id_or_name: str, *, by: Access = SYSTEM) -> Space:
        """Return one space. Raises NotFound, also where ``by`` has nothing in it."""
        with self._store.reading() as records:
            return spaces.find(records, id_or_name, by)

    def delete_space(self, id_or_name: str, *, by: Access = SYSTEM, origin: str = "") -> Space:
        """Delete an empty space with the roles in it and its files, and revoke its keys.

        Raises NotFound, Forbidden, and Conflict when it is the default one or anything belongs to it.
        """
        with changing(self._store, "space.delete", By(by, origin), self._now()) as change:
            deleted = spaces.delete(change, id_or_name)
        self._on_space_deleted(deleted)
        return deleted

    # the audit log

    def record(
        self,
        action: str,
        target: str,
        access: Access,
        origin: str = "",
        outcome: Outcome = "done",
        *,
        space: str | None = None,
    ) -> None:
        """Write into the audit log what a caller did, or was refused."""
        where, now = access.space if space is None else space, self._now()
        with self._store.writing() as records:
            audit_log.append(records, action, target, access, origin=origin, outcome=outcome, space=where, now=now)

    def audit(
        self,
        *,
        limit: int = 100,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: str | None = None,
        action: str | None = None,
        space: str | None = None,
        by: Access = SYSTEM,
    ) -> list[AuditRecord]:
        """Return the newest records, the newest first: from ``since`` on, before ``until``, by an id or a name.

        Who does not administer the installation sees nothing of a space of the same name that was there before.
        """
        with self._store.reading() as records:
            since = spaces.seen_since(records, space, since, by)
            return records.audit(limit=limit, since=since, until=until, actor=actor, action=action, space=space)

    def verify_audit(self, noted: str | None = None) -> audit_log.Verified:
        """Read the whole audit log; find the first record that is not as it was written, and one that was noted."""
        return audit_log.verify(self._store, noted)

    def _hashed(self, name: str, password: str) -> str:
        return self._passwords.hash(passwords.check(name, password))

    @cached_property
    def _installation(self) -> bytes:
        return self._given_secret.encode() if self._given_secret else secrets.installation_secret(self._store)

    @cached_property
    def _deployment_keys(self) -> DeploymentKeyRing:
        return DeploymentKeyRing(self._store, self._installation, self._now)

    @cached_property
    def _sessions(self) -> Sessions:
        return Sessions(self._store, self._installation, self._now)
