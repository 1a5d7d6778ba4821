"""Every route, and which roles may use it. ``python -m tests.roles`` writes the table anew; read what has changed.

`tests/unit/web/test_roles.py` asserts the table whole, and asks every route as every role.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from starlette.routing import Route

from scoreline.app.settings import Settings, open_app
from scoreline.core.access import ACTIONS_OF_ROLE, ROLES
from scoreline.web.app import create_app
from scoreline.web.endpoint import Endpoint
from scoreline.web.gate import KeyGate

TABLE = Path(__file__).with_suffix(".txt")
NOBODY = "nobody"
"""Who sends no key."""


class Way(NamedTuple):
    """A path and a method, and what it needs."""

    path: str
    method: str
    needs: str

    @property
    def roles(self) -> list[str]:
        """Who may."""
        allowed = [role for role in ROLES if self.needs == "nothing" or self.needs in ACTIONS_OF_ROLE[role]]
        return [NOBODY, *allowed] if self.needs == "nothing" else allowed

    @property
    def address(self) -> str:
        """The path with names that nothing has."""
        return re.sub(r"\{[^}]*\}", "nothing", self.path)


def routes_of(web: Any) -> list[Route]:
    """Return the routes of an application, from under what is around its router."""
    while not hasattr(web, "routes"):
        web = web._app
    routes: list[Route] = web.every_route()
    return routes


def ways(web: Any) -> Iterator[Way]:
    """Yield every path with each of its methods, as the router matches them."""
    seen = set()
    for route in routes_of(web):
        endpoint = route.endpoint
        assert isinstance(endpoint, Endpoint), f"{route.path}: no Endpoint, so nobody knows what it needs"
        for method, needs in sorted(endpoint.needs.items()):
            if (route.path, method) not in seen:
                seen.add((route.path, method))
                yield Way(route.path, method, needs)


def table(web: Any) -> str:
    """Write who may what."""
    lines = [f"{'':8}{'':76}" + "".join(f"{role:8}" for role in (NOBODY, *ROLES))]
    for way in sorted(ways(web)):
        marks = "".join(f"{'x' if role in way.roles else '.':8}" for role in (NOBODY, *ROLES))
        lines.append(f"{way.method:8}{way.path:76}{marks}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def main() -> None:
    """Write the table."""
    with tempfile.TemporaryDirectory() as folder, open_app(Settings.of(home=folder, environment={})) as app:
        web = create_app(app.registry, gate=KeyGate(app.security), control=app)
        TABLE.write_text(table(web), encoding="utf-8")


if __name__ == "__main__":
    main()
