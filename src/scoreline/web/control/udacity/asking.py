"""Which deployment a request means, and which table: a file that it names, or what it sends."""

from __future__ import annotations

from typing import NamedTuple

from starlette.requests import Request

from scoreline.core.access import Action
from scoreline.serving.active import Active
from scoreline.serving.media.csv import TextFrame, read_whole
from scoreline.serving.media.form_data import FormData, field_of
from scoreline.serving.protocols.udacity import Udacity
from scoreline.web.admission import Body
from scoreline.web.body import read_body
from scoreline.web.compression import encoding_of, unpack
from scoreline.web.media import DialectMedia
from scoreline.web.reach import check_reach
from scoreline.web.service import Service

DIALECT = Udacity()


class Sent(NamedTuple):
    """What a request says of a table, before anything of it is read."""

    body: bytes
    is_form: bool
    encoding: str


class Table(NamedTuple):
    """A table that a request means."""

    of: str
    frame: TextFrame


def active_of(request: Request, service: Service, action: Action) -> Active:
    """Return what answers for the deployment of an address. Raises NotFound, Forbidden, Unavailable."""
    name, access = request.path_params.get("name"), request.scope["access"]
    active = service.deployments.get(name, access.space, access.deployments)
    check_reach(service.deployments, access, action, active, name)
    request.scope["active"] = active
    return active


async def what_is_sent(request: Request, service: Service, held: Body) -> Sent | None:
    """Read what a request says of a table; None: nothing."""
    named = DIALECT.body_naming(request.query_params)
    if named is not None:
        return Sent(named, is_form=False, encoding="")
    if request.method != "POST":
        return None
    media: DialectMedia = service.media[DIALECT.name]
    medium = media.of_request(request.headers.get("content-type", ""))
    encoding = encoding_of(request.headers.get("content-encoding", ""))
    return Sent(await read_body(request, held), isinstance(medium, FormData), encoding)


def read_table(sent: Sent, active: Active, service: Service) -> Table:
    """Read the table. Raises BadRequest, SchemaMismatch, TooLarge, NotFound, Forbidden."""
    most_bytes = service.admission.body_bytes
    body = unpack(sent.encoding, sent.body, most_bytes) if sent.encoding else sent.body
    of = "the table that was sent"
    if sent.is_form:
        body = field_of(body)
    elif (name := DIALECT.file_of(body, active)) is not None:
        of, body = name, service.data_folder.read(name, active.space, most_bytes)
    return Table(of, read_whole(body, active.pipeline.schema))
