"""IBM Watson Machine Learning's control plane: what its own clients call before and after they score."""

from __future__ import annotations

from starlette.routing import Route

from scoreline.serving.protocols import DIALECTS
from scoreline.web.control.ibm.asking import Asking
from scoreline.web.control.ibm.assets import absent_views, asset_views
from scoreline.web.control.ibm.deployments import deployment_views
from scoreline.web.control.ibm.description import needs, styles
from scoreline.web.control.ibm.jobs import job_views
from scoreline.web.control.ibm.models import model_views
from scoreline.web.control.ibm.spaces import space_views
from scoreline.web.control.ibm.specifications import specification_views
from scoreline.web.control.ibm.tokens import token_views
from scoreline.web.endpoint import Endpoint
from scoreline.web.service import Service


def ibm_routes(service: Service) -> list[Route]:
    """Return the routes; a worker that only scores has none."""
    if service.app is None:
        return []
    asking = Asking(service, service.app)
    views = asset_views(asking) | absent_views() | specification_views() | space_views(asking) | token_views(asking)
    views |= model_views(asking) | deployment_views(asking) | job_views(asking)
    return [
        Route(style, Endpoint(methods, DIALECTS["ibm"].error, {method: needs(path, method) for method in methods}))
        for path, methods in views.items()
        for style in styles(path)
    ]
