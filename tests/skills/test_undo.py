"""What can be taken back is remembered for a while, never for ever."""

from assistant.skills.kit import Undo


def test_weeks_of_doings_leave_only_the_last() -> None:
    undo = Undo(lambda: 0.0)
    for number in range(1000):
        undo.turn = str(number)
        undo.never("That cannot be taken back.")
        undo.add(lambda: "Done.")
    assert len(undo._done) == 20
    undo.turn = "next"
    assert undo.run() == ["Done.", "That cannot be taken back."]
