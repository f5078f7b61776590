"""Which Host and Origin headers are let in: the table of `protocols/origins.py`."""

import pytest

from protocols.origins import Origins

HERE = Origins("127.0.0.1")
EVERYWHERE = Origins("0.0.0.0")
NAMED = Origins("Hub.Lan", ["hub.example.com"], ["https://app.example.com/"])

HOSTS = [
    (HERE, "localhost", True),
    (HERE, "localhost:3210", True),
    (HERE, "LOCALHOST:1", True),
    (HERE, "127.0.0.1:3210", True),
    (HERE, "[::1]:3210", True),
    (HERE, "[::1]", True),
    (HERE, None, False),
    (HERE, "", False),
    (HERE, "evil.example.com", False),
    (HERE, "localhost.evil.example.com", False),
    (HERE, "evil-localhost", False),
    (HERE, "192.168.1.5:3210", False),
    (HERE, "10.0.0.1", False),
    (HERE, "[2001:db8::1]:3210", False),
    (HERE, "localhost:80@evil.example.com", False),
    (HERE, "localhost:port", False),
    (HERE, "localhost:", True),
    (HERE, "[::1].evil.example.com", False),
    (HERE, "[::1", False),
    (HERE, "127.0.0.1, evil.example.com", False),
    (EVERYWHERE, "192.168.1.5:3210", True),
    (EVERYWHERE, "[2001:db8::1]:3210", True),
    (EVERYWHERE, "localhost", True),
    (EVERYWHERE, "evil.example.com", False),
    (EVERYWHERE, "0x7f.1", False),
    (EVERYWHERE, "192.168.1.5.evil.example.com", False),
    (NAMED, "hub.lan:3210", True),
    (NAMED, "HUB.EXAMPLE.COM", True),
    (NAMED, "app.example.com", False),
    (NAMED, "other.example.com", False),
]  # fmt: skip

ORIGINS = [
    (HERE, None, True),
    (HERE, "http://localhost:3000", True),
    (HERE, "https://127.0.0.1", True),
    (HERE, "http://[::1]:8080", True),
    (HERE, "null", False),
    (HERE, "", False),
    (HERE, "localhost", False),
    (HERE, "https://evil.example.com", False),
    (HERE, "https://localhost.evil.example.com", False),
    (HERE, "https://localhost:1@evil.example.com", False),
    (HERE, "https://evil.example.com/http://localhost", False),
    (HERE, "file://localhost", False),
    (HERE, "chrome-extension://localhost", False),
    (HERE, "http://192.168.1.5:3000", False),
    (EVERYWHERE, "http://192.168.1.5:3000", True),
    (NAMED, "https://app.example.com", True),
    (NAMED, "HTTPS://App.Example.com", True),
    (NAMED, "http://app.example.com", False),
    (NAMED, "https://app.example.com:8443", False),
    (NAMED, "https://hub.example.com", True),
]


@pytest.mark.parametrize(("origins", "host", "allowed"), HOSTS)
def test_the_hub_answers_to_its_own_hosts_alone(origins: Origins, host: str | None, allowed: bool) -> None:
    assert origins.host_allowed(host) is allowed


@pytest.mark.parametrize(("origins", "host", "allowed"), HOSTS)
def test_a_host_is_judged_the_same_when_it_comes_again(origins: Origins, host: str | None, allowed: bool) -> None:
    origins.host_allowed(host)
    assert origins.host_allowed(host) is allowed


@pytest.mark.parametrize(("origins", "origin", "allowed"), ORIGINS)
def test_pages_of_known_origins_alone_may_call(origins: Origins, origin: str | None, allowed: bool) -> None:
    assert origins.origin_allowed(origin) is allowed


def test_many_spellings_of_a_host_are_answered_without_being_kept_for_ever() -> None:
    origins = Origins("127.0.0.1")
    assert all(origins.host_allowed(f"localhost:{port}") for port in range(1, 3_000))
    assert len(origins._known) <= 1_000
