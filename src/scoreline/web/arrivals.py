"""How requests may arrive: through proxies that say for whom they ask, and unencrypted or not."""

from __future__ import annotations

from typing import NamedTuple

from scoreline.web.proxies import Came, Headers, Proxies

Client = tuple[str, int] | None
"""Address and port of a peer; None: it has none."""


class Arrivals(NamedTuple):
    """What a server was told of the way to it. The fast lane asks it about some connections, and not about others."""

    proxies: Proxies | None = None
    """None: nobody is trusted."""
    https_port: int | None = None
    """Where those are led who do not come by HTTPS; None: they may come without."""

    def refuse(self, scheme: str) -> bool:
        """Whether what comes so is not answered, unless a proxy says that it came otherwise."""
        return self.https_port is not None and scheme != "https"

    def concern(self, client: Client, scheme: str) -> bool:
        """Whether each request of a connection has to be looked at."""
        return self.refuse(scheme) or self._trust(client)

    def came(self, client: Client, scheme: str, headers: Headers) -> Came | None:
        """Return how a request came; None: it came unencrypted, and may not."""
        address = client[0] if client else ""
        came = Came(address, scheme, b"")
        if self.proxies is not None and self.proxies.trusts(address):
            came = self.proxies.came(address, scheme, headers)
        return None if self.refuse(came.scheme) else came

    def _trust(self, client: Client) -> bool:
        return self.proxies is not None and self.proxies.trusts(client[0] if client else "")


STRAIGHT = Arrivals()
"""Every request comes from its caller, encrypted or not."""
