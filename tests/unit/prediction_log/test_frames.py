"""Frames that are whole, torn and damaged."""

from __future__ import annotations

from scoreline.prediction_log.frames import RUN, Damage, Frame, make_frame, read_frames


def frames(*texts: bytes) -> list[bytes]:
    return [make_frame(RUN, 0, 1.5, 1, 1, text, b"block") for text in texts]


def descriptions(data: bytes) -> list[bytes]:
    return [item.description for item in read_frames(data) if isinstance(item, Frame)]


def test_a_frame_says_what_was_written() -> None:
    data = make_frame(RUN, 7, 1.5, 2, 3, b"description", b"numbers", b"values", more=True)
    [frame] = read_frames(data)
    assert isinstance(frame, Frame)
    assert (frame.kind, frame.header, frame.at, frame.n_requests, frame.n_rows, frame.more) == (RUN, 7, 1.5, 2, 3, True)
    assert (frame.description, bytes(frame.blocks)) == (b"description", b"numbersvalues")
    assert (frame.begin, frame.end) == (0, len(data))


def test_a_torn_last_frame_is_no_frame_wherever_it_was_torn() -> None:
    first, last = frames(b"first", b"last")
    for size in range(len(last)):
        assert descriptions(first + last[:size]) == [b"first"]
        assert not any(isinstance(item, Damage) for item in read_frames(first + last[:size]))


def test_zeros_after_a_power_failure_are_no_frame() -> None:
    [first] = frames(b"first")
    assert list(map(type, read_frames(first + bytes(5000)))) == [Frame]


def test_a_damaged_byte_costs_one_frame_and_is_told() -> None:
    parts = frames(b"first", b"second", b"third")
    whole = b"".join(parts)
    for place in range(len(parts[0]), len(parts[0]) + len(parts[1])):
        data = bytearray(whole)
        data[place] ^= 1
        first, damage, third = read_frames(bytes(data))
        assert isinstance(first, Frame)
        assert isinstance(third, Frame)
        assert (first.description, third.description) == (b"first", b"third")
        assert damage == Damage(first.end, third.begin)


def test_what_a_caller_sent_is_not_taken_for_a_frame_where_a_frame_is_damaged() -> None:
    [forged] = frames(b"forged")
    parts = frames(b"first", b"sent: " + forged, b"third")
    data = bytearray(b"".join(parts))
    data[len(parts[0]) + len(parts[1]) - 1] ^= 1
    assert descriptions(bytes(data)) == [b"first", b"third"]


def test_reading_goes_on_where_it_ended() -> None:
    parts = frames(b"first", b"second")
    [second] = read_frames(b"".join(parts), len(parts[0]))
    assert isinstance(second, Frame)
    assert second.description == b"second"
