"""`profile`: what CoreDNS's query log tells of those who ask. Lines <- counts <- walks <- replaying <- the command."""
