"""CoreDNS's `rewrite` plugin: questions are changed on the way in, replies on the way out."""
