"""The vault: what lies in the database opens at its own place only, under any key still held (X6)."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.settings import ProcessSettings, Profile, UnsafeSettingsError
from kit.vault import BrokenSealError, Place, Vault, VaultKey, open_vault, read_keys

OLD, NEW = VaultKey("2025", b"\1" * 32), VaultKey("2026", b"\2" * 32)
HERE = Place("personal_value", "sealed", UUID(int=1))
SEARCH = b"\3" * 32


def vault(*keys: VaultKey) -> Vault:
    return Vault(keys or (NEW, OLD), search_key=SEARCH)


@given(st.text())
def test_what_is_sealed_opens_again(value: str) -> None:
    assert vault().open(vault().seal(value, HERE), HERE) == value


def test_a_sealed_value_shows_nothing_and_never_looks_the_same() -> None:
    first, second = vault().seal("13812345678", HERE), vault().seal("13812345678", HERE)
    assert first != second
    assert b"138" not in first


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("other", "sealed", UUID(int=1)),
        Place("personal_value", "other", UUID(int=1)),
        Place("personal_value", "sealed", UUID(int=2)),
        Place("personal_values", "ealed", UUID(int=1)),
    ],
)
def test_a_sealed_value_opens_nowhere_else(elsewhere: Place) -> None:
    with pytest.raises(BrokenSealError):
        vault().open(vault().seal("李小明", HERE), elsewhere)


def test_any_changed_byte_breaks_the_seal() -> None:
    sealed = vault().seal("李小明", HERE)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        with pytest.raises(BrokenSealError):
            vault().open(changed, HERE)


@given(st.binary(max_size=80))
def test_what_is_no_envelope_is_refused(noise: bytes) -> None:
    with pytest.raises(BrokenSealError):
        vault().open(noise, HERE)


def test_the_newest_key_seals_and_all_open() -> None:
    before = vault(OLD).seal("李小明", HERE)
    assert vault(NEW, OLD).open(before, HERE) == "李小明"
    after = vault(NEW, OLD).seal("李小明", HERE)
    assert vault(NEW).open(after, HERE) == "李小明"
    with pytest.raises(BrokenSealError):
        vault(OLD).open(after, HERE)


def test_resealing_moves_a_value_to_the_newest_key_once() -> None:
    before = vault(OLD).seal("李小明", HERE)
    after = vault(NEW, OLD).reseal(before, HERE)
    assert after is not None
    assert vault(NEW).open(after, HERE) == "李小明"
    assert vault(NEW, OLD).reseal(after, HERE) is None
    with pytest.raises(BrokenSealError):
        vault(NEW, OLD).reseal(before, Place("personal_value", "sealed", UUID(int=2)))


def test_a_keyed_hash_is_the_same_for_the_same_field_and_value_only() -> None:
    phone = vault().keyed_hash("phone", "+8613812345678")
    assert phone == vault(OLD).keyed_hash("phone", "+8613812345678")  # rotation doesn't touch it
    assert len(phone) == 32
    assert phone != vault().keyed_hash("email", "+8613812345678")
    assert phone != Vault((NEW,), search_key=b"\4" * 32).keyed_hash("phone", "+8613812345678")


@pytest.mark.parametrize("keys", [(), (NEW, VaultKey("2026", b"\5" * 32)), (VaultKey("short", b"\1" * 16),)])
def test_a_vault_needs_good_keys(keys: tuple[VaultKey, ...]) -> None:
    with pytest.raises(ValueError, match="vault"):
        Vault(keys, search_key=SEARCH)


def test_keys_are_read_newest_first_and_never_shown() -> None:
    keys = read_keys(f"2026:{'ab' * 32}, 2025:{'cd' * 32}")
    assert [key.id for key in keys] == ["2026", "2025"]
    assert "ab" * 32 not in repr(keys)


@pytest.mark.parametrize(
    "text",
    ["2026", "2026:abcd", f"{'ab' * 32}", f"a b:{'ab' * 32}", f"1:{'ab' * 32},", f"1:{'ab' * 32},1:{'cd' * 32}"],
)
def test_keys_that_are_none_are_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(UnsafeSettingsError) as refused:
        read_keys(text)
    assert "ab" * 32 not in str(refused.value)


def test_production_needs_keys_and_development_derives_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEFU_VAULT_KEYS", raising=False)
    developing = open_vault(ProcessSettings(installation_key="5a" * 32))
    elsewhere = open_vault(ProcessSettings(installation_key="5b" * 32))
    sealed = developing.seal("李小明", HERE)
    with pytest.raises(BrokenSealError):
        elsewhere.open(sealed, HERE)
    producing = ProcessSettings(profile=Profile.PRODUCTION, installation_key="5a" * 32)
    with pytest.raises(UnsafeSettingsError, match="KEFU_VAULT_KEYS"):
        open_vault(producing)
    monkeypatch.setenv("KEFU_VAULT_KEYS", f"2026:{'ab' * 32}")
    opened = open_vault(producing)
    assert opened.open(opened.seal("李小明", HERE), HERE) == "李小明"
    assert opened.keyed_hash("phone", "1") == developing.keyed_hash("phone", "1")
