"""Where the payment side is called, and what is said at once when that can't be (T22)."""

import pytest
from pydantic import ValidationError

from services.ticket.payment.http_side import open_side
from services.ticket.payment.settings import PaymentSettings


def told(monkeypatch: pytest.MonkeyPatch, **said: str) -> None:
    for name in ("URL", "TOKEN", "SECONDS"):
        monkeypatch.setenv(f"KEFU_PAYMENTS_{name}", said.get(name, ""))


def test_without_an_address_nothing_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch)
    assert open_side() is None


def test_an_address_needs_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, URL="https://pay.example")
    with pytest.raises(ValidationError, match="KEFU_PAYMENTS_TOKEN"):
        PaymentSettings()
    told(monkeypatch, URL="https://pay.example", TOKEN="secret", SECONDS="3")
    side = open_side()
    assert side is not None
    assert side.seconds == 3.0
    assert "secret" not in repr(PaymentSettings())


@pytest.mark.parametrize("url", ["pay.example", "ftp://pay.example", "https://pay.example/?a=b"])
def test_an_address_is_one(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    told(monkeypatch, URL=url, TOKEN="secret")
    with pytest.raises(ValidationError):
        PaymentSettings()
