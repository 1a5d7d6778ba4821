from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from scoreline.core.access import ANYONE
from scoreline.core.errors import BadRequest, ScorelineError, Unauthenticated
from scoreline.security import Security
from scoreline.security.secrets import INSTALLATION, derive

PASSWORD = "correct horse battery"
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def key(security: Security):
    return security.create_key("ci", role="scorer")


def claims_of(token: str):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def refused(security: Security, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        security.authenticate_secret(token)
    return str(caught.value)


def test_a_token_may_do_what_its_key_may_for_an_hour(security: Security, key, clock) -> None:
    access = security.authenticate_secret(key.secret)
    token = security.issue_token(access)
    got = security.authenticate_secret(token.access_token)
    assert (got.kind, got.id, got.grants) == (access.kind, access.id, access.grants)
    assert got.expires_at == token.expires_at == clock.now.timestamp() + token.expires_in
    assert token.expires_in == 3600
    clock.advance(3600)
    assert "has expired" in refused(security, token.access_token)


def test_clients_find_in_a_token_what_they_look_for(security: Security, clock) -> None:
    user = security.create_user("anna", PASSWORD)
    claims = claims_of(security.issue_token(user, audience="DSX").access_token)
    now = int(clock.now.timestamp())
    assert claims["sub"] == user.id
    assert claims["username"] == "anna"
    assert (claims["iat"], claims["exp"], claims["iss"], claims["aud"]) == (now, now + 3600, "scoreline", "DSX")
    assert len(claims["jti"]) == 36


def test_an_audience_that_no_header_could_carry_is_refused(security: Security) -> None:
    with pytest.raises(BadRequest, match="audience has 201 characters"):
        security.issue_token(security.create_user("anna"), audience="x" * 201)
    user = security.user("anna")
    assert security.authenticate_secret(security.issue_token(user, audience="x" * 200).access_token).id == user.id


def test_a_token_does_not_outlive_its_key(security: Security, clock) -> None:
    made = security.create_key("brief", role="scorer", expires_at=clock.now + timedelta(minutes=5))
    token = security.issue_token(security.authenticate_secret(made.secret))
    assert token.expires_in == 300
    assert security.authenticate_secret(token.access_token).expires_at == token.expires_at


def test_a_token_dies_with_its_key(security: Security, key) -> None:
    token = security.issue_token(security.authenticate_secret(key.secret))
    security.revoke_key("ci")
    assert "was revoked" in refused(security, token.access_token)
    with pytest.raises(Unauthenticated):
        security.refresh(token.refresh_token)


def test_a_token_dies_with_its_user_or_the_password(security: Security) -> None:
    user = security.create_user("anna", PASSWORD)
    security.grant("anna", "default", "editor")
    token = security.issue_token(security.authenticate_password("anna", PASSWORD))
    assert security.authenticate_secret(token.access_token).actions("default") == {"view", "score", "edit"}
    security.grant("anna", "default", "viewer")
    assert security.authenticate_secret(token.access_token).actions("default") == {"view"}
    security.set_password("anna", "another good one")
    assert "another password" in refused(security, token.access_token)
    token = security.issue_token(security.user(user.id))
    assert security.authenticate_secret(token.access_token).id == user.id
    security.delete_user("anna")
    refused(security, token.access_token)
    security.create_user("anna", PASSWORD)
    refused(security, token.access_token)


def test_a_refresh_token_is_good_once_and_a_second_use_ends_the_family(security: Security, key) -> None:
    first = security.issue_token(security.authenticate_secret(key.secret))
    other = security.issue_token(security.authenticate_secret(key.secret))
    second = security.refresh(first.refresh_token)
    third = security.refresh(second.refresh_token)
    assert security.authenticate_secret(third.access_token).name == "ci"
    counter = security.change_counter()
    with pytest.raises(Unauthenticated, match="used before"):
        security.refresh(first.refresh_token)
    assert security.change_counter() > counter
    for token in (first, second, third):
        assert "revoked" in refused(security, token.access_token)
    with pytest.raises(Unauthenticated, match="revoked"):
        security.refresh(third.refresh_token)
    assert security.authenticate_secret(other.access_token).name == "ci"
    assert security.audit(limit=1)[0].action == "token.reuse"


def test_a_family_ends_after_a_month_however_often_it_is_refreshed(security: Security, key, clock) -> None:
    token = security.issue_token(security.authenticate_secret(key.secret))
    for _ in range(3):
        clock.advance(9 * 86400)
        token = security.refresh(token.refresh_token)
    clock.advance(3 * 86400)
    with pytest.raises(Unauthenticated, match="expired"):
        security.refresh(token.refresh_token)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_revoked_token_ends_with_its_family(security: Security, key, which: str) -> None:
    token = security.issue_token(security.authenticate_secret(key.secret))
    counter = security.change_counter()
    security.revoke_token(getattr(token, which))
    assert security.change_counter() > counter
    assert "revoked" in refused(security, token.access_token)
    with pytest.raises(Unauthenticated, match="revoked"):
        security.refresh(token.refresh_token)


def test_issuing_a_token_writes_nothing(security: Security, key, store) -> None:
    access = security.authenticate_secret(key.secret)
    before = security.audit(limit=1)
    token = security.issue_token(access)
    with store.reading() as records:
        assert not records.has_family(claims_of(token.access_token)["family"])
    assert security.audit(limit=1) == before


def test_an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(security: Security, key) -> None:
    token = security.issue_token(security.authenticate_secret(key.secret))
    refused(security, token.refresh_token)
    with pytest.raises(Unauthenticated):
        security.refresh(token.access_token)


def test_a_token_of_a_server_that_asked_nobody_opens_nothing(security: Security) -> None:
    token = security.issue_token(ANYONE)
    assert token.access_token.count(".") == 2
    assert claims_of(token.access_token)["username"] == "anyone"
    refused(security, token.access_token)


def test_a_token_that_was_tampered_with_is_refused(security: Security, store) -> None:
    user = security.create_user("anna", PASSWORD)
    token = security.issue_token(user).access_token
    head, body, signature = token.split(".")
    claims = claims_of(token)
    with store.reading() as records:
        secret = records.secret(INSTALLATION)
    assert secret is not None

    def part(content) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    signing = OctKey.import_key(derive(secret.encode(), "access tokens"))
    assert security.authenticate_secret(jwt.encode({"alg": "HS256"}, claims, signing)).name == "anna"
    for forged in (
        f"{head}.{part({**claims, 'sub': 'another'})}.{signature}",
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{part({'alg': 'none'})}.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{part({'alg': 'HS256', 'crit': 1})}.{body}.{signature}",
        f"{part({'alg': ['HS256']})}.{body}.{signature}",
        f"{part([])}.{body}.{signature}",
        f"{base64.urlsafe_b64encode(b'[' * 3000).decode()}.{body}.{signature}",
        jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("guessed" * 8)),
        jwt.encode({"alg": "HS512"}, claims, signing, algorithms=["HS512"]),
        jwt.encode({"alg": "HS256"}, {**claims, "iss": "somebody else"}, signing),
        jwt.encode({"alg": "HS256"}, {**claims, "exp": "never"}, signing),
        jwt.encode({"alg": "HS256"}, {"sub": user.id}, signing),
    ):
        assert PASSWORD not in refused(security, forged)


def test_another_secret_ends_all_tokens_and_is_never_in_the_database(store, clock, tmp_path) -> None:
    one, other = Security(store, SECRET, clock=clock), Security(store, SECRET[::-1], clock=clock)
    key = one.create_key("ci", role="scorer")
    token = one.issue_token(one.authenticate_secret(key.secret))
    assert Security(store, SECRET, clock=clock).authenticate_secret(token.access_token).name == "ci"
    with pytest.raises(Unauthenticated):
        other.authenticate_secret(token.access_token)
    assert other.authenticate_secret(key.secret).name == "ci"
    with store.reading() as records:
        assert records.secret(INSTALLATION) is None


def test_workers_share_the_secret_that_one_of_them_made(security: Security, key, store, clock) -> None:
    token = security.issue_token(security.authenticate_secret(key.secret))
    assert Security(store, clock=clock).authenticate_secret(token.access_token).name == "ci"


def test_no_token_is_shown_where_it_is_printed(security: Security, key) -> None:
    token = security.issue_token(security.authenticate_secret(key.secret))
    assert token.access_token not in repr(token)
    assert token.refresh_token not in repr(token)
    with pytest.raises(ScorelineError) as caught:
        security.refresh(token.access_token)
    assert token.access_token not in str(caught.value)
