"""The gate that asks for a key: what it knows it answers at once, what it does not know it finds out in threads."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import msgspec
from starlette.requests import Request

from scoreline.core.access import DEFAULT_SPACE, EVERY_SPACE, NO_ACTIONS, Access, Needs
from scoreline.core.errors import Forbidden, NotFound, ScorelineError, TooManyRequests, Unauthenticated, Unavailable
from scoreline.web.gate import credentials
from scoreline.web.gate.authority import Authority
from scoreline.web.gate.passes import NOBODY, Guest, Pass, Stranger, is_over
from scoreline.web.gate.rate import Bucket
from scoreline.web.gate.rates import Rates
from scoreline.web.gate.refusals import Refusals
from scoreline.web.gate.seam import BY, Known
from scoreline.web.seat import ALONE, Seat

POLL_SECONDS = 0.25
"""How often it is asked whether anything changed."""
NOTE_SECONDS = 60.0
"""How often it is written which keys were used."""
N_KEPT, N_STRANGERS_KEPT = 10_000, 1000
"""Credentials that are remembered, and those that do not hold, …"""
LONGEST_KEPT_BYTES = 2048
"""… unless they are longer than any token of ours: whoever sends such must not fill the memory."""
STRANGER_SECONDS = 5.0
"""How long a credential that does not hold is remembered, at most: it may hold soon."""
N_THREADS = 2
N_ASKING = 256
"""Credentials that may wait to be looked up, …"""
N_ASKING_FROM_ONE = 16
"""… and those of one address. What is known to hold does not count, whatever becomes of it."""
FAILURES_A_SECOND, N_FAILURES = 20.0, 100
"""How many credentials of one address may turn out not to hold."""

_NONE = Unauthenticated("the request does not say who sends it", hint=credentials.HINT)
_UNKNOWABLE = Unavailable(
    "who sends the request could not be found out", hint="send it again in a moment; the server's log has the cause"
)

_K = TypeVar("_K")
_V = TypeVar("_V")

log = logging.getLogger("scoreline.web")


class KeyGate:
    """Lets in whom ``authority`` knows. One for a worker, used in its event loop between ``start`` and ``close``.

    A key's rate holds for all ``n_workers`` of the server together, of which this one has a ``seat``. Whose credential
    does not hold, and who sends none, may do what is ``open_to`` all; None: nothing is.
    """

    def __init__(
        self, authority: Authority, *, seat: Seat = ALONE, n_workers: int = 1, open_to: Access | None = None
    ) -> None:
        self._authority = authority
        self.open_to = open_to
        self._nobody = self._stranger(_NONE)
        self._rates = Rates(seat, n_workers)
        self._passes: dict[bytes | tuple[bytes, bytes], Pass] = {}
        self._strangers: dict[bytes | tuple[bytes, bytes], Stranger] = {}
        self._familiar: set[bytes] = set()
        """Credentials that held before the last change."""
        self._asking: dict[tuple[bytes, bytes], asyncio.Future[Known]] = {}
        self._n_asking: Counter[str] = Counter()
        self._failures: dict[str, Bucket] = {}
        self._threads = ThreadPoolExecutor(N_THREADS, "scoreline-gate")
        self._used: set[str] = set()
        """Ids of keys that were used since that was last written."""
        self._refusals = Refusals()
        self._counter: int | None = None
        self._closed = threading.Event()
        self._following: threading.Thread | None = None

    def known(self, credential: bytes, space: bytes) -> Known | None:
        key = (credential, space) if space else credential
        found: Known | None = self._passes.get(key)
        if found is None and credential.startswith(credentials.SIGNED):
            credential = credentials.without_signature(credential)
            key = (credential, space) if space else credential
            found = self._passes.get(key)
        if found is None:
            names_space = space and self.open_to is not None  # which is open if it is the default one
            found = self._strangers.get(key) if credential or names_space else self._nobody
        return None if found is None or is_over(found.expires_at) else found

    async def admit(self, request: Request, needs: Needs, *, anywhere: bool = False) -> Access:
        if needs == "nothing":
            return NOBODY
        scope = request.scope
        credential, space = credentials.find(scope["headers"], scope["query_string"])
        origin = scope["client"][0] if scope["client"] else ""
        found = await self._find(credential, space, origin)
        scope[BY] = found.name
        try:
            return found.admit(needs, anywhere=anywhere)
        except Forbidden:
            self.note_refusal(found, needs, f"{request.method} {request.url.path}", origin)
            raise

    def note_refusal(self, known: Known, needs: Needs, asked: str, origin: str) -> None:
        if isinstance(known, Pass):
            self._refusals.note(known.access, needs, asked, origin)

    async def _find(self, credential: bytes, space: bytes, origin: str) -> Known:
        found = self.known(credential, space)
        if found is None:  # others may wait for the same: who stops waiting must not stop them
            found = await asyncio.shield(self.look_up(credential, space, origin, asyncio.get_running_loop()))
        return found

    def look_up(
        self, credential: bytes, space: bytes, origin: str, loop: asyncio.AbstractEventLoop
    ) -> asyncio.Future[Known]:
        credential = credentials.without_signature(credential)
        asked = self._asking.get((credential, space))
        if asked is not None:
            return asked
        if (refused := self._too_many(credential, space, origin)) is not None:
            found: asyncio.Future[Known] = loop.create_future()
            found.set_result(refused)
            return found
        asked = loop.run_in_executor(self._threads, self._ask, credential, space, origin)
        self._asking[credential, space] = asked
        self._n_asking[origin] += 1
        asked.add_done_callback(partial(self._answered, credential, space, origin, self._passes))
        return asked

    def start(self) -> None:
        """Begin to follow what changes, in a thread of its own: loading a model must not keep a revoked key alive."""
        self.refresh()
        self._following = threading.Thread(target=self._follow, name="scoreline-gate-changes", daemon=True)
        self._following.start()

    def close(self) -> None:
        """End the threads."""
        self._closed.set()
        if self._following is not None:
            self._following.join()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _follow(self) -> None:
        failed, noted_at = False, time.monotonic()
        while not self._closed.wait(POLL_SECONDS):
            try:
                self.refresh()
                if time.monotonic() - noted_at >= NOTE_SECONDS:
                    noted_at = time.monotonic()
                    self.note_use()
                    self._refusals.forget()
                self.write_refusals()
                failed = False
            except Exception:
                if not failed:
                    log.exception("changes of keys and roles cannot be followed; what is known goes on to hold")
                failed = True

    def refresh(self) -> None:
        """Forget what a change may have made untrue."""
        counter = self._authority.change_counter()
        if counter == self._counter:
            return
        if self._counter is not None:
            self._gather_used()
            self._familiar = {key if isinstance(key, bytes) else key[0] for key in self._passes}
            self._passes, self._strangers = {}, {}
        self._counter = counter

    def note_use(self) -> None:
        """Have it written which keys were used since this was last done."""
        self._gather_used()
        used, self._used = self._used, set()
        if used:
            self._authority.note_use(used)

    def write_refusals(self) -> None:
        """Have it written who asked for more than they may."""
        self._refusals.write(self._authority)

    def _gather_used(self) -> None:
        for kept in list(self._passes.values()):
            if kept.used and kept.access.kind == "key":
                kept.used = False
                self._used.add(kept.access.id)

    def _too_many(self, credential: bytes, space: bytes, origin: str) -> Stranger | None:
        """Return the refusal of what would keep the threads from those who may come in; None: there is room."""
        if credential in self._familiar:
            return None
        failures = self._failures.get(origin)
        busy = len(self._asking) >= N_ASKING or self._n_asking[origin] >= N_ASKING_FROM_ONE
        if not busy and (failures is None or not failures.is_empty):
            return None
        error = TooManyRequests(
            "too many requests come with credentials that are not known here",
            hint="send it again in a moment; is the key right?",
        )
        return Stranger(error) if space else self._stranger(error)

    def _answered(
        self, credential: bytes, space: bytes, origin: str, passes: object, asked: asyncio.Future[Known]
    ) -> None:
        """Keep what was found out, unless something has changed since it was asked."""
        del self._asking[credential, space]
        self._n_asking[origin] -= 1
        if not self._n_asking[origin]:
            del self._n_asking[origin]
        if asked.cancelled():
            return
        found, key = asked.result(), (credential, space) if space else credential
        is_kept = passes is self._passes and len(credential) + len(space) <= LONGEST_KEPT_BYTES
        if isinstance(found, Pass):
            if is_kept:
                _keep(self._passes, key, found)
        elif not is_over(found.expires_at):
            if credential:
                self._count_failure(origin)
            self._passes.pop(key, None)
            if is_kept:
                _keep(self._strangers, key, found, N_STRANGERS_KEPT)

    def _count_failure(self, origin: str) -> None:
        bucket = self._failures.get(origin)
        if bucket is None:
            bucket = Bucket(FAILURES_A_SECOND, N_FAILURES)
            _keep(self._failures, origin, bucket)
        bucket.take()

    def _stranger(self, error: ScorelineError, space: str = "", expires_at: float = math.inf) -> Stranger:
        """Return what becomes of a credential that does not hold, or of none, in a space (empty: the default one)."""
        if self.open_to is None or (space and not self._is_default(space)):
            return Stranger(error, expires_at)
        return Guest(self.open_to, error, expires_at)

    def _is_default(self, named: str) -> bool:
        try:
            return self._authority.space(named).name == DEFAULT_SPACE
        except ScorelineError:
            return False

    def _ask(self, header: bytes, space: bytes, origin: str) -> Known:
        named = space.decode("latin-1")
        try:
            if not header:
                return self._stranger(_NONE, named, time.time() + STRANGER_SECONDS)
            given = credentials.read(header)
            if given.user is None:
                access = self._authority.authenticate_secret(given.secret)
            else:
                access = self._authority.authenticate_password(given.user, given.secret, origin)
            if space:
                access = self._within(access, named)
        except NotFound as error:  # the credential holds, and the space is none of its
            return Stranger(error, time.time() + STRANGER_SECONDS)
        except ScorelineError as error:
            lasts = error.kind == "unauthenticated"
            return self._stranger(error, named, time.time() + STRANGER_SECONDS if lasts else 0.0)
        except Exception:
            log.exception("a credential could not be looked up")
            return Stranger(_UNKNOWABLE, 0.0) if space else self._stranger(_UNKNOWABLE, "", 0.0)
        return Pass(access, self._rates.of(access))

    def _within(self, access: Access, named: str) -> Access:
        """Return the access in another space. Raises NotFound also where it may do nothing there."""
        if named == access.space:
            return access
        try:
            name = self._authority.space(named).name
        except NotFound:
            name = ""
        if not name or name == EVERY_SPACE or access.actions(name) == NO_ACTIONS:
            raise NotFound(f"there is no space `{named}`", hint="GET /api/v1/spaces lists those you may see")
        return msgspec.structs.replace(access, space=name)


def _keep(kept: dict[_K, _V], key: _K, value: _V, most: int = N_KEPT) -> None:
    if len(kept) >= most:
        kept.clear()
    kept[key] = value
