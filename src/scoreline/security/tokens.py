"""Tokens as JWT, signed with HMAC-SHA256.

Access and refresh tokens have signing keys of their own, so that neither passes for the other.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import msgspec

from scoreline.core.access import Access, Kind
from scoreline.core.errors import BadRequest, Unauthenticated
from scoreline.core.identities import Token, User
from scoreline.security.seams import SecurityRecords
from scoreline.security.secrets import derive

ISSUER = "scoreline"
ACCESS_SECONDS = 3600
FAMILY_AGE = timedelta(days=30)
"""How long tokens may be refreshed before a key or a password is needed again."""
ALGORITHMS = ["HS256"]
LONGEST_AUDIENCE = 200
LONGEST = 4096
"""Characters that are read: what is longer is no token of ours."""


class Claims(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a token says. Clients read ``sub``, ``username``, ``iat``, ``exp``, ``iss``."""

    sub: str
    username: str
    kind: Kind
    iss: str
    iat: int
    exp: int
    jti: str
    family: str
    """Of all tokens that came of one key or password by refreshing."""
    number: int
    """How many times it was refreshed."""
    generation: int = 0
    """Of the user's password."""
    until: int
    """When the family ends, in seconds since the epoch."""
    aud: str = ""


class Tokens:
    """Writes and reads tokens with the installation's secret."""

    def __init__(self, installation: bytes) -> None:
        self._access = derive(installation, "access tokens")
        self._refresh = derive(installation, "refresh tokens")

    def first(self, whose: Access | User, audience: str, now: datetime) -> Token:
        """Return the first token of a family. Raises BadRequest."""
        if len(audience) > LONGEST_AUDIENCE:
            message = f"the audience has {len(audience)} characters: expected at most {LONGEST_AUDIENCE}"
            raise BadRequest(message, hint="leave it out")
        access, generation = (None, whose.generation) if isinstance(whose, User) else (whose, 0)
        at = int(now.timestamp())
        until = int((now + FAMILY_AGE).timestamp())
        if access is not None:
            until = int(min(until, access.expires_at))
        claims = Claims(
            sub=whose.id or "anyone",
            username=whose.name or "anyone",
            kind="user" if access is None else access.kind,
            iss=ISSUER,
            iat=at,
            exp=min(at + ACCESS_SECONDS, until),
            jti=str(uuid.uuid4()),
            family=str(uuid.uuid4()),
            number=0,
            generation=generation,
            until=until,
            aud=audience,
        )
        return self._write(claims)

    def next(self, before: Claims, now: datetime) -> Token:
        """Return the token after one that was refreshed."""
        at = int(now.timestamp())
        return self._write(
            msgspec.structs.replace(
                before,
                iat=at,
                exp=min(at + ACCESS_SECONDS, before.until),
                jti=str(uuid.uuid4()),
                number=before.number + 1,
            )
        )

    def read_access(self, text: str, now: datetime) -> Claims:
        """Return what an access token says. Raises Unauthenticated when it is not ours or is over."""
        return _living(_read(text, self._access), now)

    def read_refresh(self, text: str, now: datetime) -> Claims:
        """Return what a refresh token says. Raises Unauthenticated when it is not ours or is over."""
        return _living(_read(text, self._refresh), now)

    def _write(self, claims: Claims) -> Token:
        refresh = msgspec.structs.replace(claims, exp=claims.until, jti=str(uuid.uuid4()))
        return Token(
            access_token=_sign(claims, self._access),
            refresh_token=_sign(refresh, self._refresh),
            expires_in=claims.exp - claims.iat,
            expires_at=claims.exp,
        )


def refuse_revoked(records: SecurityRecords, claims: Claims) -> None:
    """Raise Unauthenticated when the family of a token was revoked."""
    if records.has_family(claims.family) and records.newest_of(claims.family) is None:
        raise Unauthenticated("this token was revoked", hint="ask for a new one with a key or a password")


def _sign(claims: Claims, key: bytes) -> str:
    from joserfc import jwt
    from joserfc.jwk import OctKey

    header = {"alg": ALGORITHMS[0], "typ": "JWT"}
    return jwt.encode(header, msgspec.to_builtins(claims), OctKey.import_key(key), algorithms=ALGORITHMS)


def _read(text: str, key: bytes) -> Claims:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import OctKey

    try:
        said = jwt.decode(text[:LONGEST], OctKey.import_key(key), algorithms=ALGORITHMS).claims
        return msgspec.convert(said, Claims)
    except (JoseError, ValueError, TypeError, RecursionError):  # the last two: headers of types that nobody expects
        raise Unauthenticated(
            "this is no key and no token of this server", hint="send Authorization: Bearer KEY, or a token for one"
        ) from None


def _living(claims: Claims, now: datetime) -> Claims:
    if claims.iss != ISSUER or claims.exp <= now.timestamp():
        raise Unauthenticated("this token has expired", hint="refresh it, or ask for a new one with a key")
    return claims
