"""The page a browser sees first: what is deployed and a line that scores."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template

import msgspec

from scoreline.core.access import ANYONE, Access
from scoreline.core.entities import LogSettings
from scoreline.core.schema import Column
from scoreline.serving.active import Active, DeploymentState
from scoreline.serving.deployments import ActiveDeployments
from scoreline.web.gate import NOBODY
from scoreline.web.reach import visible, visible_actives

OPEN = "This server is open: whoever reaches it may see and score what is here. To change it takes a key."
_N_LEVELS_SHOWN = 6
_ENTRANCE = (
    '<form id="entrance"><label>Key <input id="key" type="password" autocomplete="off" '
    'placeholder="kept in this tab only"></label><button>Use</button></form>'
)
_ASKED = (
    "<p>This server asks for a key. Its first start showed the administrator's; "
    "<code>scoreline key create NAME</code> makes others.</p>"
)


def page(deployments: ActiveDeployments, access: Access, url: str) -> bytes:
    """Return the page as HTML: what the caller may see, and what they should know of the server."""
    if access is NOBODY:
        return _page(_ASKED, _ENTRANCE)
    told = f"<p class=reason>{escape(OPEN)}</p>" if access is ANYONE else ""
    answering = {active.name: active for active in visible_actives(deployments, access)}
    key = "" if access is ANYONE else "$SCORELINE_API_KEY"
    cards = [_card(state, answering.get(state.name), url, key) for state in visible(deployments, access)]
    nothing = (
        "<p class=quiet>Nothing is deployed yet. <code>scoreline deploy MODEL</code> deploys a registered model.</p>"
    )
    return _page(told + ("\n".join(cards) or nothing))


def _page(content: str, entrance: str = "") -> bytes:
    """Write the page. It has an entrance for strangers only, by which its script tells whether a key is known."""
    layout = Template(files("scoreline.web").joinpath("index.html").read_text("utf-8"))
    return layout.substitute(cards=content, entrance=entrance).encode()


def curl_line(active: Active, url: str, *, key: str = "") -> str:
    """Return a command that can be pasted: it scores a real row. ``key`` is written as it stands in a shell."""
    row = msgspec.json.encode(active.pipeline.sample.rows[0]).decode()
    quoted = row.replace("'", "'\\''")
    lines = [
        f"curl {url}/api/v1/deployments/{active.name}/score",
        *([f'-H "x-api-key: {key}"'] if key else []),
        "-H 'Content-Type: application/json'",
        f"-d '{quoted}'",
    ]
    return " \\\n  ".join(lines)


def _card(state: DeploymentState, active: Active | None, url: str, key: str) -> str:
    head = (
        f'<header><h2>{escape(state.name)}</h2><span class="status {state.status}">{state.status}</span>'
        + ("<span class=default>default</span>" if state.default else "")
        + f"<span class=quiet>{escape(state.model)} version {state.version or 'none'}</span></header>"
    )
    reason = _reason(state.reason) + "".join(f"<p>{fact}</p>" for fact in _traffic(state))
    reason += "".join(_reason(part.reason) for part in (*state.split, *([state.shadow] if state.shadow else [])))
    if active is None:
        return f"<section>{head}{reason}</section>"
    manifest = active.pipeline.manifest
    rows = "".join(_row(column) for column in manifest.schema.columns)
    name = escape(state.name)
    return (
        f"<section>{head}{reason}"
        f"<p>Predicts <b>{escape(manifest.target)}</b> ({manifest.task}) "
        f"from {len(manifest.schema.columns)} columns.</p>"
        f"<pre><code>{escape(curl_line(active, url, key=key))}</code></pre>"
        f"<details><summary>Columns</summary><table><thead><tr><th>Column<th>Type<th>Seen in training<th>Example"
        f"</thead><tbody>{rows}</tbody></table></details>"
        f'<nav><a href="api/v1/deployments/{name}/schema">Schema</a>'
        f'<a href="api/v1/deployments/{name}/sample">Sample</a>'
        f'<a href="deployments/{name}/model/schema">H2O schema</a></nav></section>'
    )


def _reason(text: str) -> str:
    return f"<p class=reason>{escape(text)}</p>" if text else ""


def _traffic(state: DeploymentState) -> Iterator[str]:
    """Say how requests are split, what shadows them and what the log keeps, where any of it is not as usual."""
    if state.split:
        shares = [f"version {part.version} ({escape(part.reference)}) {part.percent:g} %" for part in state.split]
        sticky = "; the same key meets the same version" if state.sticky else ""
        yield f"Version {state.version or 'none'} answers {state.percent:g} %, {', '.join(shares)}{sticky}."
    if state.shadow:
        shadow = state.shadow
        yield f"Version {shadow.version} ({escape(shadow.reference)}) scores {shadow.percent:g} % as a shadow."
    kept = state.log
    if not kept.enabled:
        yield "The prediction log is off."
    elif kept != LogSettings():
        hidden = f", without {escape(', '.join(kept.hidden))}" if kept.hidden else ""
        yield f"The prediction log keeps {kept.sample:g} % of the requests{hidden}."


def _row(column: Column) -> str:
    if column.levels:
        seen = ", ".join(column.levels[:_N_LEVELS_SHOWN])
        seen += f" and {len(column.levels) - _N_LEVELS_SHOWN} more" if len(column.levels) > _N_LEVELS_SHOWN else ""
    elif column.type == "number" and column.minimum is not None and column.maximum is not None:
        seen = f"{column.minimum:g} to {column.maximum:g}"
    else:
        seen = ""
    example = "" if column.example is None else str(column.example)
    cells = (column.name, column.type + (" *" if column.required else ""), seen, example)
    return "<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells)
