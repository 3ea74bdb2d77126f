"""How the Kubernetes adapter gets access, and that it shows its token to nobody but the API."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from bootstrap_monitor.adapters.kube.api import Kube
from bootstrap_monitor.errors import ApiError, ConfigurationError, ExitCode
from tests.support.clock import FakeClock
from tests.support.http_server import ScriptedServer, answer
from tests.support.kube_api import TOKEN, connect, kubeconfig
from tests.support.service_account import as_pod, tokens

POD = {"kind": "Pod"}


@pytest.fixture
def api() -> Iterator[ScriptedServer]:
    with ScriptedServer(answer(200, POD), tls=True) as server:
        yield server


def test_in_a_pod_the_service_account_is_used(api: ScriptedServer, account: Path, clock: FakeClock) -> None:
    assert as_pod(api, account, clock).get_pod("node-0") == POD
    assert tokens(api) == ["first"]


def test_a_server_of_another_authority_is_refused(api: ScriptedServer, account: Path, clock: FakeClock) -> None:
    (account / "ca.crt").resolve().write_text(certifi.contents())
    kube = as_pod(api, account, clock)

    with pytest.raises(ApiError, match="CERTIFICATE_VERIFY_FAILED") as caught:
        kube.get_pod("node-0")

    assert (caught.value.status, api.requests) == (0, [])


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, None),
        ({"KUBECONFIG": ""}, None),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}, "token"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}, "ca.crt"),
    ],
    ids=["not in a pod", "empty KUBECONFIG", "no token", "no certificate"],
)
def test_without_any_access_the_error_says_what_to_do(
    environ: dict[str, str], missing: str | None, account: Path, clock: FakeClock
) -> None:
    if missing:
        (account / missing).unlink()

    with pytest.raises(ConfigurationError) as caught:
        Kube.connect("rig", clock, environ=environ, service_account=account)

    assert caught.value.exit_code is ExitCode.CONFIGURATION
    text = caught.value.diagnostics()
    assert text.startswith("NoKubernetesAccess: ")
    assert all(part in text for part in ("KUBECONFIG", "\nCheck: ", "\nDo: ", str(account)))


def test_the_kubeconfig_goes_before_the_service_account(
    api: ScriptedServer, account: Path, clock: FakeClock, tmp_path: Path
) -> None:
    environ = {"KUBERNETES_SERVICE_HOST": api.host, "KUBERNETES_SERVICE_PORT": str(api.port)}
    with ScriptedServer(answer(200, POD)) as server:
        environ["KUBECONFIG"] = str(kubeconfig(tmp_path, server.url))
        Kube.connect("rig", clock, environ=environ, service_account=account).get_pod("node-0")

    assert (len(server.requests), len(api.requests)) == (1, 0)


def test_the_environment_is_that_of_the_process(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(answer(200, POD)) as server:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, server.url)))
        assert Kube.connect("rig", clock).get_pod("node-0") == POD


@pytest.mark.parametrize(
    "content",
    [None, b"", b"[]", b"text", b"users: [{token: hush", b"token: *hush", b"\xff\xfe\x00", b"{}"],
    ids=["absent", "empty", "a list", "text", "cut", "a token like an alias", "not text", "an empty object"],
)
def test_a_bad_kubeconfig_is_an_error_that_does_not_quote_it(
    content: bytes | None, clock: FakeClock, tmp_path: Path
) -> None:
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        Kube.connect("rig", clock, environ={"KUBECONFIG": str(path)})

    assert caught.value.diagnostics().startswith(f"KubeconfigInvalid: the kubeconfig {path} is not usable")
    assert "hush" not in caught.value.diagnostics()
    assert caught.value.__suppress_context__


def test_the_environments_proxy_is_used_as_by_any_client(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(answer(200, POD)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        connect(tmp_path, "http://api.invalid", clock).get_pod("node-0")
        with ScriptedServer(answer(200, POD)) as direct:
            connect(tmp_path, direct.url, clock).get_pod("node-0")

    assert proxy.requests[0].target == "http://api.invalid/api/v1/namespaces/rig/pods/node-0"
    assert (len(proxy.requests), len(direct.requests)) == (1, 1)


def test_neither_the_token_nor_a_foreign_body_is_shown(
    clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    page = b'{"kind": "Secret", "data": {"password": "hunter2"}, "message": "hunter2"}'
    with ScriptedServer(answer(200, POD), answer(500, page), answer(403, page)) as server:
        kube = connect(tmp_path, server.url, clock)
        kube.get_pod("node-0")
        with pytest.raises(ApiError) as caught:
            kube.get_pod("node-0")

    assert server.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"
    shown = "".join([caplog.text, *capfd.readouterr(), caught.value.diagnostics(), repr(caught.value)])
    assert "attempt #1/6" in shown
    assert TOKEN not in shown
    assert "hunter2" not in shown


def test_importing_the_adapters_imports_no_heavy_client() -> None:
    code = (
        "import sys, bootstrap_monitor.adapters.kube.api, bootstrap_monitor.adapters.node;"
        "print(*{name.partition('.')[0] for name in sys.modules} & {'kubernetes', 'urllib3', 'httpx', 'tenacity'})"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=dict(os.environ))
    assert result.stdout.strip() == b""


def test_connecting_imports_no_typed_models(tmp_path: Path) -> None:
    code = (
        "import sys; from bootstrap_monitor.adapters.kube.api import Kube; from bootstrap_monitor.clock import *;"
        "Kube.connect('rig', SystemClock());"
        "typed = ('kubernetes.client.api.', 'kubernetes.client.models.');"
        "print(*[name for name in sys.modules if name.startswith(typed)])"
    )
    environ = os.environ | {"KUBECONFIG": str(kubeconfig(tmp_path, "http://127.0.0.1:1"))}
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environ)
    assert result.stdout.strip() == b""
