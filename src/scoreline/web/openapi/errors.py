"""Errors, in the form of each dialect."""

from __future__ import annotations

from typing import Any

from scoreline.web.openapi.components import ref

Json = dict[str, Any]
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}


def _object(*optional: str, **properties: Json) -> Json:
    """Describe an object whose members are all there but for the ``optional`` ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


ERROR_SCHEMAS: Json = {
    "Error": _object(error=ref("ErrorDetails")),
    "ErrorDetails": _object(
        "row",
        "column",
        code=_TEXT | {"description": "stable: docs/errors.md has them all"},
        kind=_TEXT,
        message=_TEXT | {"description": "what was expected, what was found, and where"},
        hint=_TEXT | {"description": "what to do"},
        row=_NUMBER | {"description": "1-based"},
        column=_TEXT,
        request_id=_TEXT,
    ),
    "OAuthError": _object("request_id", error=_TEXT, error_description=_TEXT, request_id=_TEXT),
    "H2OError": _object(detail=_TEXT),
    "IBMError": _object(trace=_TEXT, errors={"type": "array", "items": ref("IBMFault")}, status_code=_NUMBER),
    "IBMFault": _object(code=_TEXT, message=_TEXT),
    "AzureError": _object(message=_TEXT),
    "MLflowError": _object(error_code=_TEXT, message=_TEXT),
    "KServeError": _object(error=_TEXT),
    "RPCError": _object(jsonrpc={"const": "2.0"}, id={"type": ["string", "number", "null"]}, error=ref("RPCFault")),
    "RPCFault": _object("data", code=_NUMBER, message=_TEXT, data=ref("Document")),
}
