"""What the service manager hears, on a real datagram socket."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.service.notify import Notifier, inherited_sockets
from assistant.service.watchdog import LONGEST_S, Watchdog
from tests.service.manager import Manager
from tests.virtual_time import run


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    with Manager(tmp_path / "notify") as manager:
        yield manager


def test_states_arrive_as_lines(manager: Manager) -> None:
    notifier = Notifier(manager.environment())
    assert notifier.managed
    notifier.ready("listening")
    notifier.alive()
    notifier.stopping()
    assert manager.heard() == [
        {"READY": "1", "STATUS": "listening"},
        {"WATCHDOG": "1"},
        {"STOPPING": "1", "STATUS": "stopping"},
    ]


def test_an_abstract_address_works_too() -> None:
    with Manager(f"@assistant-test-{os.getpid()}") as manager:
        Notifier(manager.environment()).alive()
        assert manager.heard() == [{"WATCHDOG": "1"}]


@given(text=st.text())
def test_no_status_can_smuggle_in_another_state(text: str) -> None:
    sent: list[bytes] = []

    class Socket:
        def __init__(self, *_: object) -> None: ...
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...
        def setblocking(self, _: bool) -> None: ...
        def sendto(self, data: bytes, _: str) -> None:
            sent.append(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.service.notify.socket.socket", Socket)
        Notifier({"NOTIFY_SOCKET": "/run/x"}).status(text)
    assert sent[0].startswith(b"STATUS=")
    assert b"\n" not in sent[0]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_manager_nothing_is_said(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    assert not notifier.managed
    assert not notifier.send(READY=1)
    run(Watchdog(notifier, lambda: 0, lambda: False, lambda: False).run())  # returns at once


def test_a_manager_that_went_away_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).send(READY=1)
    assert [record.getMessage() for record in caplog.records] == [
        "the service manager does not listen (No such file or directory)"
    ]


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_how_long_the_manager_waits(environment: dict[str, str], seconds: float | None) -> None:
    assert Notifier(environment).watchdog_s == seconds


def test_sockets_of_another_process_are_not_ours() -> None:
    assert inherited_sockets({}) == []
    assert inherited_sockets({"LISTEN_PID": "1", "LISTEN_FDS": "1"}) == []
    assert inherited_sockets({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"}) == []


class Ear:
    def __init__(self) -> None:
        self.frames, self.muted, self.absent = 0, False, False


def test_only_frames_that_were_worked_on_are_a_sign_of_life(manager: Manager) -> None:
    ear = Ear()
    watchdog = Watchdog(Notifier(manager.environment()), lambda: ear.frames, lambda: ear.muted, lambda: ear.absent)
    assert not watchdog.look()  # it is alive, and deaf
    ear.frames = 50
    assert watchdog.look()
    assert not watchdog.look()
    ear.muted = True
    assert watchdog.look()  # deaf on purpose
    ear.muted, ear.absent = False, True
    assert watchdog.look()  # a new start would bring no microphone
    ear.frames = 60
    assert watchdog.look()  # one was plugged in
    assert manager.heard() == [
        {"STATUS": "no sound arrives from the microphone"},
        {"WATCHDOG": "1"},
        {"STATUS": "listening"},
        {"STATUS": "no sound arrives from the microphone"},
        {"WATCHDOG": "1"},
        {"STATUS": "the microphone is closed: hold the button"},
        {"WATCHDOG": "1"},
        {"STATUS": "no microphone is connected: plug one in"},
        {"WATCHDOG": "1"},
        {"STATUS": "listening"},
    ]


def test_ready_comes_with_the_first_frame_and_signs_of_life_three_times_in_the_manager_s_patience(
    manager: Manager,
) -> None:
    import asyncio

    ear, at = Ear(), list[tuple[float, str]]()

    async def job() -> None:
        loop = asyncio.get_running_loop()
        notifier = Notifier(manager.environment(WATCHDOG_USEC="12000000"))
        send = notifier.send

        def noted(**states: str | int) -> bool:
            at.append((round(loop.time(), 1), next(iter(states))))
            return send(**states)

        notifier.send = noted  # type: ignore[method-assign]
        task = asyncio.create_task(Watchdog(notifier, lambda: ear.frames, lambda: ear.muted, lambda: ear.absent).run())
        await asyncio.sleep(2.0)
        for _ in range(30):
            ear.frames += 50
            await asyncio.sleep(1.0)
        await asyncio.sleep(60.0)  # the microphone has died
        task.cancel()

    run(job())
    assert [when for when, what in at if what == "READY"] == [2.0]
    signs = [when for when, what in at if what == "WATCHDOG"]
    assert signs == [pytest.approx(2.0 + 4.0 * number, abs=0.2) for number in range(len(signs))]
    assert 30.0 <= signs[-1] <= 34.0  # and none after the last frame: the manager will act
    assert LONGEST_S >= 4.0
