"""Score over HTTP from Python: ``Client(url).deployments["credit-risk"].score(rows)``. Carries no server."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import random
import re
import ssl
import time
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from scoreline.core.errors import ERRORS, BadSetting, ScorelineError, Unavailable

KEY_VARIABLE = "SCORELINE_API_KEY"
SPACE_VARIABLE = "SCORELINE_SPACE"
RETRY_SECONDS = (0.1, 0.4, 1.5)
"""Waits between attempts when the server cannot be reached or says "not now"; scoring twice does no harm."""
NOT_NOW = (429, 503)
LONGEST_WAIT_SECONDS = 60.0
"""Who asks for more patience than this is not asked again."""

JSON, ARROW = "application/json", "application/vnd.apache.arrow.stream"
LEAST_PACKED_BYTES = 1024
GZIP = 31
"""zlib's number for it."""

Row = Mapping[str, Any]

_ERRORS = {error.code: error for error in ERRORS}


class Answer(list[dict[str, Any]]):
    """Predictions, one a row, with what answered them.

    Classification: ``{"label": …, "probability": {label: …}}``; regression: ``{"prediction": …}``.
    """

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(body["predictions"])
        self.deployment: str = body["deployment"]
        self.model: str = body["model"]
        self.version: int = body["version"]
        self.ignored_columns: list[str] = body.get("ignored_columns", [])
        self.absent_columns: list[str] = body.get("absent_columns", [])


class Client:
    """A server at ``url``. Keeps its connections, and may be used from many threads.

    ``api_key``, else what SCORELINE_API_KEY holds, goes along as a bearer token. ``space``, else what SCORELINE_SPACE
    holds, says whose deployments are meant; else they are those of the key's space. ``timeout_seconds`` bounds
    connecting and each wait for the server; ``retry_seconds`` are the waits between attempts while it cannot be reached
    or answers 429 or 503; where it says in how many seconds to come again, that is waited, and a little more, so that
    not all come at once. With ``compress`` rows and answers travel as gzip: worth it where the network is slower than
    some 100 MB/s.
    Errors are those of ``scoreline.core.errors``, with the server's message and hint.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        space: str | None = None,
        timeout_seconds: float = 30.0,
        retry_seconds: Sequence[float] = RETRY_SECONDS,
        tls: ssl.SSLContext | None = None,
        compress: bool = False,
    ) -> None:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadSetting(f"{url!r} is not the URL of a server", hint="for example http://127.0.0.1:9090")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._timeout_seconds = timeout_seconds
        self._retry_seconds = tuple(retry_seconds)
        self._compress = compress
        self._headers = {"Accept": JSON, "User-Agent": "scoreline-client"}
        if compress:
            self._headers["Accept-Encoding"] = "gzip"
        if api_key := api_key or os.environ.get(KEY_VARIABLE):
            self._headers["Authorization"] = f"Bearer {api_key}"
        if space := space or os.environ.get(SPACE_VARIABLE):
            self._headers["X-Scoreline-Space"] = space
        self._idle: deque[http.client.HTTPConnection] = deque()

    @property
    def deployments(self) -> Deployments:
        """Deployments by name."""
        return Deployments(self)

    def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Send a request, read its JSON. Raises ScorelineError, Unavailable when the server cannot be reached."""
        for wait_seconds in (*self._retry_seconds, None):
            try:
                status, content, asked_seconds = self._exchange(method, path, body, headers or {})
            except TimeoutError:
                raise Unavailable(
                    f"{self.url} did not answer within {self._timeout_seconds:g} s", hint="raise timeout_seconds"
                ) from None
            except (OSError, http.client.HTTPException) as error:
                if wait_seconds is None or isinstance(error, ssl.SSLError):
                    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
                    hint = "is the server running? `scoreline serve` starts one"
                    raise Unavailable(f"{self.url} cannot be reached: {reason}", hint=hint) from None
            else:
                if status < 400:
                    return msgspec.json.decode(content)
                if status not in NOT_NOW or wait_seconds is None or asked_seconds > LONGEST_WAIT_SECONDS:
                    raise _error(self.url + path, status, content)
                wait_seconds = max(wait_seconds, asked_seconds * random.uniform(1.0, 1.5))  # noqa: S311 no secret
            time.sleep(wait_seconds)
        raise AssertionError("unreachable")

    def _exchange(
        self, method: str, path: str, body: bytes | None, more: Mapping[str, str]
    ) -> tuple[int, bytes, float]:
        """Return status, content, and in how many seconds the server wants to be asked again."""
        headers = {**self._headers, **({} if body is None else {"Content-Type": JSON}), **more}
        if self._compress and body is not None and len(body) >= LEAST_PACKED_BYTES:
            body, headers["Content-Encoding"] = zlib.compress(body, 1, wbits=GZIP), "gzip"
        while True:
            try:
                connection, is_fresh = self._idle.pop(), False
            except IndexError:
                connection, is_fresh = self._connect(), True
            try:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.request(method, self._base + path, body, headers)
                response = connection.getresponse()  # it may have refused the request before that was sent
                content = response.read()
                if response.getheader("Content-Encoding") == "gzip":
                    content = zlib.decompress(content, GZIP)
            except (ConnectionError, http.client.BadStatusLine):
                connection.close()
                if is_fresh:
                    raise
                continue  # the server had closed it since the last request
            except BaseException:
                connection.close()
                raise
            if response.will_close:
                connection.close()
            else:
                self._idle.append(connection)
            return response.status, content, _seconds(response.getheader("Retry-After"))

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_seconds)
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_seconds, context=self._tls)


class Deployments(Mapping[str, "Deployment"]):
    """What a server has deployed. Looking one up asks nothing of the server; using it does."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getitem__(self, name: str) -> Deployment:
        return Deployment(self._client, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    @property
    def names(self) -> list[str]:
        """Their names, in order."""
        listed = self._client.request("GET", "/api/v1/deployments")["deployments"]
        return [state["name"] for state in listed]


class Deployment:
    """One deployment of a server."""

    def __init__(self, client: Client, name: str) -> None:
        self.name = name
        self._client = client
        self._path = f"/api/v1/deployments/{quote(name, safe='')}"

    def score(self, rows: Row | Sequence[Row] | Any, *, key: str = "") -> Answer:
        """Score one row (a dict), rows (a list of dicts) or a frame (polars, pandas, Arrow). One prediction a row.

        ``key`` says for whom (a customer's number, say; no secret): where versions share the requests of the
        deployment and the split is sticky, the same key meets the same version.
        """
        headers = {"X-Scoreline-Routing-Key": key} if key else {}
        body = _arrow(rows)
        if body is None:
            body = encode_rows(rows)
        else:
            headers["Content-Type"] = ARROW
        return Answer(self._client.request("POST", f"{self._path}/score", body, headers))

    def schema(self) -> dict[str, Any]:
        """Columns, labels and outputs."""
        answer: dict[str, Any] = self._client.request("GET", f"{self._path}/schema")
        return answer

    def sample(self) -> list[dict[str, Any]]:
        """Real rows, ready to be scored."""
        rows: list[dict[str, Any]] = self._client.request("GET", f"{self._path}/sample")["rows"]
        return rows

    def state(self) -> dict[str, Any]:
        """Which version answers, and why not the wanted one."""
        answer: dict[str, Any] = self._client.request("GET", self._path)
        return answer


def encode_rows(rows: Any) -> bytes:
    """Write the body of a score request. NaN, NaT and NA become null; dates become ISO 8601 text."""
    if isinstance(rows, Mapping):
        document: Any = {"rows": [rows]}
    elif isinstance(rows, list | tuple):
        document = {"rows": rows}
    elif hasattr(rows, "column_names"):  # pyarrow
        fields = rows.column_names
        document = {"fields": fields, "rows": list(zip(*(rows.column(f).to_pylist() for f in fields), strict=True))}
    elif hasattr(rows, "columns"):  # polars and pandas
        fields = list(rows.columns)
        document = {"fields": fields, "rows": list(zip(*(_values(rows[f]) for f in fields), strict=True))}
    else:
        raise BadSetting(
            f"rows: expected a dict, a list of dicts or a frame, found {type(rows).__name__}",
            hint="polars, pandas and Arrow tables are frames",
        )
    return msgspec.json.encode(document, enc_hook=_plain)


def _arrow(rows: Any) -> bytes | None:
    """Write a polars frame as Arrow, which takes both sides less time than JSON; None: it is to be JSON."""
    if not hasattr(rows, "write_ipc_stream"):
        return None
    file = io.BytesIO()
    rows.write_ipc_stream(file)
    return file.getvalue()


def _values(column: Any) -> list[Any]:
    values: list[Any] = column.to_list()
    return values


def _plain(value: Any) -> Any:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "item"):  # a numpy scalar
        return value.item()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise BadSetting(
        f"a row holds {value!r}, which cannot be sent", hint="use numbers, texts, booleans, dates and None"
    )


def _seconds(retry_after: str | None) -> float:
    """Read ``Retry-After``; 0: there is none, or it is a date."""
    return float(retry_after) if retry_after and re.fullmatch("[0-9]{1,9}", retry_after) else 0.0


def _error(where: str, status: int, content: bytes) -> ScorelineError:
    try:
        told: dict[str, Any] = msgspec.json.decode(content)["error"]
        error = _ERRORS.get(told["code"], ScorelineError)(told["message"], hint=told["hint"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        hint = "try again in a moment" if status in NOT_NOW else "is this the address of a Scoreline server?"
        return Unavailable(f"{where} answered {status}", hint=hint)
    for name in ("row", "column", "request_id"):
        if name in told:
            setattr(error, name, told[name])
    return error
