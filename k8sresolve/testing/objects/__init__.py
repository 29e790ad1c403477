"""Kubernetes objects: how manifests are read, and the store that holds them."""
