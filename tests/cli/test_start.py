"""Starting one run."""

from __future__ import annotations

from cli.kit import Invoke, document, lines

SMALL, LARGE = '{"id": "a", "total": 5}', '{"id": "a", "total": 500}'


def test_a_run_is_started_once_and_driven_on(il: Invoke) -> None:
    begun = document(
        il("start", "cli.shop:checkout", LARGE, "--id", "a-1", "--by", "ann", "--json")
    )
    assert (begun["run"], begun["status"], begun["waits_for"]) == ("a-1", "waiting", "manager")
    assert begun["recorded"] == "a-1 started by ann"
    again = il("start", "cli.shop:checkout", LARGE, "--id", "a-1")
    assert again.stdout.startswith("a-1 was started before with this input\n")
    other = il("start", "cli.shop:checkout", SMALL, "--id", "a-1")
    assert (other.exit_code, other.stderr[:12]) == (1, "error ILK072")
    (entry,) = [e for e in lines(il("runs", "--json")) if e["run"] == "a-1"]
    assert entry["status"] == "waiting"


def test_its_end_is_told_with_its_result(il: Invoke) -> None:
    ended = il("start", "cli.shop:checkout", SMALL, "--id", "a-2")
    assert ended.stdout.endswith('a-2 is completed with "receipt-a parcel-a"\n')
    decided = document(il("approve", "order-2", "manager", "--by", "ann", "--json"))
    assert decided["result"] == "receipt-order-2 parcel-order-2"


def test_input_that_does_not_fit_starts_nothing(il: Invoke) -> None:
    before = lines(il("runs", "--json"))
    for wrong, says in (
        ("{}", "id: Field required"), ('{"id"', "not JSON"), ("[]", "an object"),
    ):  # fmt: skip
        refused = il("start", "cli.shop:checkout", wrong, "--id", "no")
        assert refused.exit_code == 1
        assert says in refused.stderr
    assert [e["run"] for e in lines(il("runs", "--json"))] == [e["run"] for e in before]


def test_a_lifecycle_begins_with_its_data(il: Invoke) -> None:
    begun = document(il("start", "cli.shop:Billing", '{"total": "3.50"}', "--id", "b-2", "--json"))
    assert begun["status"] == "open"
    shown = document(il("show", "b-2", "--json"))
    assert shown["variables"]["data"]["total"] == "3.50"
