"""Noticing that another machine has gone: both ends of real connections, in one process."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from perennial_tabular import watch
from perennial_tabular.watch import Watch

WENT = "algo-2 has gone without a word."


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        one = socket.create_connection(door.getsockname())
        other, _ = door.accept()
    with one, other:
        yield one, other


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
def watching(ends: tuple[socket.socket, socket.socket], ended: list[str]) -> Watch:
    """A machine that is connected to algo-2."""
    watching = Watch(ended.append)
    watching.follow("algo-2", ends[0])
    return watching


def no_more_followed() -> None:
    for thread in threading.enumerate():
        if thread.name == "watch-algo-2":
            thread.join(60)
            assert not thread.is_alive()


def test_who_leaves_in_order_is_not_lost(
    ends: tuple[socket.socket, socket.socket],
    ended: list[str],
    watching: Watch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = Watch(ended.append)
    other.follow("algo-1", ends[1])
    other.leave(in_order=True)
    no_more_followed()
    watching.leave(in_order=True)
    assert (ended, caplog.messages) == ([], [])


@pytest.mark.parametrize("word", [b"", b"lef", b"something else\n"])
def test_who_goes_without_the_word_is_lost(
    ends: tuple[socket.socket, socket.socket],
    ended: list[str],
    watching: Watch,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    word: bytes,
) -> None:
    monkeypatch.setattr(watch, "GRACE_SECONDS", 0)
    ends[1].sendall(word)
    ends[1].close()
    no_more_followed()
    assert caplog.messages == [WENT]
    assert ended == [
        "The train job lost algo-2, which went without a word while the machines fitted one model. "
        "Its own log says why; the last checkpoint holds what is done. Start it again to finish."
    ]
    watching.leave(in_order=False)


def test_a_machine_that_fails_without_order_is_lost_to_the_others(
    ends: tuple[socket.socket, socket.socket],
    ended: list[str],
    watching: Watch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "GRACE_SECONDS", 0)
    others: list[str] = []
    other = Watch(others.append)
    other.follow("algo-1", ends[1])
    other.leave(in_order=False)
    no_more_followed()
    assert len(ended) == 1
    assert others == []
    watching.leave(in_order=False)


def test_who_hears_of_the_loss_from_the_fit_itself_tells_it_in_its_own_words(
    ends: tuple[socket.socket, socket.socket],
    ended: list[str],
    watching: Watch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ends[1].close()
    while caplog.messages != [WENT]:
        time.sleep(0.001)
    watching.leave(in_order=False)
    assert ended == []


def test_a_machine_whose_network_has_vanished_is_asked_for(
    ends: tuple[socket.socket, socket.socket], watching: Watch
) -> None:
    asked = [
        ends[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        *(
            ends[0].getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ),
    ]
    watching.leave(in_order=True)
    assert asked == [1, 30, 10, 3]
