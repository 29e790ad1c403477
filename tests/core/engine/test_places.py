"""F5: the places of questions under way, late ones, and whose turn is next."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from k8sresolve._core.engine.places import LATE, Places


class One:
    """A question: when it came, and whether it is under the cluster domain."""

    def __init__(self, began: float = 0.0, *, inside: bool = True) -> None:
        self.began = began
        self.inside = inside
        self.launched = self.landed = self.late = False


def several(count: int, *, inside: bool) -> Iterator[One]:
    return (One(float(number), inside=inside) for number in range(count))


def seated(places: Places[One], ones: Iterator[One]) -> list[One]:
    return [one for one in ones if places.take(one)]


def grow_late(places: Places[One], ones: list[One]) -> None:
    for one in ones:
        one.late = True
        places.note_late(one)


def end(places: Places[One], one: One) -> None:
    one.landed = True
    if one.launched:
        places.give_back(one.inside, late=one.late)


@pytest.mark.parametrize(("cap", "share"), [(1, 1), (2, 2), (4, 3), (128, 96), (130, 98)])
def test_a_quarter_is_kept_for_names_under_the_cluster_domain(cap, share):
    places = Places[One](cap)
    assert len(seated(places, several(cap * 2, inside=False))) == share
    assert len(seated(places, several(cap * 2, inside=True))) == cap - share
    assert places.taken == cap
    assert places.waiting == cap * 3


def test_names_under_the_cluster_domain_may_have_all_places():
    places = Places[One](8)
    assert len(seated(places, several(20, inside=True))) == 8
    assert not places.take(One(inside=False))


def test_late_ones_hold_no_place():
    places = Places[One](4)
    first = seated(places, several(4, inside=True))
    grow_late(places, first)
    assert len(seated(places, several(9, inside=True))) == 4
    assert places.taken == 8


def test_beyond_four_times_the_places_late_ones_hold_places_again():
    places = Places[One](4)
    for _ in range(LATE):
        grow_late(places, seated(places, several(4, inside=True)))
    assert places.taken == 16
    last = seated(places, several(4, inside=True))
    grow_late(places, last)
    assert not places.take(One())
    end(places, last[0])
    assert places.next() is not None


def test_a_quarter_of_the_late_ones_is_kept_too():
    places = Places[One](4)
    for _ in range(LATE + 1):
        grow_late(places, seated(places, several(9, inside=False)))
    # 3 places of 4, late 12 of 16: the three that are late beyond that hold places again.
    assert places.taken == 15
    assert not places.take(One(inside=False))
    assert len(seated(places, several(9, inside=True))) == 4


def test_first_come_first_served_in_each_class():
    places = Places[One](2)
    first = seated(places, several(2, inside=True))
    outer, inner = [*several(3, inside=False)], [One(began + 0.5) for began in range(3)]
    for one in (*outer, *inner):
        assert not places.take(one)
    turns: list[One] = []
    under_way = [*first]
    while under_way:
        end(places, under_way.pop(0))
        while (chosen := places.next()) is not None:
            turns.append(chosen)
            under_way.append(chosen)
    assert [(one.began, one.inside) for one in turns] == [
        (0.0, False),
        (0.5, True),
        (1.0, False),
        (1.5, True),
        (2.0, False),
        (2.5, True),
    ]
    assert (places.taken, places.waiting) == (0, 0)


def test_who_has_left_the_queue_has_no_turn():
    places = Places[One](1)
    first, second, third = One(), One(1.0), One(2.0)
    assert places.take(first)
    assert not places.take(second)
    assert not places.take(third)
    end(places, second)
    assert places.waiting == 1
    end(places, first)
    assert places.next() is third


@settings(max_examples=settings.default.max_examples // 2)
class Crowd(RuleBasedStateMachine):
    """Whatever comes, ages and ends: the bounds hold, and no place stays empty while somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.cap = 4
        self.places = Places[One](self.cap)
        self.there: list[One] = []
        self.turns: list[One] = []
        self.time = 0.0

    @rule(inside=st.booleans(), count=st.integers(1, 9))
    def come(self, inside, count):
        for _ in range(count):
            self.time += 1
            one = One(self.time, inside=inside)
            self.places.take(one)
            self.there.append(one)

    @precondition(lambda self: any(one.launched and not one.late for one in self.there))
    @rule(data=st.data())
    def age(self, data):
        grow_late(self.places, [data.draw(st.sampled_from([o for o in self.there if o.launched and not o.late]))])
        self._serve()

    @precondition(lambda self: self.there)
    @rule(data=st.data())
    def leave(self, data):
        one = data.draw(st.sampled_from(self.there))
        self.there.remove(one)
        end(self.places, one)
        self._serve()

    def _serve(self):
        while (one := self.places.next()) is not None:
            assert one in self.there
            earlier = [o for o in self.there if o.inside is one.inside and not o.launched and o.began < one.began]
            assert earlier == []

    @invariant()
    def bounds_hold(self):
        under_way = [one for one in self.there if one.launched]
        late = [one for one in under_way if one.late]
        assert self.places.taken == len(under_way)
        assert self.places.waiting == len(self.there) - len(under_way)
        assert len(under_way) - len(late) <= self.cap
        assert len(under_way) <= self.cap * (LATE + 1)
        others = [one for one in under_way if not one.inside]
        assert len(others) <= (self.cap - self.cap // 4) * (LATE + 1)
        assert sum(not one.late for one in others) <= self.cap - self.cap // 4


TestCrowd = Crowd.TestCase
