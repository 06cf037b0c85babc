"""Masks: the middle is covered and most of it is (X6)."""

import pytest

from kit.privacy import mask_address, mask_code, mask_email, mask_id_number, mask_name, mask_phone, scrub


@pytest.mark.parametrize(
    ("masked", "shown"),
    [
        (mask_name("李小明"), "李**"),
        (mask_name("欧阳小明"), "欧**"),
        (mask_name("李"), "李**"),
        (mask_name(""), "**"),
        (mask_phone("13812345678"), "138****5678"),
        (mask_phone("138 1234-5678"), "138****5678"),
        (mask_phone("+8613812345678"), "138****5678"),
        (mask_phone("+14155552671"), "141****2671"),
        (mask_email("xiaoming@example.com"), "x****@example.com"),
        (mask_email("x@example.com"), "****@example.com"),
        (mask_email("no address"), "****"),
        (mask_id_number("11010519491231002X"), "1****X"),
        (mask_id_number("1234567"), "****"),
        (mask_phone("87654321"), "****4321"),
        (mask_phone("12345"), "****"),
        (mask_phone("no digits"), "****"),
        (mask_address("江苏省连云港市海州区某路 1 号"), "江苏省连云港****"),
        (mask_code("SF1234567890"), "SF****7890"),
        (mask_code("苏AD12345"), "****2345"),
        (mask_code("苏A12345"), "****"),
    ],
)
def test_what_a_masked_value_shows(masked: str, shown: str) -> None:
    assert masked == shown


@pytest.mark.parametrize("mask", [mask_name, mask_phone, mask_email, mask_id_number, mask_address, mask_code])
def test_nothing_stays_nothing(mask: object) -> None:
    assert mask(None) is None  # type: ignore[operator]


@pytest.mark.parametrize("digits", range(1, 16))
def test_of_a_number_at_least_four_digits_or_all_stay_covered(digits: int) -> None:
    """X6"""
    number = "1234567890123456"[:digits]
    for shown in (mask_phone(number), mask_code(number)):
        visible = sum(char.isdigit() for char in shown or "")
        assert visible == 0 or digits - visible >= 4, shown


@pytest.mark.parametrize("address", ["朝阳路1号", "北京", "江苏省连云港", "某街"])
def test_a_short_address_is_not_shown_whole(address: str) -> None:
    """X6"""
    assert address not in (mask_address(address) or "")


@pytest.mark.parametrize(
    "personal",
    [
        "13812345678", "138 1234 5678", "138-1234-5678", "１３８１２３４５６７８", "+86 138 1234 5678", "010-87654321",
        "11010519491231002X", "11010519491231002x", "6222 0212 3456 7890 123", "xiao.ming+x@example.com.cn", "a@b.cn",
        "苏GD88417", "苏G·C8841X", "京A12345", "粤B1234警",
    ],
)  # fmt: skip
def test_free_text_for_an_event_loses_what_looks_personal(personal: str) -> None:
    """No personal data in events."""
    for text in (personal, f"请联系{personal}谢谢", f"call {personal}, please", f"({personal})"):
        cleaned = scrub(text)
        assert personal not in cleaned
        assert "****" in cleaned
        assert not any(piece in cleaned for piece in ("5678", "8765", "1949", "7890", "example"))


@pytest.mark.parametrize("harmless", ["买了 2 件，退 12.50 元", "尺码 38", "2 天内发货", "新A款 M 码", "川A区", ""])
def test_free_text_keeps_what_is_not_personal(harmless: str) -> None:
    assert scrub(harmless) == harmless
