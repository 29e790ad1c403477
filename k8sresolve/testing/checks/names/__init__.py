"""Names in manifests: where they stand, which are a host's, and what of the cluster they mean."""
