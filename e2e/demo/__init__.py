"""`scripts/demo`: the whole loop in a minute, on one screen, with the manifests that are shipped.

::

    story ── a step: do, then wait until the state shows it ──► screen | plain lines | recording
                                             ▲
    gather ── what the cluster, the node and the monitor's log say ── state

`state`, `story`, `screen`, `plain` and `recording` are pure; `gather`, `stage` and `__main__` have the effects.
"""
