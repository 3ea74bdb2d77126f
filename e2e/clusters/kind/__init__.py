"""A Kubernetes of kind's, in Docker, with a registry beside it. Needs docker and kind, and nothing else.

The scenarios read volumes and logs, and speak to pods by their addresses: all that is inside the node, which is a
container (on macOS in a virtual machine too). So they run there, in a container that joins the node.
"""
