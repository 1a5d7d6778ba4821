"""OpenAPI 3.1 of what is deployed now: each deployment's own columns, types, ranges, levels and examples."""

from scoreline.web.openapi.document import document

__all__ = ["document"]
