"""TLS: where it is spoken, with which certificate, and how a renewed one is taken up."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

from scoreline.core.errors import BadSetting

DEFAULT_PORT = 9443
HANDSHAKE_SECONDS = 10.0
"""How long a caller may take to begin."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: those with forward secrecy and authenticated encryption. All of TLS 1.3 have both."""
PROTOCOLS = ("http/1.1", "h2")
"""In the order in which they are chosen: whoever offers both goes on with HTTP/1.1, callers of gRPC offer h2 alone."""
LOOK_SECONDS = 1.0
"""How often it is looked whether the files have changed."""

log = logging.getLogger("scoreline.web")


class Certificate:
    """A certificate with its private key, in two files, and what TLS is spoken with.

    Made before a server forks: what a caller was given by one worker to resume with is then good for all of them.
    """

    def __init__(self, certificate: Path, key: Path, protocols: Sequence[str] = PROTOCOLS) -> None:
        """Read the files. Raises BadSetting when they hold no certificate and its key."""
        self._files = certificate, key
        self._seen = self._state()
        self.context = _context(*self._files)
        self.context.set_alpn_protocols(list(protocols))

    def refresh(self, *, anyway: bool = False) -> None:
        """Take up what the files hold where they have changed; connections that are there stay as they are.

        Files that do not hold a certificate and its key leave the one before in place, and a line in the log.
        """
        state = self._state()
        if state == self._seen and not anyway:
            return
        self._seen = state
        try:
            _context(*self._files)  # a context that has failed to load has lost what it had
            self.context.load_cert_chain(*self._files)
        except (BadSetting, OSError) as error:
            text = "the certificate in %s is not taken up, the one before stays: %s"
            log.error(text, self._files[0], error)  # noqa: TRY400 it is a file's fault, and no stack tells more
            return
        log.info("the certificate in %s is taken up", self._files[0])

    def _state(self) -> list[tuple[int, int, int] | None]:
        """Return what tells one content of the files from another; None: a file is not there."""
        found: list[tuple[int, int, int] | None] = []
        for file in self._files:
            try:
                stat = file.stat()
            except OSError:
                found.append(None)
            else:
                found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return found


class Secure:
    """An address where TLS is spoken."""

    def __init__(self, listening: socket.socket, certificate: Certificate) -> None:
        self.listening = listening
        self.certificate = certificate


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(CIPHERS)
    try:
        context.load_cert_chain(certificate, key, password="")  # a key that is encrypted must not ask for one
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", "") or getattr(error, "strerror", "") or "it cannot be read"
        raise BadSetting(
            f"{certificate} and {key} are no certificate and its private key: {reason}",
            hint="both as PEM, the key not encrypted; `scoreline cert` makes a pair",
        ) from None
    return context
