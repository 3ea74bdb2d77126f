from e2e.clusters.local.kubelet.back_off import BackOff
from e2e.clusters.local.settings import Delays


def test_waits_double_up_to_five_minutes_and_begin_again_after_ten_without_a_failure() -> None:
    back_off, now, waits = BackOff(Delays(1)), 1000.0, []
    assert back_off.left(since=now, now=now) == 0
    for _ in range(7):
        back_off.failed(now)
        waits.append(back_off.left(since=now, now=now))
        now += waits[-1]
    assert waits == [10, 20, 40, 80, 160, 300, 300]
    assert back_off.told == "5m0s"
    back_off.failed(now + 601)
    assert back_off.left(since=now, now=now + 4) == 6
    assert back_off.told == "10s"


def test_waits_are_shortened_and_told_as_a_real_cluster_has_them() -> None:
    back_off = BackOff(Delays(0.1))
    for _ in range(4):
        back_off.failed(1000)
    assert back_off.left(since=1000, now=1000) == 8
    assert back_off.told == "1m20s"
