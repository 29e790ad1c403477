"""Plain slips of the hand, which tell by themselves what is meant, beside names that are merely alike.

Of `db-rw` and `db-ro`, `v1` and `v2`, `order` and `order-ui` both may well be there.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial

from k8sresolve.testing.checks.names.words import word_set

_LEAST_NAME = 5
_LEAST_WORD = 5  # of shorter words, those that one letter tells apart are mostly two: main and mail, rw and ro
_LEAST_SHORT_WORD = 2
_LEAST_SWAPPED = 6
_LEAST_BEGINNING = 4
_LEAST_ALIKE, _MOST_LETTERS = 8, 3  # of names of which one word has more letters
_PAIR = 2
_ROLES = word_set(
    "master slave primary secondary replica replicas leader follower read write ro rw r headless external"
)
_ALSO_SECURE = word_set("http ldap amqp mqtt grpc smtp imap")


def plain_slip(name: str, names: Iterable[str]) -> str:
    """Find the one of these names for which a name is a plain slip; empty where none is, or several are.

    >>> plain_slip("front-end", ["frontend", "web"]), plain_slip("user", ["users"])
    ('frontend', 'users')
    """
    return _the_one(names, partial(is_plain_slip, name))


def _the_one(names: Iterable[str], is_meant: Callable[[str], bool]) -> str:
    found = [name for name in dict.fromkeys(names) if is_meant(name)]
    return found[0] if len(found) == 1 else ""


def swapped_letters(name: str, names: Iterable[str]) -> str:
    """Find the one of these names of which two neighbouring letters are swapped in a name of some length.

    >>> swapped_letters("postgres-operator-iu", ["postgres-operator-ui"]), swapped_letters("bd", ["db"])
    ('postgres-operator-ui', '')
    """
    return _the_one(names, partial(_is_swapped, name))


def _is_swapped(name: str, meant: str) -> bool:
    return len(name) >= _LEAST_SWAPPED and _swapped_pair(name, meant).isalpha()


def _swapped_pair(text: str, meant: str) -> str:
    """Find the two neighbours that are swapped in a text which is right otherwise; empty where it is another."""
    places = [place for place, (one, other) in enumerate(zip(text, meant, strict=False)) if one != other]
    if len(text) != len(meant) or len(places) != _PAIR or places[1] != places[0] + 1:
        return ""
    pair = text[places[0] : places[1] + 1]
    return pair if pair[::-1] == meant[places[0] : places[1] + 1] else ""


def is_akin(name: str, other: str) -> bool:
    """Whether two names are likely to be of one thing: one has the words of the other and more, or most are the same.

    Names with other numbers, or of another part in a set of replicas, are of other things.

    >>> is_akin("shield", "svc-shield"), is_akin("pg-operator-ui", "postgres-operator-ui"), is_akin("rabbit", "rabbit1")
    (True, True, False)
    >>> is_akin("orders-db", "users-db"), is_akin("redis-master", "redis"), is_akin("node-1", "node")
    (False, False, False)
    """
    words, others = set(re.split("[-_]", name)), set(re.split("[-_]", other))
    if family(name)[1:] != family(other)[1:] or not _ROLES.isdisjoint(words ^ others):
        return False
    first, second = sorted((name, other), key=len)
    begins = len(first) >= _LEAST_BEGINNING and second.startswith(first)
    most = len(words & others) * 2 > max(len(words), len(others))
    return begins or most or words <= others or others <= words


def is_plain_slip(name: str, meant: str) -> bool:
    """Whether a name is another but for a hyphen, or for one letter of one word that is too much, lacks or is wrong.

    >>> is_plain_slip("cartservcie", "cartservice"), is_plain_slip("accounts-dbb", "accounts-db")
    (True, True)
    >>> is_plain_slip("reviews-v4", "reviews-v3"), is_plain_slip("cluster-rw", "cluster-ro")
    (False, False)
    """
    if family(name) != family(meant) or name == meant or max(len(name), len(meant)) < _LEAST_NAME:
        return False
    if _joined(name) == _joined(meant):
        return True
    pair = _differing(name, meant)
    return pair is not None and _is_slip_of_word(*pair)


def short_slip(name: str, names: Iterable[str], *, is_certain: bool) -> str:
    """Find the one of these names for which a name is a slip in a short word, where a port or a Service agrees as well.

    Letters are doubled or swapped, or, where the port is as good as a name, another one is before the last: behind it,
    letters make other names (`pg` and `pgb`, `job` and `jobs`).

    >>> short_slip("bd", ["db", "web"], is_certain=False), short_slip("user-dbb", ["user-db"], is_certain=False)
    ('db', 'user-db')
    >>> short_slip("app", ["api"], is_certain=True), short_slip("pqa", ["pga"], is_certain=True)
    ('', 'pga')
    """
    return _the_one(names, partial(_is_short_slip, name, is_certain=is_certain))


def _is_short_slip(name: str, meant: str, *, is_certain: bool) -> bool:
    pair = _differing(name, meant)
    if pair is None or family(name)[1:] != family(meant)[1:]:
        return False
    word, other = pair
    if max(len(word), len(other)) > _LEAST_WORD or min(len(word), len(other)) < _LEAST_SHORT_WORD:
        return False
    if _undoubled(word) == _undoubled(other) or _swapped_pair(word, other):
        return True
    return is_certain and word[0] == other[0] and word[-1] == other[-1] and is_one_edit(word, other)


def word_slip(name: str, names: Iterable[str]) -> str:
    """Find the one of these names of which a word lacks a few letters in another, or has some more, at one of its ends.

    >>> word_slip("cockroach-public", ["cockroachdb-public", "web"]), word_slip("postgres-db", ["postgresql-db"])
    ('cockroachdb-public', 'postgresql-db')
    >>> word_slip("redis", ["redisdb"]), word_slip("front-public", ["frontend-public-v2"])
    ('', '')
    """
    return _the_one(names, partial(_is_slip_by_letters, name))


def _is_slip_by_letters(name: str, meant: str) -> bool:
    pair = _differing(name, meant)
    if pair is None or family(name) != family(meant):
        return False
    short, long = sorted(pair, key=len)
    is_part = short != "" and (long.startswith(short) or long.endswith(short))
    most = len(long) - len(short) <= _MOST_LETTERS
    alike = min(len(_joined(name)), len(_joined(meant))) >= _LEAST_ALIKE
    return is_part and most and alike and _ROLES.isdisjoint(pair) and short not in _ALSO_SECURE


def _differing(name: str, other: str) -> tuple[str, str] | None:
    """Find the one word in which two names differ."""
    words, others = name.split("-"), other.split("-")
    differing = [pair for pair in zip(words, others, strict=False) if pair[0] != pair[1]]
    return differing[0] if len(words) == len(others) and len(differing) == 1 else None


def family(name: str) -> tuple[str, ...]:
    """Tell what a name shares with all its plain slips, to look among few: its first letter and its numbers.

    >>> family("redis-1-node-20")
    ('r', '1', '20')
    """
    return (name[:1], *re.findall("[0-9]+", name))


def _joined(name: str) -> str:
    return re.sub("[-_]", "", name)


def _is_slip_of_word(word: str, meant: str) -> bool:
    if _undoubled(word) == _undoubled(meant):
        return True
    first = min(word, meant, key=len)
    if max(len(word), len(meant)) < _LEAST_WORD or word[:1] != meant[:1] or first in _ALSO_SECURE:
        return False
    return is_one_edit(word, meant) or _has_moved_letter(word, meant)


def is_one_edit(text: str, meant: str) -> bool:
    """Whether a letter that is too much, lacks or is wrong, or two that are swapped, make one text the other.

    >>> is_one_edit("pzzo", "pzoo"), is_one_edit("zoo", "pzoo"), is_one_edit("zoo", "kafka")
    (True, True, False)
    """
    both = enumerate(zip(text, meant, strict=False))
    same = next((place for place, (one, other) in both if one != other), min(len(text), len(meant)))
    rest, left = text[same:], meant[same:]
    is_swapped = rest[:2] == left[:2][::-1] and rest[2:] == left[2:]
    return is_swapped or rest[1:] in (left, left[1:]) or rest == left[1:]


def letters_apart(text: str, meant: str) -> int:
    """Count the letters that are too much, lack or are wrong, and the pairs of neighbours that are swapped.

    >>> letters_apart("locl", "local"), letters_apart("clsuter", "cluster"), letters_apart("lan", "local")
    (1, 1, 3)
    """
    before, last = [0] * (len(meant) + 1), list(range(len(meant) + 1))
    for row, letter in enumerate(text, 1):
        now = [row]
        for column, other in enumerate(meant, 1):
            least = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and text[row - 2 : row] == meant[column - 2 : column][::-1]:
                least = min(least, before[column - 2] + 1)
            now.append(least)
        before, last = last, now
    return last[-1]


def _has_moved_letter(word: str, meant: str) -> bool:
    """Whether a letter stands in another place.

    >>> _has_moved_letter("thypa", "typha"), _has_moved_letter("master", "stream")
    (True, False)
    """
    places = [place for place, (one, other) in enumerate(zip(word, meant, strict=False)) if one != other]
    if not places or len(word) != len(meant):
        return False
    rest, left = (text[places[0] : places[-1] + 1] for text in (word, meant))
    return rest[1:] + rest[:1] == left or left[1:] + left[:1] == rest


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)
