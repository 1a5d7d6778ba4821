"""Models, versions, aliases with their history, lineage; and which version each deployment answers with."""

from scoreline.registry.names import Reference, parse_reference
from scoreline.registry.registry import Registry
from scoreline.registry.seams import Artifacts, Records, Store

__all__ = ["Artifacts", "Records", "Reference", "Registry", "Store", "parse_reference"]
