from typing import Any

import pytest

from e2e.clusters.local.kubelet.scheduling import unfit


def affinity(key: str, operator: str, *values: str) -> dict[str, Any]:
    expression = {"key": key, "operator": operator, "values": list(values)}
    required = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


@pytest.mark.parametrize(
    ("spec", "fits"),
    [
        ({}, True),
        ({"nodeSelector": {"kubernetes.io/os": "linux"}}, True),
        ({"nodeSelector": {"disk": "fast"}}, False),
        ({"nodeSelector": {"kubernetes.io/os": "linux", "disk": "fast"}}, False),
        (affinity("kubernetes.io/hostname", "In", "local", "other"), True),
        (affinity("kubernetes.io/hostname", "NotIn", "local"), False),
        (affinity("disk", "Exists"), False),
        (affinity("disk", "DoesNotExist"), True),
        ({**affinity("disk", "DoesNotExist"), "nodeSelector": {"disk": "fast"}}, False),
        ({"affinity": {"podAffinity": {}}}, True),
    ],
    ids=str,
)
def test_what_the_one_node_is_fit_for(spec: dict[str, Any], fits: bool) -> None:
    assert (unfit(spec) == "") is fits
    assert fits or unfit(spec).startswith("0/1 nodes are available")
