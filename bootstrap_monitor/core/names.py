"""Names that the outside world knows: annotations, files, log messages. Part of the drop-in contract; never changed."""

from __future__ import annotations

# On the pod template: a change of these starts a new revision.
VERSIONS_ANNOTATION = "avalanche.avax.network/avalanchego-versions"
TRACKED_TAG_ANNOTATION = "avalanche.avax.network/tracked-tag"
RETEST_ANNOTATION = "avalanche.avax.network/bootstrap-retest"

# On the StatefulSet's own metadata: a change of these starts nothing.
RESULTS_ANNOTATION = "avalanche.avax.network/bootstrap-results"
PIN_ATTEMPTS_ANNOTATION = "avalanche.avax.network/bootstrap-pin-attempts"

# On the data volume. Clearing a volume's root keeps these, and what the filesystem itself owns.
DETAILS_FILE = "bootstrap_test_details.txt"
DETAILS_SET_ASIDE = "bootstrap_test_details.txt.bad"
RESTORE_MARKER = ".bootstrap_restore.json"
SHELL_MARKER = ".db-initialized"
"""Left by the shell script of older manifests that unpack an archive; goes with the data that it speaks of."""
OWN_FILES = frozenset({DETAILS_FILE, DETAILS_SET_ASIDE, RESTORE_MARKER, "lost+found"})

# Log messages that people's alerts match on.
STARTING = "Starting bootstrap test"
RESUMING = "Resuming bootstrap test"
IMAGE_UNCHANGED = "Image unchanged"
DELETING_POD = "Deleting pod to trigger recreation with the digest-pinned image"
COMPLETED = "Bootstrap completed successfully"
