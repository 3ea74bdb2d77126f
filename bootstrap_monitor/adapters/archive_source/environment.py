"""What the environment says of connections: by way of which proxy, and whose certificates are trusted."""

from __future__ import annotations

import os
import ssl
import urllib.request

from bootstrap_monitor.adapters.archive_source.address import Address, parse

CORRECT = "Correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, or SSL_CERT_FILE and SSL_CERT_DIR."

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def proxy_for(address: Address) -> Address | None:
    """What ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` say; never one for loopback.

    :raises ValueError: a proxy is named that cannot be used.
    """
    proxies = urllib.request.getproxies()
    named = proxies.get(address.scheme) or proxies.get("all")
    if not named or address.host in _LOOPBACK or urllib.request.proxy_bypass(address.host):
        return None
    proxy = parse(named if "://" in named else f"http://{named}")
    if proxy.scheme != "http":
        raise ValueError("only a proxy that is asked by http:// can be used")
    return proxy


def trusted() -> ssl.SSLContext:
    """By ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``; without them, by what browsers trust.

    :raises OSError: they name what is not there, or no certificates.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not (file or folder):
        import certifi  # noqa: PLC0415 - not needed by plain HTTP

        file = certifi.where()
    return ssl.create_default_context(cafile=file, capath=folder)
