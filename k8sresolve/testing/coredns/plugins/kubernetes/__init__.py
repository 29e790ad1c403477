"""The `kubernetes` plugin of CoreDNS: from a name, a type and the store to an answer.

Rules only, no I/O and no messages. The names are those of "Kubernetes DNS-Based Service Discovery", version 1.1.0.
Where CoreDNS answers more than that page says, or otherwise, CoreDNS is followed, since that is what programs meet.
"""
