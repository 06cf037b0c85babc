"""What a phone number, an e-mail address and a resident-ID number are, and the one way each is written (C1)."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kit.problems import InvalidValue

HOME_REGION = "CN"
_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_LETTERS = "10X98765432"
OLDEST = 1900
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*", re.ASCII)
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
_QQ = re.compile(r"[1-9][0-9]{4,11}", re.ASCII)
_WECHAT = re.compile(r"[A-Za-z0-9_+@.-]{5,64}", re.ASCII)


class Gender(StrEnum):
    """As a resident-ID number tells it; unknown is no value."""

    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True)
class Resident:
    """What a resident-ID number tells of its holder."""

    birthday: date
    gender: Gender


def id_number(text: str) -> str:
    """The number as it is kept: 18 characters, the check letter in capitals. Raises InvalidValue."""
    number = text.strip().upper()
    if not _ID_NUMBER.fullmatch(number):
        raise InvalidValue("必须是 18 位身份证号", "must be an ID number of 18 characters")
    weighed = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    if number[17] != _CHECK_LETTERS[weighed % 11]:
        raise InvalidValue("身份证号校验位不对", "the ID number's check letter is wrong")
    resident(number)
    return number


def resident(number: str) -> Resident:
    """Birthday and gender in a well-formed number. Raises InvalidValue for a date that there never was."""
    try:
        birthday = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise InvalidValue("身份证号中的日期不存在", "the ID number's date doesn't exist") from error
    if birthday.year < OLDEST:
        raise InvalidValue("身份证号中的日期不存在", "the ID number's date doesn't exist")
    return Resident(birthday, Gender.MALE if int(number[16]) % 2 else Gender.FEMALE)


def phone(text: str) -> str:
    """The number in E.164; one without a country code is Chinese. Raises InvalidValue for a phone of no country."""
    import phonenumbers  # a hundred countries' rules: read when the first number comes

    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise _no_phone() from error
    if number.extension or not phonenumbers.is_valid_number(number):
        raise _no_phone()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(text: str) -> str:
    """The address with its domain in small letters. Raises InvalidValue for what no mail can be sent to."""
    local, at, domain = text.strip().rpartition("@")
    domain = _ascii(domain)
    if not at or len(local) > 64 or len(local) + len(domain) > 253:
        raise _no_email()
    if not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise _no_email()
    return f"{local}@{domain}"


def qq(text: str) -> str:
    """A QQ number. Raises InvalidValue."""
    number = text.strip()
    if not _QQ.fullmatch(number):
        raise InvalidValue("必须是 5 到 12 位 QQ 号", "must be a QQ number of 5 to 12 digits")
    return number


def wechat(text: str) -> str:
    """A WeChat name, or the phone number that stands for it. Raises InvalidValue."""
    name = text.strip()
    if not _WECHAT.fullmatch(name):
        raise InvalidValue("必须是 5 到 64 位微信号", "must be a WeChat name of 5 to 64 characters")
    return name


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise _no_email() from error


def _no_phone() -> InvalidValue:
    return InvalidValue("不是任何国家或地区的有效电话号码", "is no country's phone number")


def _no_email() -> InvalidValue:
    return InvalidValue("不是有效的邮箱地址", "is no e-mail address")
