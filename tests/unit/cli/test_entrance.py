"""What a server that is about to start may promise of the ways to it."""

from __future__ import annotations

import pytest

from scoreline.cli.entrance import arrivals_of, open_to
from scoreline.cli.values import proxies
from scoreline.core.access import ANYONE, PLATFORM
from scoreline.core.errors import BadSetting
from scoreline.web.only_https import HTTPS_PORT

PROXY = ("10.0.0.7/32",)


def test_https_cannot_be_the_only_way_where_nobody_speaks_it() -> None:
    with pytest.raises(BadSetting, match=r"HTTPS is not spoken.*--trusted-proxies names the proxy that does"):
        arrivals_of((), None, only_https=True, has_plain=False)


def test_a_proxy_that_speaks_https_does_not_encrypt_what_grpc_and_thrift_get() -> None:
    with pytest.raises(BadSetting, match="not spoken on the ports of gRPC and Thrift"):
        arrivals_of(PROXY, None, only_https=True, has_plain=True)


def test_behind_a_proxy_the_way_to_https_is_its_usual_port() -> None:
    assert arrivals_of(PROXY, None, only_https=True, has_plain=False).https_port == HTTPS_PORT


def test_unless_it_is_said_everything_comes_straight_and_unencrypted_too() -> None:
    assert arrivals_of((), None, only_https=False, has_plain=True) == (None, None)


def test_proxies_are_named_in_one_option_or_in_many() -> None:
    assert proxies(["10.0.0.7,192.168.0.0/16", "*"]) == ("10.0.0.7/32", "192.168.0.0/16", "*")
    with pytest.raises(BadSetting, match="--trusted-proxies"):
        proxies(["proxy.example"])


def test_an_open_server_is_administered_by_nobody_but_a_platform_that_loads_the_models() -> None:
    assert open_to(0, loads_models=True) is open_to(0, loads_models=False) is None
    assert open_to(1, loads_models=False) is ANYONE
    assert not ANYONE.may("edit", "default")
    assert not ANYONE.may("view", "team")
    assert open_to(2, loads_models=True) is PLATFORM
