"""The routes of every dialect, made out of its description."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from starlette.requests import Request
from starlette.routing import Route

from scoreline.app.data_sets import NO_FOLDER, DataFolder
from scoreline.core.access import Needs
from scoreline.core.errors import Unsupported
from scoreline.serving.active import Active
from scoreline.serving.deployments import ActiveDeployments
from scoreline.serving.media.medium import Medium
from scoreline.serving.plane import Asked, Plane, clock
from scoreline.serving.protocols.dialect import Dialect, Refusal, Reply
from scoreline.serving.protocols.framed import FRAME, as_framed
from scoreline.web.address import in_address, score_address
from scoreline.web.admission import Admission, Body
from scoreline.web.asides import in_headers, meant_by
from scoreline.web.body import read_body
from scoreline.web.compression import encoding_of, unpack, unpack_if_small
from scoreline.web.endpoint import Endpoint, View
from scoreline.web.large import is_large, large_bodies
from scoreline.web.media import DialectMedia
from scoreline.web.named_files import body_naming, names_file, put_file
from scoreline.web.reach import check_reach
from scoreline.web.requests import LONGEST_KEY


def dialect_routes(
    dialect: Dialect,
    media: DialectMedia,
    deployments: ActiveDeployments,
    plane: Plane,
    admission: Admission,
    data_folder: DataFolder = NO_FOLDER,
) -> Iterator[Route]:
    """Yield the routes of ``dialect``, the scoring route first, views last: routes are matched in order."""
    score = _score(dialect, media, deployments, plane, admission, data_folder)
    views: dict[str, dict[str, View]] = {dialect.score_path: {"POST": score}}
    if asks := in_address(dialect):
        views[dialect.score_path]["GET"] = score_address(dialect, asks, deployments, plane, admission)
    for refusal in dialect.refusals:
        views.setdefault(refusal.path, {})[refusal.method] = _refuse(refusal)
    for path, show in dialect.views.items():
        views.setdefault(path, {})["GET"] = _show(show, deployments)
    for path, methods in views.items():
        scores = path == dialect.score_path
        needs: dict[str, Needs] = {method: "score" if scores or method == "POST" else "view" for method in methods}
        endpoint = Endpoint(methods, dialect.error, needs, in_headers(dialect) if scores else None)
        for prefix in dialect.prefixes:
            yield Route(prefix + path, endpoint)


def _score(
    dialect: Dialect,
    media: DialectMedia,
    deployments: ActiveDeployments,
    plane: Plane,
    admission: Admission,
    data_folder: DataFolder,
) -> View:
    framed = as_framed(dialect)

    async def score(request: Request) -> Reply:
        started_at = clock()
        request.scope["dialect"] = dialect.name
        name, version = meant_by(request)
        headers = request.headers
        access = request.scope["access"]
        active = deployments.route(name, _key(request), access.space, access.deployments)
        check_reach(deployments, access, "score", active, name)
        request.scope["active"] = active = active if version is None else deployments.of_version(active, version)
        named = body_naming(dialect, request.query_params)
        medium = media.of_request(headers.get("content-type", "") if named is None else "")
        encoding = encoding_of(headers.get("content-encoding", "") if named is None else "")
        accept = media.of_answer(headers.get("accept", ""))
        with Body(admission) as held:
            body = await read_body(request, held) if named is None else named
            with admission.pending(active.full_name):
                return await answer(ask(request, active, body, started_at, medium, accept), encoding)

    def ask(
        request: Request, active: Active, body: bytes, started_at: float, medium: Medium | None, accept: Medium | None
    ) -> Asked:
        frame = request.headers.get(FRAME)
        asked = Asked(
            dialect if framed is None or frame is None else framed.framed(frame),
            body,
            active,
            medium=medium,
            accept=accept,
            request_id=request.scope["request_id"],
            caller=request.client.host if request.client else "",
            trace=request.headers.get("traceparent", ""),
            key=_key(request),
            started_at=started_at,
        )
        asked.span = request.scope.get("span")
        request.scope["asked"] = asked
        return asked

    async def answer(asked: Asked, encoding: str) -> Reply:
        if encoding:
            asked.body, encoding = unpack_if_small(encoding, asked.body, admission.body_bytes)
        if encoding or is_large(asked.body, asked.medium, asked.accept) or names_file(asked):
            return await asyncio.get_running_loop().run_in_executor(large_bodies, unpack_and_answer, asked, encoding)
        return plane.answer_one(asked)

    def unpack_and_answer(asked: Asked, encoding: str) -> Reply:
        if encoding:
            asked.body = unpack(encoding, asked.body, admission.body_bytes)
        put_file(asked, data_folder, admission.body_bytes)
        return plane.answer_one(asked)

    return score


def _show(show: Callable[[Active], Reply], deployments: ActiveDeployments) -> View:
    async def view(request: Request) -> Reply:
        return show(_resolve(request, deployments))

    return view


def _refuse(refusal: Refusal) -> View:
    async def view(_: Request) -> Reply:
        raise Unsupported(refusal.message, hint=refusal.hint)

    return view


def _key(request: Request) -> str:
    return request.headers.get("x-scoreline-routing-key", "")[:LONGEST_KEY]


def _resolve(request: Request, deployments: ActiveDeployments) -> Active:
    name, access = request.path_params.get("name"), request.scope["access"]
    active = deployments.get(name, access.space, access.deployments)
    check_reach(deployments, access, "view", active, name)
    request.scope["active"] = active = _meant(request, active, deployments)
    return active


def _meant(request: Request, active: Active, deployments: ActiveDeployments) -> Active:
    """Return the version that the address means, where it says which."""
    version = request.path_params.get("version")
    return active if version is None else deployments.of_version(active, version)
