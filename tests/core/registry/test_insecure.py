from __future__ import annotations

import pytest

from bootstrap_monitor.core.registry.insecure import InsecureRegistry, insecure_registry


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("registry.local", "registry.local", None),
        ("REGISTRY:5000", "registry", 5000),
        ("10.0.0.1:1", "10.0.0.1", 1),
        ("host:65535", "host", 65535),
        ("[::1]", "[::1]", None),
        ("[2001:DB8::1]:5000", "[2001:db8::1]", 5000),
    ],
)
def test_the_options_value(text: str, host: str, port: int | None) -> None:
    assert insecure_registry(text) == InsecureRegistry(host, port)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("http://registry.local:5000", "scheme"),
        ("https://registry.local", "scheme"),
        ("registry.local:5000/avax", "path"),
        ("registry.local/", "path"),
        ("registry.local:0", "from 1 to 65535"),
        ("registry.local:65536", "from 1 to 65535"),
        ("registry.local:99999999999999999999", "from 1 to 65535"),
        ("registry.local:", "HOST[:PORT]"),
        ("registry.local:http", "HOST[:PORT]"),
        ("registry.local:-1", "HOST[:PORT]"),
        (":5000", "HOST[:PORT]"),
        ("", "HOST[:PORT]"),
        (" ", "HOST[:PORT]"),
        ("a b", "HOST[:PORT]"),
        ("a,b", "HOST[:PORT]"),
        ("::1", "HOST[:PORT]"),
        ("user@host", "HOST[:PORT]"),
        ("host:5000\n", "HOST[:PORT]"),
        ("host:\u0661", "HOST[:PORT]"),
    ],
)
def test_a_bad_value_of_the_option(text: str, because: str) -> None:
    with pytest.raises(ValueError, match=r"e\.g\.") as caught:
        insecure_registry(text)
    assert repr(text) in str(caught.value)
    assert because in str(caught.value)
