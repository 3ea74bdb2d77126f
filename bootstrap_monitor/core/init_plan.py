"""What ``init --dry-run`` tells of an act, for people."""

from __future__ import annotations

from bootstrap_monitor.core import names
from bootstrap_monitor.core.init_acts import Act, DeleteOwnPod, Pin, Resume, StartTest, Stop, WaitForTermination


def plan(act: Act, archive: str) -> list[str]:
    """Lines; ``archive`` is what a new test is restored from, empty: nothing."""
    match act:
        case WaitForTermination():
            return ["would: wait for SIGTERM"]
        case Stop(exit_code, check, do):
            return [f"would: end with exit code {int(exit_code)}", f"check: {check}", f"do: {do}"]
        case DeleteOwnPod():
            return ["would: delete this pod"]
        case Pin(image, tag) as pin:
            run = f"run `{image}` in a probe pod for its digest and versions; " if pin.needs_probe else ""
            return [f"would: {run}pin the template to `{image.repository}@…` (tracked tag `{tag}`); delete this pod"]
        case StartTest(places=places, going_on=going_on):
            cleared = "" if going_on else f"remove {names.DETAILS_FILE}; clear {', '.join(places.places)}; "
            restored = f"restore {archive} to {places.database}; " if archive else ""
            return [f"would: {cleared}{restored}write {names.DETAILS_FILE}; start the node"]
        case Resume(_, filled):
            more = f"complete {names.DETAILS_FILE}; " if filled else ""
            return [f"would: {more}start the node on its data"]
