"""`scripts/demo`: the whole loop in a minute, on one screen, with the manifests that are shipped.

::

    story ── a step: do, then wait until the state shows it ──► screen | plain lines | recording
                                             ▲
    gather ── what the cluster, the node and the monitor's log say ── reading ── state

`gather`, `stage`, `display` and `__main__` have the effects; the rest is pure.
"""
