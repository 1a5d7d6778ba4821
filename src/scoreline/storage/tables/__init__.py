"""The tables as SQLAlchemy sees them. A change here needs a migration; a test compares the two."""

from scoreline.storage.tables import assets, registry, security
from scoreline.storage.tables.schema import metadata

__all__ = ["assets", "metadata", "registry", "security"]
