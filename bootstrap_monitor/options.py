"""The commands' options: names, environment variables, help, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

import typer

from bootstrap_monitor.core import option_values as values
from bootstrap_monitor.core.on_failure import OnFailure
from bootstrap_monitor.core.registry.insecure import InsecureRegistry, insecure_registry
from bootstrap_monitor.log import LogFormat, LogLevel


def option(name: str, text: str, *variables: str, parser: Callable[[str], Any] | None = None, **more: Any) -> Any:
    """A typer option that is also read from BOOTSTRAP_MONITOR_<NAME>, then from ``variables``."""
    own_variable = "BOOTSTRAP_MONITOR_" + name.partition("/")[0].removeprefix("--").replace("-", "_").upper()
    return typer.Option(name, help=text, envvar=[own_variable, *variables], parser=parser and parsed_by(parser), **more)


def parsed_by(parser: Callable[[str], Any]) -> Callable[[str], Any]:
    """``parser`` with its :class:`ValueError` as a usage error."""

    def parsed(value: str) -> Any:
        try:
            return parser(value)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return parsed


Namespace = Annotated[
    str, option("--namespace", "Namespace of this pod.", "POD_NAMESPACE", parser=values.name, metavar="NAME")
]
PodName = Annotated[str, option("--pod-name", "Name of this pod.", "POD_NAME", parser=values.name, metavar="NAME")]
Container = Annotated[
    str, option("--node-container-name", "Container that runs the node.", parser=values.name, metavar="NAME")
]
DataDir = Annotated[
    str,
    option("--data-dir", "Where this container mounts the data volume.", parser=values.folder, metavar="PATH"),
]
Format = Annotated[LogFormat, option("--log-format", "Form of the log.", case_sensitive=False)]
Level = Annotated[LogLevel, option("--log-level", "The least that is logged.", case_sensitive=False)]
TrackedTag = Annotated[
    str | None,
    option(
        "--tracked-tag",
        "Tag to follow.",
        parser=values.tag,
        metavar="TAG",
        show_default="the one that was deployed",
    ),
]
ProbeTimeout = Annotated[
    timedelta,
    option(
        "--probe-timeout",
        "How long a probe pod may take, with its pull.",
        parser=values.duration,
        metavar="DURATION",
    ),
]
NodeDataDir = Annotated[
    str | None,
    option(
        "--node-data-dir",
        "What to clear for a new test: a path in this container, absolute or in --data-dir.",
        metavar="PATH",
        show_default="derived from the node's container",
    ),
]
NodeUri = Annotated[str, option("--node-uri", "The node's HTTP server.", parser=values.uri, metavar="URI")]
HealthySamples = Annotated[
    int,
    option(
        "--healthy-samples",
        "How many healthy samples in a row, with nothing left to bootstrap, are a pass.",
        parser=values.samples,
        metavar="NUMBER",
    ),
]
HealthCheckInterval = Annotated[
    timedelta,
    option("--health-check-interval", "Time between looks at the node.", parser=values.duration, metavar="DURATION"),
]
ImageCheckInterval = Annotated[
    timedelta,
    option(
        "--image-check-interval",
        "Time between looks at the template and, after the verdict, for a new image.",
        parser=values.duration,
        metavar="DURATION",
    ),
]
StallTimeout = Annotated[
    timedelta,
    option(
        "--stall-timeout",
        "How long nothing may move before the test fails; also how long a bootstrapped node may be unhealthy.",
        parser=values.duration,
        metavar="DURATION",
    ),
]
MaxRestarts = Annotated[
    int,
    option(
        "--max-restarts",
        "How many restarts of the node's container without progress in between are a crash loop.",
        parser=values.samples,
        metavar="NUMBER",
    ),
]
MinFree = Annotated[
    float,
    option(
        "--min-free",
        "How much of the volume's filesystem has to stay free; below, the test fails.",
        parser=values.percentage,
        metavar="PERCENT",
    ),
]
NotStartedTimeout = Annotated[
    timedelta,
    option(
        "--not-started-timeout",
        "How long the node's container may wait for its image or its configuration.",
        parser=values.duration,
        metavar="DURATION",
    ),
]
MaxDuration = Annotated[
    timedelta | None,
    option(
        "--max-duration",
        "How long the test may take, over all restarts of the pod.",
        parser=values.duration,
        metavar="DURATION",
        show_default="no limit",
    ),
]
AfterFailure = Annotated[
    OnFailure,
    option(
        "--on-failure",
        "After a failed test: follow the tag to the next image, or hold for people to look.",
        case_sensitive=False,
    ),
]
RegistryCheck = Annotated[
    bool,
    option(
        "--registry-check/--no-registry-check",
        "Ask the image's registry which digest a tag names: no probe pod runs while that has its verdict, and the "
        "container runtime may know the image by another name.",
    ),
]
InsecureRegistries = Annotated[
    list[InsecureRegistry],
    option(
        "--insecure-registry",
        "A registry to ask over plain HTTP, as loopback names always are; without a port, at every port. May be "
        "repeated; in the variable, several are separated by blanks.",
        parser=insecure_registry,
        metavar="HOST[:PORT]",
        show_default=False,
    ),
]
DryRun = Annotated[bool, option("--dry-run", "Print the decision, its reason and what would be done; change nothing.")]
