"""The process that keeps workers alive: it fills their places, watches over them, and ends them in order."""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from functools import partial

from scoreline.core.errors import Unavailable
from scoreline.web.memory import give_back
from scoreline.web.secure import Secure
from scoreline.web.server import DRAIN_SECONDS, url_of
from scoreline.web.workers.balance import Balance
from scoreline.web.workers.child import Child, Voice, clock, fork
from scoreline.web.workers.post import SHORT_PAUSE_SECONDS, Post
from scoreline.web.workers.sides import SideProcess, attend
from scoreline.web.workers.signals import Lifeline, Signals
from scoreline.web.workers.sockets import Addresses
from scoreline.web.workers.watch import Watch
from scoreline.web.workers.worker import LATE_SECONDS, Application, preload, work

N_STARTS = 4
"""How often each worker may fail to start before the server is given up, if none ever was ready."""
END_SECONDS = DRAIN_SECONDS + LATE_SECONDS
"""How long those who were asked to end may take."""

log = logging.getLogger("scoreline.workers")


class Supervisor:
    """Runs workers and side processes until it is told to stop. Its one thread waits for all of them at once."""

    def __init__(
        self,
        application: Application,
        listening: socket.socket,
        *,
        secure: Secure | None = None,
        n_workers: int,
        stuck_seconds: float,
        ready: Callable[[str], None] | None,
        died: Callable[[int], None] | None,
        sides: Sequence[SideProcess],
    ) -> None:
        self._url = url_of(listening)
        first = [listening] if secure is None else [listening, secure.listening]
        self._sockets = Addresses(first, n_workers)
        self._watch = Watch(stuck_seconds)
        self._ready = ready
        self._died = died
        renews = () if secure is None else (signal.SIGHUP,)
        self._signals = Signals(signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, *renews)
        self._lifeline = Lifeline()
        self._balance = Balance(n_workers) if n_workers > 1 else None

        def worker(slot: int, voice: Voice) -> None:
            listening, *others = self._sockets.keep(slot)
            mine = None if secure is None else Secure(others[0], secure.certificate)
            beat_seconds = self._watch.beat_seconds
            work(application, slot, listening, voice, self._lifeline, beat_seconds, self._balance, mine)

        def beside(side: SideProcess, voice: Voice) -> None:
            self._sockets.close()
            if self._balance is not None:
                self._balance.close()
            attend(side, voice, self._lifeline)

        self._workers = [Post(f"worker {slot}", partial(worker, slot), slot=slot) for slot in range(n_workers)]
        self._sides = [Post(side.name, partial(beside, side)) for side in sides]
        self._children: dict[int, tuple[Post, Child]] = {}
        self._any_was_ready = self._all_were_ready = False
        self._stopping = self._sides_stopping = False

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM. See ``serve``."""
        preload()
        give_back()
        gc.freeze()  # the collector writes into all that it looks through, and what is written to is shared no longer
        with self._signals:
            try:
                while not self._stopping or self._children:
                    self._fill()
                    self._wait()
                    self._obey()
                    self._look()
                    self._bury()
            finally:
                self._leave()

    def _fill(self) -> None:
        """Start those who are missing and due; let connections wait for nobody who is not due soon."""
        if self._stopping:
            return
        now = clock()
        for post in (*self._workers, *self._sides):
            if post.child is None and now >= post.due_at:
                self._start(post)
            elif post.child is None and post.slot is not None:
                self._leave_out(post)
                if post.due_at > now + SHORT_PAUSE_SECONDS and any(other.ready for other in self._workers):
                    self._sockets.shut(post.slot)

    def _start(self, post: Post) -> None:
        try:
            if post.slot is not None:
                self._sockets.of(post.slot)
            post.child = fork(partial(self._live, post))
        except OSError as error:
            post.failed(error, clock())
        else:
            self._children[post.child.pid] = post, post.child

    def _live(self, post: Post, voice: Voice) -> None:
        """In the child: let go of what is the supervisor's."""
        self._signals.close()
        for _, child in self._children.values():
            child.close()
        post.life(voice)

    def _wait(self) -> None:
        """Wait for a signal, for word from a child, or for the next thing that is due."""
        missing = [] if self._stopping else [post for post in (*self._workers, *self._sides) if post.child is None]
        seconds = min([self._watch.beat_seconds, *(post.due_at - clock() for post in missing)])
        poll = select.poll()
        poll.register(self._signals, select.POLLIN)
        for _, child in self._children.values():
            for pipe in child.pipes:
                poll.register(pipe, select.POLLIN)
        poll.poll(max(0.0, seconds) * 1000)

    def _obey(self) -> None:
        for number in self._signals.read():
            if number == signal.SIGHUP:
                for child in self._left(self._workers):
                    child.send(signal.SIGHUP)
            if number == signal.SIGINT and self._stopping:
                raise KeyboardInterrupt
            if number in (signal.SIGINT, signal.SIGTERM) and not self._stopping:
                self._stopping = True
                self._sockets.close()
                self._ask_to_end(self._workers)

    def _look(self) -> None:
        """Take in what the children told; replace those who leave, end those who are stuck or take too long to end."""
        now = clock()
        for post, child in self._children.values():
            child.listen()
            if child.leaving and post.child is child and not self._stopping:
                post.child = None
                child.ends_by = now + END_SECONDS
                log.info("%s (pid %d) was asked to end; another takes its place", post.name, child.pid)
        for post in self._watch.look([found for found in self._children.values() if found[0].slot is not None]):
            self._leave_out(post)
        self._any_was_ready = self._any_was_ready or any(post.ready for post in self._workers)
        if not self._all_were_ready and all(post.ready for post in self._workers):
            self._all_were_ready = True
            self._tell_ready()
        if self._stopping and not self._sides_stopping and not self._left(self._workers):
            self._sides_stopping = True
            self._ask_to_end(self._sides)
        for post, child in self._children.values():
            if now > child.ends_by:
                child.ends_by = float("inf")
                log.warning("%s (pid %d) has not ended in time; it is killed", post.name, child.pid)
                child.send(signal.SIGKILL)

    def _tell_ready(self) -> None:
        if self._ready is None:
            return
        try:
            self._ready(self._url)
        except (OSError, SystemExit):  # rich ends the program where nobody reads what it prints
            log.warning("it cannot be said that the server is ready: nobody reads the output")

    def _leave_out(self, post: Post) -> None:
        """Let nobody hand connections over to who is not there."""
        if self._balance is not None and post.slot is not None:
            self._balance.leave(post.slot)

    def _left(self, posts: Sequence[Post]) -> list[Child]:
        return [child for post, child in self._children.values() if post in posts]

    def _ask_to_end(self, posts: Sequence[Post]) -> None:
        for child in self._left(posts):
            child.ends_by = clock() + END_SECONDS
            child.send(signal.SIGTERM)

    def _bury(self) -> None:
        for pid, code in _ended():
            if pid not in self._children:
                continue  # the first process of a container inherits those whose parents are gone
            post, child = self._children.pop(pid)
            child.listen()
            child.close()
            if post.slot is not None and self._died is not None:
                try:
                    self._died(pid)
                except Exception:
                    log.exception("what is to be done when %s (pid %d) has died failed", post.name, pid)
            post.lost(child, code, clock(), asked=self._stopping)
            if post.child is None:
                self._leave_out(post)
        if not self._any_was_ready and all(post.n_failures >= N_STARTS for post in self._workers):
            raise Unavailable("no worker could start", hint="the lines above say why")

    def _leave(self) -> None:
        for pid, (_, child) in self._children.items():
            child.send(signal.SIGKILL)
            os.waitpid(pid, 0)
            child.close()
        self._sockets.close()
        self._lifeline.close()
        if self._balance is not None:
            self._balance.close()


def _ended() -> list[tuple[int, int]]:
    """Return pid and exit code of each child that ended since."""
    found = []
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found.append((ended[0], os.waitstatus_to_exitcode(ended[1])))
    except ChildProcessError:
        pass
    return found
