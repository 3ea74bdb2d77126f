from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_monitor.core.registry.challenge import Bearer, bearer

REALM = "https://auth.example/token"
FULL = Bearer(REALM, "registry.example", "repository:a/b:pull")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(
            f'Bearer realm="{REALM}",service="registry.example",scope="repository:a/b:pull"',
            FULL,
            id="as registries do",
        ),
        pytest.param(
            f'bearer  scope = "repository:a/b:pull" ,\tService="registry.example" , REALM="{REALM}"',
            FULL,
            id="blanks, order and case",
        ),
        pytest.param(
            f'Bearer realm="{REALM}",service=registry.example,scope="repository:a/b:pull"', FULL, id="one unquoted"
        ),
        pytest.param(f"Bearer realm={REALM}", Bearer(REALM), id="a realm that should have been quoted"),
        pytest.param(f'Bearer realm="{REALM}"', Bearer(REALM), id="the realm alone"),
        pytest.param(
            f'Bearer realm="{REALM}",scope="repository:a/b:pull,push repository:c:pull"',
            Bearer(REALM, "", "repository:a/b:pull,push repository:c:pull"),
            id="commas and blanks in quotes",
        ),
        pytest.param(r'Bearer realm="https://a/\"b\\c"', Bearer('https://a/"b\\c'), id="escapes"),
        pytest.param(f'Bearer realm="{REALM}",error="invalid_token"', Bearer(REALM), id="other parameters"),
        pytest.param(f'Bearer realm="{REALM}",realm="https://evil"', Bearer(REALM), id="the first realm"),
        pytest.param(f'Basic realm="x", Bearer realm="{REALM}"', Bearer(REALM), id="after Basic"),
        pytest.param(f'Bearer realm="{REALM}", Basic realm="x"', Bearer(REALM), id="before Basic"),
        pytest.param(f'Negotiate, Bearer realm="{REALM}"', Bearer(REALM), id="after a scheme alone"),
        pytest.param(f'NTLM TlRM/+AA==, Bearer realm="{REALM}"', Bearer(REALM), id="after one with a token68"),
        pytest.param(f'Negotiate abc=, Bearer realm="{REALM}"', Bearer(REALM), id="after another with a token68"),
        pytest.param(f'Bearer, Bearer realm="{REALM}"', Bearer(REALM), id="after one without a realm"),
        pytest.param(f',, Bearer realm="{REALM}",', Bearer(REALM), id="empty elements"),
        pytest.param("", None, id="nothing"),
        pytest.param('Basic realm="registry"', None, id="Basic"),
        pytest.param("Bearer", None, id="no realm"),
        pytest.param('Bearer realm=""', None, id="an empty realm"),
        pytest.param('Bearer service="x"', None, id="a service alone"),
        pytest.param(f'realm="{REALM}"', None, id="no scheme"),
        pytest.param(f'Bearer realm="{REALM}', None, id="a quote that does not end"),
        pytest.param(f'Bearer realm="{REALM}"service="x"', None, id="no comma"),
        pytest.param(f'"Bearer" realm="{REALM}"', None, id="a quoted scheme"),
        pytest.param(f'Digest nonce="Bearer realm=\\"{REALM}\\""', None, id="one within quotes"),
    ],
)
def test_where_to_get_a_token(header: str, expected: Bearer | None) -> None:
    assert bearer(header) == expected


def test_a_realm_is_not_shown() -> None:
    assert "secret" not in repr(Bearer("https://me:secret@auth.example/"))


@given(st.text(alphabet=st.sampled_from('Bearer =",\\/:\t\u00e9abc'), max_size=60))
def test_no_header_is_an_error(header: str) -> None:
    bearer(header)
