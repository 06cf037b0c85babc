"""What a person file tells the others (C1)."""

from customer_orders import account_of
from stage import NOON

from contracts.catalogue import decode
from contracts.customer.customer import CustomerCreated
from kit.ids import new_id
from services.customer.file.lifecycle import opened, state_of
from services.customer.file.models import Account, PersonFile


def _file() -> tuple[PersonFile, Account]:
    customer_id = new_id()
    file = PersonFile(customer_id=customer_id, number="C20261121-000001", provisional=True, created_at=NOON)
    return file, Account(account_id=account_of("ming"), shop="main", customer_id=customer_id, created_at=NOON)


def test_an_opened_file_tells_its_whole_public_state() -> None:
    file, account = _file()
    event = opened(file, [account])
    assert event.aggregate_id == file.customer_id
    assert event.created_at == NOON
    assert event.customer == state_of(file, [account])
    assert event.customer.provisional
    assert [(one.shop, one.account_id) for one in event.customer.accounts] == [("main", account.account_id)]


def test_the_event_reads_back_as_it_was_told() -> None:
    file, account = _file()
    event = opened(file, [account])
    assert decode(CustomerCreated.SUBJECT, event.model_dump_json().encode()) == event
