"""Between a resolver and the cluster's nameservers: the way, its faults, its clock and its log."""
