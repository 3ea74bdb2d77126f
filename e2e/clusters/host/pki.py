"""One authority, a certificate for each part of the cluster, and the kubeconfig files that hold them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

from e2e.clusters.host.commands import run
from e2e.clusters.host.settings import API_PORT, API_SERVICE_ADDRESS, NODE_ADDRESS, NODE_NAME, Layout

REMEDY = "openssl 3 is needed (package `openssl`)"
DAYS = "3650"
EXTENSIONS = """[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth, serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Leaf:
    """Who somebody is to the API server: the user's name and group, and as a server its names."""

    name: str
    user: str
    group: str = ""
    names: str = ""


API_NAMES = (
    "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,"
    f"DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:{NODE_ADDRESS},IP:{API_SERVICE_ADDRESS}"
)
SERVERS = (
    Leaf("apiserver", "kube-apiserver", names=API_NAMES),
    Leaf("kubelet-server", f"system:node:{NODE_NAME}", "system:nodes", f"DNS:{NODE_NAME},IP:{NODE_ADDRESS}"),
    # The API server as the kubelet's client.
    Leaf("kubelet-client", "kube-apiserver-kubelet-client", "system:masters"),
)
USERS = (
    Leaf("admin", "admin", "system:masters"),
    Leaf("kube-controller-manager", "system:kube-controller-manager"),
    Leaf("kube-scheduler", "system:kube-scheduler"),
    Leaf("kubelet", f"system:node:{NODE_NAME}", "system:nodes"),
    Leaf("kube-proxy", "system:kube-proxy"),
)


def create(layout: Layout) -> None:
    pki = layout.pki
    pki.mkdir(mode=0o700, parents=True)
    settings = pki / "openssl.cnf"
    settings.write_text(EXTENSIONS, encoding="utf-8")
    request = ("openssl", "req", "-x509", "-config", settings, *NEW_KEY, "-days", DAYS)
    signed = (*request, "-extensions", "leaf", "-CA", pki / "ca.crt", "-CAkey", pki / "ca.key")
    authority = ("-extensions", "authority", "-subj", "/CN=bootstrap-monitor-host")
    run([*request, *authority, *_output(pki, "ca")], remedy=REMEDY)
    for leaf in SERVERS + USERS:
        subject = (f"/O={leaf.group}" if leaf.group else "") + f"/CN={leaf.user}"
        names = ["-addext", f"subjectAltName={leaf.names}"] if leaf.names else []
        run([*signed, "-subj", subject, *names, *_output(pki, leaf.name)], remedy=REMEDY)
    tokens = pki / "service-accounts.key"
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", tokens], remedy=REMEDY)
    for user in USERS:
        file = layout.kubeconfig(user.name)
        file.touch(mode=0o600)
        file.write_text(json.dumps(_kubeconfig(pki, user.name), indent=2), encoding="utf-8")


def _output(pki: Path, name: str) -> tuple[str | Path, ...]:
    return ("-keyout", pki / f"{name}.key", "-out", pki / f"{name}.crt")


def _kubeconfig(pki: Path, user: str) -> dict[str, object]:
    cluster = {
        "server": f"https://{NODE_ADDRESS}:{API_PORT}",
        "certificate-authority-data": _encoded(pki / "ca.crt"),
    }
    credentials = {
        "client-certificate-data": _encoded(pki / f"{user}.crt"),
        "client-key-data": _encoded(pki / f"{user}.key"),
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "host", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "host", "context": {"cluster": "host", "user": user}}],
        "current-context": "host",
    }


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode("ascii")
