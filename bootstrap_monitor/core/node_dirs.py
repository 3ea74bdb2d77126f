"""Where the node writes, in its own container: avalanchego's folders by its flags, variables and defaults."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from bootstrap_monitor.core import container as containers
from bootstrap_monitor.core import expansion, mounts, node_settings
from bootstrap_monitor.core.json import JsonObject
from bootstrap_monitor.errors import ConfigurationError

# Defaults of avalanchego's flags (its config/flags.go).
DEFAULT_DATA_DIR = "$HOME/.avalanchego"
DEFAULT_DB_DIR = "$AVALANCHEGO_DATA_DIR/db"
DEFAULT_CHAIN_DATA_DIR = "$AVALANCHEGO_DATA_DIR/chainData"
DATA_DIR_VARIABLE = "AVALANCHEGO_DATA_DIR"

# What the node's images are built with.
DEFAULT_HOME = "/root"
DEFAULT_WORKING_DIR = "/avalanchego/build"


@dataclass(frozen=True, slots=True)
class NodeDirs:
    """Absolute paths in the node's container, normalised."""

    data_dir: str
    db_dir: str
    chain_data_dir: str
    warnings: tuple[str, ...] = ()


def derive(container: JsonObject) -> NodeDirs:
    """The folders of the node in ``container``.

    The node expands ``$NAME`` and ``${NAME}`` in these paths; relative ones start at its working directory.

    :raises ConfigurationError: one is given by a value that cannot be read.
    """
    environment = containers.environment(container)
    working_dir = container.get("workingDir") or DEFAULT_WORKING_DIR
    unsure: list[str] = []

    def text(flag: str, default: str) -> str:
        setting = node_settings.setting(container, flag)
        if setting.unreadable:
            raise _unreadable(setting.name, setting.name)
        if setting.perhaps_in_env_from:
            unsure.append(setting.name)
        return setting.text or default

    def path(source: str, unexpanded: str, data_dir: str) -> str:
        def value(name: str) -> str:
            if name == DATA_DIR_VARIABLE:
                return data_dir
            known = environment.get(name)
            if known is None and name == "HOME" and name not in environment.unreadable_names:
                return DEFAULT_HOME
            if known is None:
                raise _unreadable(source, name)
            return known

        return mounts.normal(posixpath.join(working_dir, expansion.go(unexpanded, value)))

    data_dir = path("the node's data dir", text("data-dir", DEFAULT_DATA_DIR), "")
    db_dir = path("the node's db dir", text("db-dir", DEFAULT_DB_DIR), data_dir)
    chain_data = path("the node's chain data dir", text("chain-data-dir", DEFAULT_CHAIN_DATA_DIR), data_dir)
    warnings: tuple[str, ...] = ()
    if unsure:
        warnings = (f"envFrom of the node's container cannot be read: {', '.join(unsure)} taken as not given.",)
    return NodeDirs(data_dir, db_dir, chain_data, warnings)


def _unreadable(source: str, variable: str) -> ConfigurationError:
    return ConfigurationError(
        f"{source} depends on {variable}, whose value is not in the pod's object",
        reason="NodeDataUnreadable",
        check="The node's container: variables from valueFrom, envFrom and the image itself cannot be read.",
        do=f"Give {variable} a literal value in the manifest, or name the node's data with --node-data-dir.",
    )
