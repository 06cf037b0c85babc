"""What is taken and what is refused, by name and content (T1, A12 of the hostile files): pure."""

import io
import time

import pytest
from attachment_files import GOOD, HOSTILE, NAMES, jpg, png

from kit.problems import Problem
from services.ticket.attachment import pictures
from services.ticket.attachment.inspection import inspect
from services.ticket.attachment.naming import disposition, extension_of, shown_name
from services.ticket.attachment.policy import ATTACHMENT_RULES, FileType

RULES = ATTACHMENT_RULES.default


@pytest.mark.parametrize("name", GOOD)
def test_good_files_are_known_for_what_they_are(name: str) -> None:
    content, media_type = GOOD[name]
    assert inspect(io.BytesIO(content), name, RULES).media_type == media_type


def test_the_hostile_are_many() -> None:
    assert len(HOSTILE) >= 50


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_refused_at_once(what: str) -> None:
    given, content = HOSTILE[what]
    began = time.perf_counter()
    with pytest.raises(Problem) as refused:
        inspect(io.BytesIO(content), shown_name(given), RULES)
    assert (refused.value.slug, refused.value.faults[0].pointer) == ("invalid-request", "/file")
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("kind", FileType)
def test_a_type_that_the_policy_leaves_out_is_refused(kind: FileType) -> None:
    """X3."""
    others = RULES.model_copy(update={"types": tuple(one for one in FileType if one is not kind)})
    for name, (content, _) in GOOD.items():
        if RULES.type_of(extension_of(name)) is kind:
            with pytest.raises(Problem):
                inspect(io.BytesIO(content), name, others)


def test_any_name_on_any_content_is_refused_unless_it_is_its_own() -> None:
    for name, (_, expected) in GOOD.items():
        for content, media_type in GOOD.values():
            if media_type != expected:
                with pytest.raises(Problem):
                    inspect(io.BytesIO(content), name, RULES)


@pytest.mark.parametrize("given", NAMES)
def test_names_are_made_harmless(given: str) -> None:
    shown = shown_name(given)
    assert shown == NAMES[given]
    header = disposition(shown)
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith('attachment; filename="')
    assert header.count('"') == 2


@pytest.mark.parametrize("given", ["", ".", "..", "\0", "\u202e", "/", "a/"])
def test_no_name_is_no_name(given: str) -> None:
    assert shown_name(given) == ""


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (4032, 3024)])
def test_sizes_are_read_from_headers(size: tuple[int, int]) -> None:
    assert pictures.size_of(io.BytesIO(png(*size)), FileType.PNG) == size
    assert pictures.size_of(io.BytesIO(jpg(*size)), FileType.JPG) == size


def test_any_cut_of_a_good_file_is_answered() -> None:
    """Whatever arrives: an answer, never an error of ours."""
    for name, (content, _) in GOOD.items():
        for end in range(0, len(content), max(1, len(content) // 40)):
            try:
                inspect(io.BytesIO(content[:end]), name, RULES)
            except Problem as refused:
                assert refused.slug == "invalid-request"
