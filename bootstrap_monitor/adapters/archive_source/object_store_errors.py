"""What obstore's errors mean. None of their text is passed on: it quotes addresses, headers and whole answers."""
# ruff: noqa: PLC0415 - obstore takes 16 MiB and starts threads

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from bootstrap_monitor.adapters.archive_source import refused
from bootstrap_monitor.adapters.archive_source.refused import TryLater
from bootstrap_monitor.errors import ConfigurationError, MonitorError, SourceChanged

_ENDPOINTS = (
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_ENDPOINT",
    "GOOGLE_BASE_URL",
)
_CREDENTIALS = (
    "Give credentials that may read it: for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), a "
    "role of the pod or machine, or AWS_SKIP_SIGNATURE=true for a public bucket; for Google "
    "GOOGLE_APPLICATION_CREDENTIALS or a role; for Azure AZURE_STORAGE_ACCOUNT_NAME with a key, a SAS token or a role."
)
_PLACE = (
    "Correct the address, AWS_REGION (or AZURE_STORAGE_ACCOUNT_NAME), or the endpoint of an S3-compatible store in "
    "AWS_ENDPOINT_URL."
)
_asked = re.compile(r"Error performing [A-Z]+ (\S+) in ")
_status = re.compile(r"returned non-2xx status code: (\d{3})")
_code = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
_kind = re.compile(r"HttpError \{\s*kind: ([A-Za-z]+)")
_CREDENTIAL_CODES = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "XAdminUserNotFound"}
"""S3 answers with status 400 so, and versitygw to a key that it does not know with 404."""
_NETWORK = {
    "dns error": "its host's name cannot be resolved",
    "ConnectionRefused": "the connection is refused",
    "kind: Timeout": "it stands still",
    "kind: Interrupted": "the connection was cut",
}
_SETTINGS = {
    "InvalidCertificate": "its certificate is not trusted (SSL_CERT_FILE names the authorities that are)",
    "redirect without LOCATION": "it is in another region",
    "non-partial response": "it gives no ranges of objects",
}


def asked_in_clear(environment: Mapping[str, str]) -> bool:
    """Whether an endpoint of the environment is without TLS.

    :raises ConfigurationError: one is no address: obstore would panic.
    """
    given = {name: environment[name] for name in _ENDPOINTS if name in environment}
    for name, endpoint in given.items():
        if not _is_address(endpoint):
            raise ConfigurationError(
                f"the environment's {name} is not an address",
                reason=refused.REFUSED,
                do=f"Give {name} as https://<host>[:<port>], or unset it.",
            )
    return any(endpoint.startswith("http://") for endpoint in given.values())


def meaning(who: str, key: str, error: BaseException, *, reading: bool) -> MonitorError:
    """For who reads the object ``key``, shown as ``who``. ``reading``: it was found before, so that whatever is not
    said of the object itself may be another thing later.
    """
    from obstore.exceptions import PreconditionError

    if isinstance(error, MonitorError):
        return error
    if isinstance(error, PreconditionError):
        return SourceChanged(f"{who} has been replaced meanwhile")
    text = str(error)
    how = _how(error, text)
    status = int(match[1]) if (match := _status.search(text)) else None
    if _of_credentials(key, text):
        return _no_credentials(who, how, status, reading=reading)
    if status:
        return _answered(who, how, status)
    return _unanswered(who, how, text, reading=reading)


def _answered(who: str, how: str, status: int) -> MonitorError:
    meant = refused.of_status(who, status)
    if meant.reason == refused.FORBIDDEN or any(code in how for code in _CREDENTIAL_CODES):
        return ConfigurationError(
            f"{who} may not be read ({how})",
            reason=refused.FORBIDDEN,
            check="the credentials and what they allow; a store also says so of an object that does not exist, to those"
            " who may not list the bucket",
            do=_CREDENTIALS,
        )
    if meant.reason == refused.NOT_FOUND:
        return refused.not_found(who, how)
    return meant if isinstance(meant, TryLater) else _refused(who, how)


def _unanswered(who: str, how: str, text: str, *, reading: bool) -> MonitorError:
    if network := next((said for sign, said in _NETWORK.items() if sign in text), None):
        return TryLater(f"{who} gives no answer: {network}")
    if said := next((said for sign, said in _SETTINGS.items() if sign in text), None):
        return _refused(who, said)
    if reading or _kind.search(text):
        return TryLater(f"{who} gives no usable answer ({how})")
    return _refused(who, f"its address, or what the environment sets for it, is not usable ({how})")


def _how(error: BaseException, text: str) -> str:
    """Status and code of the answer, else the kind of the error: nothing that a secret could be in."""
    found = [match[1] for pattern in (_status, _code) if (match := pattern.search(text))]
    if not found:
        found = [type(error).__name__, *(match[1] for match in [_kind.search(text)] if match)]
    return ", ".join(found)


def _of_credentials(key: str, text: str) -> bool:
    """Whether it was not the store that was asked, but who gives credentials for it."""
    asked = _asked.search(text)
    return "token request" in text or bool(asked and not unquote(urlsplit(asked[1]).path).endswith(key))


def _no_credentials(who: str, how: str, status: int | None, *, reading: bool) -> MonitorError:
    what = f"there are no credentials to read {who} with: who gives them gave none ({how})"
    if reading or (status and isinstance(refused.of_status(who, status), TryLater)):
        return TryLater(what)
    return ConfigurationError(
        what,
        reason=refused.FORBIDDEN,
        check="which credentials the environment holds; with none of them, the machine's or pod's identity is asked",
        do=_CREDENTIALS,
    )


def _refused(who: str, how: str) -> ConfigurationError:
    return refused.refused(who, how, do=_PLACE)


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", endpoint)
