"""TLS for gRPC, with the certificate that HTTPS has; one that is renewed is taken up by the connections after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc

from scoreline.core.errors import BadSetting
from scoreline.web.secure import Certificate


def credentials(certificate: Path, key: Path) -> Any:
    """Return what the server proves itself with. Raises BadSetting when the files hold no certificate and its key."""
    seen = _state(certificate, key)

    def renewed() -> Any:
        """Return what the files hold where that is new; None: go on with what there is. grpcio asks in its threads."""
        nonlocal seen
        state = _state(certificate, key)
        if state == seen:
            return None
        seen = state
        try:
            return _read(certificate, key)
        except (BadSetting, OSError):  # HTTPS, which has the same files, says so in the log
            return None

    return grpc.dynamic_ssl_server_credentials(_read(certificate, key), renewed)


def _read(certificate: Path, key: Path) -> Any:
    Certificate(certificate, key)
    return grpc.ssl_server_certificate_configuration([(key.read_bytes(), certificate.read_bytes())])


def _state(*files: Path) -> list[int]:
    return [file.stat().st_mtime_ns if file.exists() else 0 for file in files]
