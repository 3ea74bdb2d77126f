"""The connection to the API server: the only module that imports ``kubernetes`` (and its urllib3), and that late."""
# ruff: noqa: PLC0415 - the client takes a quarter of a second to import, which `--help` shall not pay for

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bootstrap_monitor import __version__
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ApiError, ConfigurationError

log = logging.getLogger(__name__)

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_USER_AGENT = f"bootstrap-monitor/{__version__}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server answered; ``headers`` are found whatever their case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Connection:
    """Sends requests, by the rules of a ``kubernetes.client.Configuration``.

    ``tls_error`` is what ``client`` makes of an error of TLS.
    """

    def __init__(self, configuration: Any, client: Any, tls_error: type[Exception]) -> None:
        self._configuration = configuration
        self._client = client
        self._tls_error = tls_error

    def send(
        self,
        what: str,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        body: JsonObject | None,
        timeout: tuple[float, float],
    ) -> Answer:
        """One request; ``timeout`` is of connecting and of reading, in seconds.

        :raises ApiError: there was no answer, or not all of it.
        """
        from urllib3.exceptions import HTTPError

        sent = {**headers, "User-Agent": _USER_AGENT}
        for setting in self._configuration.auth_settings().values():
            sent[setting["key"]] = setting["value"]
        url = self._configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            response = self._client.request(method, url, headers=sent, body=body, _request_timeout=timeout)
            return Answer(response.status, response.headers, response.read())
        except (self._tls_error, HTTPError) as error:
            raise _no_answer(what, error) from error


def connect(environ: Mapping[str, str], service_account: Path) -> Connection:
    """By the kubeconfig that ``KUBECONFIG`` names if it is set, else as the pod's ServiceAccount. Sends nothing.

    :raises ConfigurationError: neither is usable.
    """
    with _bare_packages():
        from kubernetes.client.configuration import Configuration
        from kubernetes.client.exceptions import ApiException
        from kubernetes.client.rest import RESTClientObject

    configuration = Configuration()
    configuration.retries = False  # ours know what is transient; nor are redirects followed
    configuration.keep_alive = True
    if kubeconfig := environ.get("KUBECONFIG"):
        _load_kubeconfig(configuration, kubeconfig)
    else:
        _load_service_account(configuration, environ, service_account)
    return Connection(configuration, RESTClientObject(configuration), ApiException)


@contextmanager
def _bare_packages() -> Iterator[None]:
    """Modules of ``kubernetes`` are imported by themselves.

    The packages' own code imports all there is, which takes the sidecar more memory and time than all that it uses.
    """
    bare = []
    for name in ("kubernetes", "kubernetes.utils", "kubernetes.config"):
        if name not in sys.modules and (spec := find_spec(name)):
            sys.modules[name] = module_from_spec(spec)
            bare.append(name)
    try:
        yield
    finally:
        for name in bare:  # for others, the package is not imported yet
            del sys.modules[name]


def _no_answer(what: str, error: Exception) -> ApiError:
    from urllib3.exceptions import NewConnectionError
    from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

    # A refused connection is derived from a timeout there.
    timed_out = isinstance(error, Urllib3TimeoutError) and not isinstance(error, NewConnectionError)
    reason = "TimedOut" if timed_out else "ConnectionFailed"
    detail = " ".join(str(getattr(error, "reason", None) or error).split())
    return ApiError(f"{what}: {type(error).__name__}: {detail}", status=0, reason=reason)


def _load_kubeconfig(configuration: Any, path: str) -> None:
    with _bare_packages():
        from kubernetes.config.config_exception import ConfigException
        from kubernetes.config.kube_config import load_kube_config

    try:
        load_kube_config(path, client_configuration=configuration, persist_config=False)  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - a person's file: the loader raises whatever it stumbles over
        # Others than ConfigException may quote the file, with its tokens.
        detail = str(error) if isinstance(error, ConfigException) else type(error).__name__
        raise ConfigurationError(
            f"the kubeconfig {path} is not usable: {detail}",
            reason="KubeconfigInvalid",
            check="the file that the environment variable KUBECONFIG names",
            do="mend it, or unset KUBECONFIG to use the pod's ServiceAccount",
        ) from None


def _load_service_account(configuration: Any, environ: Mapping[str, str], folder: Path) -> None:
    with _bare_packages():
        from kubernetes.config.config_exception import ConfigException
        from kubernetes.config.incluster_config import InClusterConfigLoader

    token = folder / "token"
    loader = InClusterConfigLoader(  # type: ignore[no-untyped-call]
        str(token), str(folder / "ca.crt"), try_refresh_token=False, environ=environ
    )
    try:
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise ConfigurationError(
            f"no access to the Kubernetes API: KUBECONFIG is not set, and as a pod: {error}",
            reason="NoKubernetesAccess",
            check=f"KUBECONFIG; in a pod, automountServiceAccountToken and {folder}",
            do="set KUBECONFIG to a kubeconfig's path, or run in a pod with a ServiceAccount",
        ) from error
    _read_token(configuration, token)
    configuration.refresh_api_key_hook = lambda target: _read_token(target, token)


def _read_token(configuration: Any, path: Path) -> None:
    """Runs before each request. The client's own hook reads once a wall-clock minute, also after a 401."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        log.debug("token of the ServiceAccount not read, the last one is used: %s", type(error).__name__)
        return
    if token:
        configuration.api_key["BearerToken"] = f"Bearer {token}"
