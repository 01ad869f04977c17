"""PulseAudio, or PipeWire in its place, tells when one of its devices comes or goes.

A sound server hides a plug that is pulled: it moves our streams to whatever else it has, and leaves them there when
the device is back. PortAudio sees nothing of it, since the server's devices have fixed names in ALSA's configuration.
So the server is asked to tell (libpulse, which is there wherever ALSA can reach one), and the list of devices is made
anew.
"""

import asyncio
import contextlib
import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import AudioError

LIBRARY = "libpulse.so.0"

LOOK_SECONDS = 30.0
"""How often a server that is not there (yet, or any more) is looked for. Its socket is a file: this costs nothing."""

_NO_AUTOSPAWN = 0x0001  # PA_CONTEXT_NOAUTOSPAWN: nothing is started on somebody else's behalf
_READY, _FAILED, _TERMINATED = 4, 5, 6  # pa_context_state
_SINKS_AND_SOURCES = 0x0001 | 0x0002  # pa_subscription_mask
_KIND, _NEW, _REMOVE = 0x0030, 0x0000, 0x0020  # pa_subscription_event_type

_State = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
_Changed = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


async def follow(changed: Callable[[], None]) -> None:
    """Call `changed`, on any thread, whenever a sound server's device came or went, for ever. Ends where there is no
    library to ask one with."""
    loop = asyncio.get_running_loop()
    while True:
        if reachable():
            over = asyncio.Event()

            def lost(over: asyncio.Event = over) -> None:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(over.set)

            try:
                server = SoundServer(changed, lost)
            except AudioError:
                return
            try:
                await over.wait()
            finally:
                server.close()
        await asyncio.sleep(LOOK_SECONDS)


def reachable(environment: "os._Environ[str] | dict[str, str]" = os.environ) -> bool:
    """Whether there is a server to ask. Nobody is asked: libpulse leaves files in the home directory where it looks."""
    if environment.get("PULSE_SERVER"):
        return True
    own = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    with contextlib.suppress(OSError):
        return any(path.is_socket() for path in (Path(own) / "pulse" / "native", Path("/run/pulse/native")))
    return False


class SoundServer:
    """A connection that listens. Its callbacks come on a thread of libpulse's own, which sleeps in between."""

    def __init__(self, changed: Callable[[], None], lost: Callable[[], None]) -> None:
        """`changed`: a device came or went; also called when the connection ends, since nobody knows what happened
        then. `lost`: there is no connection (any more). Raises AudioError where the library is missing."""
        self._library = library = _library()
        self._loop = library.pa_threaded_mainloop_new()
        self._context = library.pa_context_new(library.pa_threaded_mainloop_get_api(self._loop), b"assistant")
        known = False

        def state(context: int, _data: int) -> None:
            nonlocal known
            now = library.pa_context_get_state(context)
            if now == _READY:
                known = True
                operation = library.pa_context_subscribe(context, _SINKS_AND_SOURCES, None, None)
                if operation:
                    library.pa_operation_unref(operation)
            elif now in {_FAILED, _TERMINATED}:
                if known:
                    changed()
                lost()

        def event(_context: int, what: int, _index: int, _data: int) -> None:
            if what & _KIND in {_NEW, _REMOVE}:
                changed()

        self._callbacks = _State(state), _Changed(event)  # libpulse does not keep them alive
        library.pa_context_set_state_callback(self._context, self._callbacks[0], None)
        library.pa_context_set_subscribe_callback(self._context, self._callbacks[1], None)
        if library.pa_context_connect(self._context, None, _NO_AUTOSPAWN, None) < 0:
            lost()  # the state callback is not called for what fails at once
        library.pa_threaded_mainloop_start(self._loop)

    def close(self) -> None:
        """Ends the connection and its thread; no callback comes afterwards."""
        library = self._library
        library.pa_threaded_mainloop_stop(self._loop)
        library.pa_context_set_state_callback(self._context, _State(), None)
        library.pa_context_disconnect(self._context)
        library.pa_context_unref(self._context)
        library.pa_threaded_mainloop_free(self._loop)


def _library() -> Any:  # noqa: ANN401 - ctypes has no types
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise AudioError(f"sound server: {LIBRARY} is missing; install it with `sudo apt install libpulse0`") from error
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("pa_threaded_mainloop_new", pointer, ()),
        ("pa_threaded_mainloop_get_api", pointer, (pointer,)),
        ("pa_threaded_mainloop_start", ctypes.c_int, (pointer,)),
        ("pa_threaded_mainloop_stop", None, (pointer,)),
        ("pa_threaded_mainloop_free", None, (pointer,)),
        ("pa_context_new", pointer, (pointer, ctypes.c_char_p)),
        ("pa_context_connect", ctypes.c_int, (pointer, ctypes.c_char_p, ctypes.c_int, pointer)),
        ("pa_context_disconnect", None, (pointer,)),
        ("pa_context_unref", None, (pointer,)),
        ("pa_context_get_state", ctypes.c_int, (pointer,)),
        ("pa_context_set_state_callback", None, (pointer, _State, pointer)),
        ("pa_context_set_subscribe_callback", None, (pointer, _Changed, pointer)),
        ("pa_context_subscribe", pointer, (pointer, ctypes.c_int, pointer, pointer)),
        ("pa_operation_unref", None, (pointer,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
