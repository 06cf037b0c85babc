"""Problems: every slug in both languages, RFC 9457 on the wire (X8)."""

import re

import orjson
import pytest

from kit.problems import CATALOGUE, Fault, Problem, invalid, language_of, render, unavailable

CHINESE = re.compile(r"[\u4e00-\u9fff]")
FAULT = Fault("/lines/0/sku", "必填", "is required")


@pytest.mark.parametrize("slug", CATALOGUE)
def test_every_problem_speaks_both_languages(slug: str) -> None:
    kind = CATALOGUE[slug]
    assert kind.slug == slug
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)
    assert 400 <= kind.status <= 599
    for text in (kind.title("zh"), kind.detail("zh")):
        assert CHINESE.search(text)
    for text in (kind.title("en"), kind.detail("en")):
        assert text.isascii()
        assert text[0] in "`ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.mark.parametrize("slug", CATALOGUE)
@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en")])
def test_a_rendered_problem_is_an_rfc_9457_document(slug: str, language: str, tag: str) -> None:
    problem = Problem(slug, faults=[FAULT], headers={"Retry-After": "3"}, allowed=["go"])
    status, headers, body = render(problem, language=language, request_id="r-1")
    kind = CATALOGUE[slug]
    assert status == kind.status
    assert headers == {
        "Content-Type": "application/problem+json",
        "Content-Language": tag,
        "Cache-Control": "no-store",
        "Retry-After": "3",
    }
    assert orjson.loads(body) == {
        "type": f"/problems/{slug}",
        "title": kind.title(language),
        "status": kind.status,
        "detail": kind.detail(language),
        "allowed": ["go"],
        "errors": [{"pointer": "/lines/0/sku", "detail": FAULT.zh if language == "zh" else FAULT.en}],
        "request_id": "r-1",
    }


def test_a_problem_without_faults_or_request_has_neither_member() -> None:
    _, _, body = render(Problem("not-found"), language="en", request_id=None)
    assert orjson.loads(body).keys() == {"type", "title", "status", "detail"}


def test_a_slug_outside_the_catalogue_fails_where_it_is_written() -> None:
    with pytest.raises(KeyError):
        Problem("no-such-slug")


@pytest.mark.parametrize("name", ["type", "title", "status", "errors", "request_id"])
def test_a_fact_never_takes_the_place_of_the_problem_s_own_words(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        Problem("conflict", **{name: "draft"})


def test_shorthands() -> None:
    assert invalid("/a", "错", "wrong").faults == (Fault("/a", "错", "wrong"),)
    away = unavailable("database")
    assert away.headers["Retry-After"] == "2"
    assert away.facts == {"dependency": "database"}


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        (None, "zh"), ("", "zh"), ("*", "zh"), ("fr", "zh"), ("zh", "zh"), ("zh-CN", "zh"), ("en", "en"), ("EN-us", "en"),
        ("en-GB,en;q=0.9", "en"), ("zh;q=0.8, en;q=0.9", "en"), ("en;q=0.5,zh;q=0.8", "zh"), ("fr, en;q=0.1", "en"),
        ("en; q=0.1, zh", "zh"), ("en ; q=0.1 , zh;q=0.2", "zh"), ("en;q=0", "zh"), ("zh;q=0, en;q=0.1", "en"),
        ("en;q=nan", "zh"), ("en;q=", "en"), ("en;q=x", "zh"), (";;;,,,q", "zh"), ("en," * 5_000, "en"),
        ("english", "zh"), ("zh,en", "zh"), ("en,zh", "en"), ("en;Q=0.1, zh;q=0.5", "zh"), ("zh, en;q=inf", "zh"),
        ("en; q=0.8", "en"), ("zh, en;q=9", "zh"), ("zh; q=0.3, en-US;\tq=0.7", "en"),
    ],
)  # fmt: skip
def test_the_language_that_the_caller_weighs_most(asked: str | None, spoken: str) -> None:
    """X8: Chinese when neither is asked for."""
    assert language_of(asked) == spoken
