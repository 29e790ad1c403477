"""Lists of words, which are read better as text than as literals."""


def word_set(text: str) -> frozenset[str]:
    """Take a text apart at its blanks.

    >>> sorted(word_set("host addr"))
    ['addr', 'host']
    """
    return frozenset(text.split())
