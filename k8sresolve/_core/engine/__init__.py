"""From a question to its answer: who is asked, when again, and what is remembered."""
