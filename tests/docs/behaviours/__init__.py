"""What is shown of the behaviours, and what other resolvers do: `docs/explanation/behaviours.md`."""
