"""Whether a component does its work, as it says itself."""

from __future__ import annotations

import http.client
import socket
import ssl

from e2e.clusters.host import registry
from e2e.clusters.host.api import Api
from e2e.clusters.host.settings import ETCD_CLIENT, Layout

SECONDS = 5.0
LOOPBACK = "127.0.0.1"
# By default, on loopback: port and path.
PLAIN = {"kubelet": (10248, "/healthz"), "kube-proxy": (10256, "/livez")}
WITH_OWN_CERTIFICATE = {"kube-controller-manager": (10257, "/healthz"), "kube-scheduler": (10259, "/healthz")}


def healthy(name: str, layout: Layout) -> bool:
    match name:
        case "etcd":
            return _ok(http.client.HTTPConnection(ETCD_CLIENT.removeprefix("http://"), timeout=SECONDS), "/health")
        case "containerd":
            return _accepts(layout)
        case "registry":
            return registry.answers()
        case "kube-apiserver":
            return Api(layout).server_ready()
    if name in PLAIN:
        port, path = PLAIN[name]
        return _ok(http.client.HTTPConnection(LOOPBACK, port, timeout=SECONDS), path)
    port, path = WITH_OWN_CERTIFICATE[name]
    # Made by the component for itself, and never leaves this machine: there is nothing to check it against.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _ok(http.client.HTTPSConnection(LOOPBACK, port, timeout=SECONDS, context=context), path)


def _ok(connection: http.client.HTTPConnection, path: str) -> bool:
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _accepts(layout: Layout) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS)
        return client.connect_ex(str(layout.containerd_socket)) == 0
