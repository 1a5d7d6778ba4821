"""IBM Watson Machine Learning's control plane: what its own clients call before and after they score."""

from __future__ import annotations

from starlette.routing import Route

from scoreline.core.access import Needs
from scoreline.serving.protocols import DIALECTS
from scoreline.web.control.ibm.asking import Asking
from scoreline.web.control.ibm.assets import absent_views, asset_views
from scoreline.web.control.ibm.deployments import deployment_views
from scoreline.web.control.ibm.jobs import job_views
from scoreline.web.control.ibm.models import model_views
from scoreline.web.control.ibm.spaces import space_views
from scoreline.web.control.ibm.specifications import specification_views
from scoreline.web.control.ibm.tokens import token_views
from scoreline.web.endpoint import Endpoint
from scoreline.web.service import Service

VERSION_PATH = "/ml/wml_services/v2/version"
"""What clients ask before they say who they are."""
OTHER_STYLE = "/v4"
"""Where IBM's own application asks for what is under ``/ml/v4``."""


def ibm_routes(service: Service) -> list[Route]:
    """Return the routes; a worker that only scores has none."""
    if service.app is None:
        return []
    asking = Asking(service, service.app)
    views = asset_views(asking) | absent_views() | specification_views() | space_views(asking)
    views |= model_views(asking) | deployment_views(asking) | job_views(asking)
    views |= {
        OTHER_STYLE + path.removeprefix("/ml/v4"): methods
        for path, methods in views.items()
        if path.startswith("/ml/v4/")
    }
    write_error = DIALECTS["ibm"].error
    routes = []
    for path, methods in views.items():
        needs = {method: _needs(path, method) for method in methods}
        routes.append(Route(path, Endpoint(methods, write_error, needs)))
    for path, methods in token_views(asking).items():
        routes.append(Route(path, Endpoint(methods, write_error, "nothing")))
    return routes


def _needs(path: str, method: str) -> Needs:
    """Return what a caller must be allowed to do, in the space that it names."""
    if path == VERSION_PATH:
        return "nothing"
    if method == "GET":
        return "view"
    if path.startswith("/v2/spaces"):
        return "admin"
    return "score" if "jobs" in path else "edit"
