"""The routes of access in the OpenAPI document: what each is for, what it takes, what it gives."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from scoreline.core.access import Needs
from scoreline.core.identities import AuditRecord, Key, Space, User
from scoreline.web.control.security import keys, spaces, users
from scoreline.web.control.security.tokens import FORM, Given
from scoreline.web.service import Service

Json = dict[str, Any]
TAG = "access"
OAUTH_ERROR: Json = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    "required": ["error", "error_description"],
}
ERROR: Json = {"$ref": "#/components/schemas/Error"}
TOKEN_REQUEST: Json = {
    "type": "object",
    "properties": {
        name: {"type": "string"}
        for name in (
            *("grant_type", "client_id", "client_secret", "username", "password", "api_key", "apikey"),
            *("refresh_token", "audience"),
        )
    },
    "required": ["grant_type"],
}
REVOCATION: Json = {"type": "object", "properties": {"token": {"type": "string"}}, "required": ["token"]}


class Told(NamedTuple):
    """What is said of a method of a path."""

    summary: str
    needs: Needs
    gives: Any = None
    """Type of the answer, or its schema; None: there is no body."""
    takes: Any = None
    """The same of the request."""
    status: int = 200


class Made(msgspec.Struct):
    """A new key, and the one time that its secret is shown."""

    key: Key
    secret: str


class Keys(msgspec.Struct):
    """Keys, the newest first."""

    keys: list[Key]


class Users(msgspec.Struct):
    """Users by name."""

    users: list[User]


class Spaces(msgspec.Struct):
    """Spaces by name."""

    spaces: list[Space]


class Records(msgspec.Struct):
    """Records, the newest first."""

    records: list[AuditRecord]


TOLD: dict[str, dict[str, Told]] = {
    "/api/v1/token": {
        "post": Told("A token for a key, a password or a refresh token", "nothing", Given, TOKEN_REQUEST)
    },
    "/api/v1/token/revoke": {"post": Told("End a token", "nothing", {"type": "object"}, REVOCATION)},
    "/api/v1/access": {"get": Told("Who one is, and what one may do", "view", {"type": "object"})},
    "/api/v1/keys": {
        "get": Told("Keys, without their secrets", "admin", Keys),
        "post": Told("Make a key", "admin", Made, keys.Wanted, 201),
    },
    "/api/v1/keys/{key}": {"get": Told("One key", "admin", Key), "delete": Told("Revoke a key", "admin", Key)},
    "/api/v1/users": {
        "get": Told("Users", "admin", Users),
        "post": Told("Make a user, a machine where there is no password", "admin", User, users.Wanted, 201),
    },
    "/api/v1/users/{user}": {
        "get": Told("One user", "admin", User),
        "delete": Told("Delete a user with its keys", "admin", status=204),
    },
    "/api/v1/users/{user}/password": {
        "put": Told("Set one's own password, or as an administrator anyone's", "view", None, users.NewPassword, 204)
    },
    "/api/v1/users/{user}/roles/{space}": {
        "put": Told("Give a role in a space", "admin", User, users.NewRole),
        "delete": Told("Take the role in a space away", "admin", User),
    },
    "/api/v1/spaces": {
        "get": Told("Spaces in which one may do anything", "view", Spaces),
        "post": Told("Make a space", "admin", Space, spaces.Wanted, 201),
    },
    "/api/v1/spaces/{space}": {
        "get": Told("One space", "view", Space),
        "delete": Told("Delete a space that is empty", "admin", status=204),
    },
    "/api/v1/audit": {"get": Told("Who did what, when, from where", "admin", Records)},
}
QUERIES: dict[str, Json] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100},
    "since": {"type": "string", "format": "date-time"},
    "until": {"type": "string", "format": "date-time"},
    "actor": {"type": "string"},
    "action": {"type": "string"},
    "space": {"type": "string"},
}


def security_description(service: Service) -> Json:
    """Return the path items; none for a worker that only scores."""
    if service.app is None:
        return {}
    return {
        path: {method: _operation(method, path, told) for method, told in methods.items()}
        for path, methods in TOLD.items()
    }


def _operation(method: str, path: str, told: Told) -> Json:
    error = {"application/json": {"schema": OAUTH_ERROR if path.startswith("/api/v1/token") else ERROR}}
    answer: Json = {"description": told.summary}
    if told.gives is not None:
        answer["content"] = {"application/json": {"schema": _schema(told.gives)}}
    found: Json = {
        "operationId": "_".join([method, *re.findall(r"\w+", path)]),
        "summary": told.summary,
        "tags": [TAG],
        "responses": {str(told.status): answer, "default": {"description": "An error", "content": error}},
    }
    if told.needs == "nothing":
        found["security"] = []
    else:
        found["description"] = f"Needs the right to {told.needs}."
    places = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]
    asked = [{"name": name, "in": "query", "schema": schema} for name, schema in QUERIES.items()]
    if parameters := places + (asked if path == "/api/v1/audit" else []):
        found["parameters"] = parameters
    if told.takes is not None:
        media = (FORM, "application/json") if told.needs == "nothing" else ("application/json",)
        schema = _schema(told.takes)
        found["requestBody"] = {"required": True, "content": {medium: {"schema": schema} for medium in media}}
    return found


def _schema(form: Any) -> Json:
    """Return the schema of a type with all of its parts in place, since path items share no definitions."""
    if isinstance(form, dict):
        return form
    [schema], parts = msgspec.json.schema_components([form], ref_template="{name}")
    found: Json = _in_place(schema, parts)
    return found


def _in_place(schema: Any, parts: Json) -> Any:
    if isinstance(schema, list):
        return [_in_place(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _in_place(parts[schema["$ref"]], parts)
    return {name: _in_place(value, parts) for name, value in schema.items() if name != "title"}
