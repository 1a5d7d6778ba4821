"""Who may come in at a server that is about to start: what has to be made for that, and what is said of it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from scoreline.cli.session import Session
from scoreline.core.access import ANYONE, PLATFORM, Access
from scoreline.core.errors import BadSetting

if TYPE_CHECKING:
    from scoreline.app.settings import App
    from scoreline.web.arrivals import Arrivals
    from scoreline.web.gate import Gate
    from scoreline.web.seat import Seat
    from scoreline.web.secure import Secure

BELIEVED = "--trusted-proxies '*': whoever reaches this address chooses the one that logs and limits know it by"
OPEN = "open to all: whoever reaches this address may see and score what space `default` has"
ADMINISTERED = "and may change and delete everything, as SageMaker does: SAGEMAKER_MULTI_MODEL is true"


def check_open(n_open: int, listening: socket.socket) -> None:
    """Raise BadSetting where others than this machine would meet an open server, and that was not said twice."""
    if n_open == 1 and not is_local(listening):
        address = listening.getsockname()[0]
        listening.close()
        raise BadSetting(
            f"--open on {address} would let everyone see and score who reaches this machine",
            hint="leave --open out and use keys; or say it twice: --open --open",
        )


def is_local(listening: socket.socket) -> bool:
    """Whether only this machine can reach the address."""
    return ipaddress.ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def open_secure(host: str, port: str | None, certificate: Path | None, key: Path | None) -> Secure | None:
    """Listen where HTTPS is to be spoken, with a certificate. Raises BadSetting, Conflict."""
    from scoreline.cli import values
    from scoreline.web.secure import DEFAULT_PORT, Certificate, Secure
    from scoreline.web.server import bind

    if certificate is None or key is None:
        if certificate is not None or key is not None or port is not None:
            hint = "`scoreline cert` makes both; --tls-cert FILE --tls-key FILE names them"
            raise BadSetting("HTTPS needs a certificate and its private key", hint=hint)
        return None
    chosen = DEFAULT_PORT if port is None else values.port_number(port, "--https-port")
    return Secure(bind(host, chosen, next_free=port is None), Certificate(certificate, key))


def arrivals_of(trusted: Sequence[str], secure: Secure | None, *, only_https: bool, has_plain: bool) -> Arrivals:
    """Return how requests may arrive. ``has_plain``: something beside HTTP is spoken, too, with TLS where HTTP has it.

    Raises BadSetting where HTTPS is to be the only way and there is none.
    """
    from scoreline.web.arrivals import Arrivals
    from scoreline.web.only_https import HTTPS_PORT
    from scoreline.web.proxies import Proxies

    if only_https and secure is None and (has_plain or not trusted):
        raise BadSetting(
            "--https-only, and HTTPS is not spoken"
            + (" on the ports of gRPC and Thrift" if has_plain and trusted else ""),
            hint="--tls-cert FILE --tls-key FILE speak it"
            + ("" if has_plain else "; --trusted-proxies names the proxy that does"),
        )
    port = HTTPS_PORT if trusted or secure is None else secure.listening.getsockname()[1]
    return Arrivals(Proxies(trusted) if trusted else None, port if only_https else None)


def https_url(secure: Secure) -> str:
    """Return the address to type on this machine."""
    from scoreline.web.server import url_of

    return url_of(secure.listening, "https")


def open_to(n_open: int, *, loads_models: bool) -> Access | None:
    """Return what may be done without a key. A platform that loads the models itself sends none."""
    if not n_open:
        return None
    return PLATFORM if loads_models else ANYONE


def make_gate(app: App, opened: Access | None, *, seat: Seat, n_workers: int) -> Gate:
    """Return what lets requests in."""
    from scoreline.web.gate import KeyGate

    return KeyGate(app.security, seat=seat, n_workers=n_workers, open_to=opened)


def tell(
    session: Session, listening: socket.socket, *, opened: Access | None, secret: str | None, is_encrypted: bool
) -> None:
    """Say who may come in, and show the administrator's key where it has just been made."""
    if opened is PLATFORM:
        session.say(Text(f"! {OPEN}, {ADMINISTERED}", "alerted"))
        return
    if opened is not None:
        session.say(Text(f"! {OPEN}", "alerted"))
    if secret is not None:
        session.say("", Text("The administrator's key, shown this once; it may do everything:", "quiet"))
        session.literal(f"  {secret}")
        session.note(f"  export SCORELINE_API_KEY=…; {session.program} key create NAME makes others, which may do less")
    else:
        asked = "a request" if opened is None else "a request to change something"
        session.note(f"  {asked} needs a key: {session.program} key create NAME")
    if not is_encrypted and not is_local(listening):
        session.say(Text("! keys travel unencrypted to other machines; --tls-cert encrypts them", "alerted"))


def tell_arrivals(session: Session, arrivals: Arrivals, http_url: str) -> None:
    """Say what is believed of proxies, and what is not answered."""
    if arrivals.proxies is not None and arrivals.proxies.everybody:
        session.say(Text(f"! {BELIEVED}", "alerted"))
    if arrivals.https_port is not None:
        session.note(f"  HTTPS only; {http_url} answers probes and shows the way")
