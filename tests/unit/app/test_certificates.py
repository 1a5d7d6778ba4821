"""Certificates that sign themselves."""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scoreline.app.certificates import make_certificate
from scoreline.core.errors import BadSetting, Conflict
from scoreline.web.secure import Certificate


def make(folder: Path, *names: str, days: int = 2, replace: bool = False) -> tuple[Path, Path]:
    made = make_certificate(
        names, certificate=folder / "a" / "cert.pem", key=folder / "key.pem", days=days, replace=replace
    )
    return made.certificate, made.key


def test_a_certificate_is_good_for_this_machine_and_the_names_given(tmp_path: Path) -> None:
    certificate, _ = make(tmp_path, "scores.example.com", "10.0.0.7", "*.example.org")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate)
    [told] = context.get_ca_certs() or [ssl._ssl._test_decode_cert(str(certificate))]  # type: ignore[attr-defined]
    assert set(told["subjectAltName"]) == {
        ("DNS", "scores.example.com"),
        ("DNS", "*.example.org"),
        ("DNS", "localhost"),
        ("IP Address", "10.0.0.7"),
        ("IP Address", "127.0.0.1"),
        ("IP Address", "0:0:0:0:0:0:0:1"),
    }
    ends_at = datetime.strptime(told["notAfter"], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)
    assert abs(ends_at - datetime.now(UTC) - timedelta(days=2)) < timedelta(minutes=10)


@pytest.mark.parametrize("strict", [False, True])
def test_who_trusts_it_meets_it_also_where_checks_are_strict(tmp_path: Path, strict: bool) -> None:
    certificate, key = make(tmp_path)
    server = Certificate(certificate, key).context
    client = ssl.create_default_context(cafile=str(certificate))
    if strict:
        client.verify_flags |= ssl.VERIFY_X509_STRICT
    shake_hands(client, server)
    assert server.minimum_version == ssl.TLSVersion.TLSv1_2


def test_who_does_not_trust_it_is_warned(tmp_path: Path) -> None:
    server = Certificate(*make(tmp_path)).context
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ssl.create_default_context(), server)


def test_only_the_owner_may_read_the_private_key(tmp_path: Path) -> None:
    _, key = make(tmp_path)
    assert key.stat().st_mode & 0o777 == 0o600
    assert {file.name for file in tmp_path.rglob("*") if file.is_file()} == {"cert.pem", "key.pem"}


def test_what_is_there_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    certificate, _ = make(tmp_path)
    before = certificate.read_bytes()
    with pytest.raises(Conflict, match="--force"):
        make(tmp_path)
    assert certificate.read_bytes() == before
    make(tmp_path, replace=True)
    assert certificate.read_bytes() != before


@pytest.mark.parametrize("name", ["", "two words", "a..b", "x" * 300, "-", "a/b"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSetting, match="no host name"):
        make(tmp_path, name)


@pytest.mark.parametrize("days", [0, -1, 100_000])
def test_a_lifetime_of_no_days_or_of_centuries_is_refused(tmp_path: Path, days: int) -> None:
    with pytest.raises(BadSetting, match="days"):
        make(tmp_path, days=days)


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    certificate, _ = make(tmp_path / "one")
    _, key = make(tmp_path / "other")
    for pair in ((certificate, key), (key, certificate), (certificate, tmp_path / "nothing")):
        with pytest.raises(BadSetting, match="no certificate and its private key"):
            Certificate(*pair)


def test_a_renewed_certificate_is_taken_up_and_a_broken_one_is_not(tmp_path: Path) -> None:
    certificate, key = make(tmp_path)
    served = Certificate(certificate, key)
    old = tmp_path / "old.pem"
    old.write_bytes(certificate.read_bytes())
    certificate.write_text("broken")
    served.refresh()
    shake_hands(ssl.create_default_context(cafile=str(old)), served.context)
    make(tmp_path, replace=True)
    served.refresh()
    shake_hands(ssl.create_default_context(cafile=str(certificate)), served.context)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ssl.create_default_context(cafile=str(old)), served.context)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str = "127.0.0.1") -> None:
    """Let both ends greet each other in memory, as far as it takes the client to be content."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(down, up, server_hostname=name)
    answering = server.wrap_bio(up, down, server_side=True)
    for _ in range(10):
        try:
            asking.do_handshake()
        except ssl.SSLWantReadError:
            pass
        else:
            return
        with contextlib.suppress(ssl.SSLWantReadError):
            answering.do_handshake()
    raise AssertionError("they did not finish")
