"""From a user's name to candidates, by the rules of one resolver."""
