"""Who counts what: desks by themselves, and the sum when it is asked for."""

from k8sresolve._core.engine.tally import Counters, Tally


class Desk:
    def __init__(self, active=0):
        self.active = active


def counted(counters):
    return counters.questions, counters.sends, counters.resends, counters.cache_hits


def test_each_desk_counts_by_itself_and_what_it_counted_stays_when_it_goes():
    tally = Tally()
    desk, other = Desk(active=2), Desk(active=3)
    tally.enter(desk).asked = 1
    theirs = tally.enter(other)
    theirs.asked, theirs.sent, theirs.resends, theirs.cache_hits = 10, 20, 30, 40
    assert (counted(tally.total()[0]), tally.total()[1]) == ((11, 20, 30, 40), 5)
    del other, theirs
    assert (counted(tally.total()[0]), tally.total()[1]) == ((11, 20, 30, 40), 2)


def test_desks_that_are_no_more_take_no_room():
    tally = Tally()
    for _ in range(100):
        tally.enter(Desk()).sent += 1
    assert len(tally._counting) == 1
    assert tally.total()[0].sends == 100


def test_what_counts_by_itself_is_summed_up_too_and_stays_when_it_goes():
    tally, one, counters = Tally(), Desk(), Counters()
    tally.admit(one, counters)
    counters.cache_hits = 5
    assert tally.total()[0].cache_hits == 5
    del one
    counters.cache_hits = 6
    assert tally.total()[0].cache_hits == 6


def test_one_that_left_counts_no_more_as_under_way():
    tally, desk = Tally(), Desk(active=2)
    tally.enter(desk).asked = 1
    tally.leave(desk)
    assert (tally.total()[0].questions, tally.total()[1]) == (1, 0)


def test_each_counter_is_added():
    one, other = Counters(), Counters()
    for number, name in enumerate(("asked", "sent", "resends", "cache_hits", "alone"), 1):
        setattr(one, name, number)
        setattr(other, name, 10 * number)
    assert counted(one) == (6, 7, 3, 4)
    one.add(other)
    assert counted(one) == (66, 77, 33, 44)
