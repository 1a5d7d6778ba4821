"""Times, metadata and lists as IBM writes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from scoreline.core.assets import Asset
from scoreline.core.errors import BadRequest
from scoreline.core.identities import Space

Json = dict[str, Any]
MOST = 200
"""How many of a list are answered at once."""


def moment(at: datetime) -> str:
    """Write a time as IBM does: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def metadata(asset: Asset, space: Space) -> Json:
    """Return what every resource says of itself."""
    return {
        "id": asset.id,
        "guid": asset.id,
        "name": asset.name,
        "created_at": moment(asset.created_at),
        "modified_at": moment(asset.updated_at),
        "owner": asset.owner,
        "space_id": space.id,
        **{key: asset.details[key] for key in ("description", "tags") if asset.details.get(key)},
    }


def listing(request: Request, resources: Iterable[Json]) -> Json:
    """Return the part of a list that is asked for: ``limit`` of them after ``start``. Raises BadRequest."""
    found = list(resources)
    limit = min(_number(request, "limit", MOST), MOST)
    start = _number(request, "start", 0)
    here = request.url.include_query_params(limit=limit)
    path = f"{here.path}?{here.query}"
    answer: Json = {"total_count": len(found), "limit": limit, "first": {"href": path}}
    if start + limit < len(found):
        after = request.url.include_query_params(limit=limit, start=start + limit)
        answer["next"] = {"href": f"{after.path}?{after.query}", "start": str(start + limit)}
    return answer | {"resources": found[start : start + limit]}


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit()):
        raise BadRequest(f"{name} is no number: {text!r}", hint=f"{name}=10, for example")
    return int(text[:9])
