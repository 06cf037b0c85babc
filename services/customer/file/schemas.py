"""Person files in the words of HTTP: what comes in is open, what goes out is masked (C1, X6)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contracts.fields import Language
from contracts.notify import NotifyChannel, Purpose
from kit.http.fields import Code, Line
from kit.http.pages import Page
from kit.problems import InvalidValue
from services.customer.personal.particulars import Gender
from services.customer.personal.schemas import (
    Addresses,
    Birthday,
    Email,
    Emails,
    IdNumber,
    Phone,
    Phones,
    Qq,
    Remark,
    Wechat,
    Words,
    once,
)  # fmt: skip
from services.customer.purchase.schemas import PurchaseSummary


class AccountPut(BaseModel):
    """An account on a shop's platform, by the platform's own id of the buyer (旺旺 …)."""

    model_config = ConfigDict(extra="forbid")

    shop: Code = "main"
    buyer_ref: Line


def _place_of(account: AccountPut) -> tuple[str, str]:
    return account.shop, account.buyer_ref


AccountList = Annotated[list[AccountPut], Field(max_length=20), AfterValidator(once(_place_of))]


class CustomerUpdate(BaseModel):
    """What to write in a file. What is not named stays; a list replaces the one before, null clears.

    Accounts are only ever added: orders lead to the file by them.
    """

    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    gender: Gender | None = None
    occupation: Line | None = None
    birthday: Birthday | None = None
    id_number: IdNumber | None = None
    phones: Phones = []
    emails: Emails = []
    wechat: Wechat | None = None
    qq: Qq | None = None
    payment_account: Annotated[Line | None, Field(description="An opaque token, never the account itself.")] = None
    addresses: Addresses = []
    accounts: AccountList = []
    language: Annotated[Language, Field(max_length=35)] = "zh-CN"
    tags: Words = []
    hobbies: Words = []
    risk: Line | None = None
    habits: Remark | None = None
    explicit_needs: Remark | None = None
    implied_needs: Remark | None = None
    expectation: Remark | None = None
    notes: Remark | None = None


class CustomerCreate(CustomerUpdate):
    """A person to open a file for; at least one thing must lead to them."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not any((self.phones, self.emails, self.accounts, self.id_number, self.wechat, self.qq)):
            raise InvalidValue(
                "至少需要电话、邮箱、平台账号、身份证号、微信或 QQ 之一",
                "needs a phone, an e-mail, an account, an ID number, a WeChat name or a QQ number",
            )
        return self


class AccountPublic(BaseModel):
    """An account of the customer in a shop."""

    shop: str
    account_id: UUID
    buyer_ref: str | None = Field(None, description="The platform's own id of the buyer, masked.")


class CustomerPublic(BaseModel):
    """A person's file with what is in the caller's sight of its accounts and purchases."""

    customer_id: UUID
    number: str = Field(examples=["C20261121-000123"])
    name: str | None = Field(None, examples=["李**"], description="Masked.")
    provisional: bool = Field(description="Made from a first order; nobody has filled it in yet (C1).")
    language: str
    accounts: list[AccountPublic]
    purchases: list[PurchaseSummary] = Field(description="Counted purchases per shop and currency (C13).")
    created_at: datetime


class CustomerFilePublic(CustomerPublic):
    """The whole file; contacts and numbers are masked. What staff remarked is null for the buyer's own token."""

    version: int
    gender: Gender | None
    occupation: str | None
    birthday: date | None
    id_number: str | None = Field(examples=["1****X"])
    phones: list[str] = Field(examples=[["138****5678"]])
    emails: list[str] = Field(examples=[["m****@example.com"]])
    wechat: str | None
    qq: str | None
    payment_account: str | None
    addresses: list[str]
    tags: list[str] | None = None
    hobbies: list[str] | None = None
    risk: str | None = None
    habits: str | None = None
    explicit_needs: str | None = None
    implied_needs: str | None = None
    expectation: str | None = None
    notes: str | None = None


class CustomerFilter(Page):
    """Which customers to list."""

    shop: Code | None = None
    account_id: UUID | None = None
    provisional: bool | None = None
    phone: Annotated[Phone | None, Field(description="Exactly this number, however it is written.")] = None
    email: Annotated[Email | None, Field(description="Exactly this address.")] = None


class CustomerPage(BaseModel):
    """One page of customers, newest first."""

    items: list[CustomerPublic]
    next_cursor: str | None = None


class RevealField(StrEnum):
    """What can be revealed."""

    NAME = "name"
    ID_NUMBER = "id_number"
    PHONES = "phones"
    EMAILS = "emails"
    WECHAT = "wechat"
    QQ = "qq"
    PAYMENT_ACCOUNT = "payment_account"
    ADDRESSES = "addresses"
    ACCOUNTS = "accounts"


class RevealAsk(BaseModel):
    """What to see open, and why; both go into the audit trail (X6)."""

    model_config = ConfigDict(extra="forbid")

    fields: Annotated[list[RevealField], Field(min_length=1, max_length=len(RevealField)), AfterValidator(once(str))]
    reason: Line


class CustomerRevealed(BaseModel):
    """What was asked for, open; nothing else of the file."""

    customer_id: UUID
    name: str | None = None
    id_number: str | None = None
    phones: list[str] | None = None
    emails: list[str] | None = None
    wechat: str | None = None
    qq: str | None = None
    payment_account: str | None = None
    addresses: list[str] | None = None
    accounts: list[AccountPublic] | None = None


class ContactAsk(BaseModel):
    """Which contact a message needs, and what the message is for."""

    model_config = ConfigDict(extra="forbid")

    channel: NotifyChannel
    purpose: Purpose


class ContactPublic(BaseModel):
    """Where to send."""

    channel: NotifyChannel
    address: str
