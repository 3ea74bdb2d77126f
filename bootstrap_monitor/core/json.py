"""The shape that Kubernetes' objects have here: plain JSON, not typed models."""

from __future__ import annotations

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
