"""The command `k8sresolve`: the resolver's calls from a shell."""
