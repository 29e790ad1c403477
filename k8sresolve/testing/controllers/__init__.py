"""What a cluster's controllers and kubelets make of the objects."""
