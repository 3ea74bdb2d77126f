"""Image references: the grammar of github.com/distribution/reference, and Docker Hub's short names.

``host:5000/name`` has a port, not a tag; ``repo:tag@sha256:...`` has both a tag and a digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bootstrap_monitor.core.digest import EXPLANATION, GRAMMAR, is_digest, required_digest
from bootstrap_monitor.errors import ConfigurationError

NAME_LIMIT = 255
"""Characters of a repository, with its registry (distribution's ``RepositoryNameTotalLengthMax``)."""

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_NAME = rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"

_reference = re.compile(rf"(?P<repository>{_NAME})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{GRAMMAR}))?")
_tag = re.compile(_TAG)
_identifier = re.compile(r"[a-f0-9]{64}")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """``repository[:tag][@digest]``, each part as it was spelled. Made by :func:`parse`."""

    repository: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.repository}{tag}{digest}"

    @property
    def pinned(self) -> bool:
        """Whether a digest says which image this is, whatever the tag."""
        return self.digest is not None

    @property
    def effective_tag(self) -> str | None:
        """The tag; ``latest`` where there is neither tag nor digest; None for a digest alone."""
        if self.tag is None and self.digest is None:
            return "latest"
        return self.tag

    @property
    def registry(self) -> str:
        """The host, with its port if it has one; ``docker.io`` for Docker Hub however it is spelled."""
        return _registry_and_path(self.repository)[0]

    @property
    def path(self) -> str:
        """The repository's path in its registry: ``library/ubuntu`` for ``ubuntu``."""
        return _registry_and_path(self.repository)[1]

    @property
    def canonical_repository(self) -> str:
        """The one spelling that all spellings of a repository share: ``docker.io/library/ubuntu``."""
        return f"{self.registry}/{self.path}"

    def same_repository(self, other: ImageReference) -> bool:
        """Whether both name one repository, however it is spelled and whatever tag or digest they have."""
        return self.canonical_repository == other.canonical_repository

    def with_digest(self, digest: str) -> ImageReference:
        """``repository@digest``, without a tag: a tag beside a digest says nothing, and misleads.

        :raises ConfigurationError: it is no digest.
        """
        return ImageReference(self.repository, digest=required_digest(digest))

    def with_tag(self, tag: str) -> ImageReference:
        """``repository:tag``, without a digest.

        :raises ConfigurationError: it is no tag.
        """
        if not _tag.fullmatch(tag):
            raise ConfigurationError(
                f"{tag!r} is not an image tag",
                reason="BadTag",
                check="A tag has up to 128 letters, digits, '_', '.', '-', and begins with no '.' or '-'.",
                do="Give the tag alone, as in 'latest'.",
            )
        return ImageReference(self.repository, tag=tag)


def parse(text: str) -> ImageReference:
    """The reference in ``text``; ``str()`` of the result is ``text`` again.

    :raises ConfigurationError: ``text`` is no image reference; the error quotes it.
    """
    match = _reference.fullmatch(text)
    if match is None or _identifier.fullmatch(text) or len(match["repository"]) > NAME_LIMIT:
        raise _bad(text)
    if match["digest"] is not None and not is_digest(match["digest"]):
        raise _bad(text)
    return ImageReference(match["repository"], match["tag"], match["digest"])


def digest_of_image_id(image_id: str) -> ImageReference | None:
    """What ``containerStatuses[].imageID`` says: a reference with a digest, or None.

    Runtimes write ``docker-pullable://repo@sha256:...`` or ``repo@sha256:...``. A bare ``sha256:...`` is the
    digest of the image's *configuration*, which no registry can be asked for: None, like an empty text.
    """
    try:
        reference = parse(image_id.removeprefix("docker-pullable://"))
    except ConfigurationError:
        return None
    return reference if reference.pinned else None


def _registry_and_path(repository: str) -> tuple[str, str]:
    """By distribution's rule of what is a host: all else is the first component of a path on Docker Hub."""
    first, slash, rest = repository.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        first, rest = "docker.io", repository
    if first not in {"docker.io", "index.docker.io"}:
        return first, rest
    return "docker.io", rest if "/" in rest else f"library/{rest}"


def _bad(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"{text!r} is not an image reference",
        reason="BadImageReference",
        check=_why(text),
        do="Correct the image: [host[:port]/]path[:tag][@digest], as in 'avaplatform/avalanchego:latest'.",
    )


def _why(text: str) -> str:
    """The most likely cause, in a sentence."""
    name, at, digest = text.partition("@")
    causes = (
        (not text, "It is empty."),
        (text.split() != [text], "It has a blank or a line break."),
        (_identifier.fullmatch(text), "It is an image's id, which names no repository."),
        (at and not is_digest(digest), EXPLANATION),
        (len(name) > NAME_LIMIT, f"The repository may have {NAME_LIMIT} characters."),
        (
            name != name.lower(),
            "A path has no capitals; only a host (with '/' behind it) and a tag may have some.",
        ),
    )
    otherwise = "A path is of a-z, 0-9 and single '.', '_', '-' between them."
    return next((sentence for applies, sentence in causes if applies), otherwise)
