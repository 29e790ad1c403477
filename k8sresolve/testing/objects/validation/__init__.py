"""What the API server refuses of objects: a table of fields one by one, and rules for fields that go together."""
