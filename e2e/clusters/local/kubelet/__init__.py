"""The kubelet: runs the containers of pods as processes of this machine, and says in each pod's status how they are."""
