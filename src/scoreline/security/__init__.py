"""Keys, passwords, tokens, roles, spaces, the audit log: who a caller is, and what it may do."""

from scoreline.security.seams import SecurityRecords, SecurityStore
from scoreline.security.security import Security

__all__ = ["Security", "SecurityRecords", "SecurityStore"]
