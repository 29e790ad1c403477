"""The lookups: generators that yield what they want to know, and return a record or raise a typed error."""
