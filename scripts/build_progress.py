"""Turns a compiler's log on standard input into one line of progress on standard error."""

import re
import sys
import time

STEP = re.compile(r"\[(\d+)/(\d+)\]")


def main() -> None:
    started = shown = time.monotonic()
    live = sys.stderr.isatty()
    for line in sys.stdin:
        found = STEP.search(line)
        now = time.monotonic()
        # a terminal gets a moving line; a log gets one line every 15 s
        if found and now - shown > (0.2 if live else 15):
            done, total = int(found[1]), int(found[2])
            text = f"setup:   {done} of {total} files, {now - started:.0f} s"
            sys.stderr.write(f"\r{text}\033[K" if live else f"{text}\n")
            sys.stderr.flush()
            shown = now
    if live:
        sys.stderr.write("\r\033[K")
    sys.stderr.write(f"setup:   compiled in {time.monotonic() - started:.0f} s\n")


main()
