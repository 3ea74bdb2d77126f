"""What scenarios are written with: one world a scenario, manifests, and waits on the cluster's own records.

A scenario is a function in e2e/scenarios that takes `rig` and is marked `scripted` or `real`, the kind of its nodes::

    rig.node_image.push({"healthyAfterSeconds": 5})        # a new digest under the tag, told how to behave
    rig.deploy(rig.tester(update_strategy={"type": "OnDelete"}))  # the fields of manifests.Tester; again: re-applied
    [result] = rig.until_results(1)                        # then assert on what the cluster, volume and logs say

One that shows what another shows too, or takes minutes, is marked `wide`: only `scripts/e2e --all` runs it. One that
stops components of the cluster is marked `disruptive`: it runs after all others, alone.

Nothing sleeps: `rig.until(look, what)` and its relatives poll with a bound, and a failure tells the state of the world.
"""
