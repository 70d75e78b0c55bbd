"""Wishes of the ERP as files."""

from pathlib import Path

from tryton_plugins.requested import RUNNING, Request, Requests, RequestState


def wish(id_: str, minute: int) -> Request:
    return Request(id_ * 32, "a.zip", "erp", "admin", f"2026-03-02T10:{minute:02}:00+01:00")


def test_a_damaged_file_keeps_no_other_wish_waiting(tmp_path: Path) -> None:
    """The host goes on with the wishes it can read, the oldest first, and with none that was begun."""
    requests = Requests(tmp_path)
    late, early, begun = wish("a", 30), wish("b", 10), wish("c", 0)
    for request in (late, early, begun):
        requests.add(request)
    requests.set_state(begun.id, RequestState(RUNNING))
    for name, content in (("d", b"{"), ("e", b'{"id": "e"}'), ("f", b"[]")):
        (tmp_path / "requests" / f"{name * 32}.json").write_bytes(content)
    assert requests.waiting() == [early, late]
