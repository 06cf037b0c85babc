"""Amounts of money as events and the API carry them (X4): decimal strings, never floats."""

from typing import Annotated

from pydantic import Field

from contracts.fields import Part

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

Amount = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$")]
SignedAmount = Annotated[str, Field(pattern=r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$")]


class Price(Part):
    """An amount of at least zero in one currency: ``{"amount": "12.50", "currency": "CNY"}``."""

    amount: Amount
    currency: Currency


class Difference(Part):
    """An amount that may be below zero, such as a ledger entry or what an exchange costs more or less."""

    amount: SignedAmount
    currency: Currency
