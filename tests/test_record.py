"""The record's one definition: the keys that Article gives, and what each schema made from it accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from scraper import record
from scraper.model import Article
from scraper.write import jsonl

FULL: dict[str, Any] = Article(
    id="0123456789abcdef" * 2,
    site="valley",
    url="https://valley.example/news/1",
    canonical_url="https://valley.example/news/1",
    number="00182",
    category="Politics",
    headline="Bridge opened",
    date="2021-07-06",
    time="12:36:00",
    utc_offset="+04:30",
    published_at="2021-07-06T08:06:00Z",
    authors=("Ana Bell",),
    language="zh-Hant-TW",
    body="One.\n\nTwo.",
    fetched_at="2021-07-07T00:00:00Z",
    content_hash="0" * 64,
    sources={"date": "label", "headline": "json-ld"},
    issues=("date-ambiguous",),
    parser_version="0.1.0",
).to_dict(1)
EMPTY = Article(id="0" * 32, site="s", url="u", canonical_url="u", content_hash="f" * 64).to_dict()

VALIDATOR = Draft202012Validator(record.json_schema(), format_checker=FormatChecker())


def test_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(record.json_schema())


def test_fields_are_the_keys_of_an_article_in_order() -> None:
    assert [field.name for field in record.FIELDS] == list(EMPTY)


@pytest.mark.parametrize("one", [FULL, EMPTY], ids=["full", "empty"])
def test_accepts(one: dict[str, Any]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(jsonl.encode(one)))] == []


REFUSED: list[tuple[str, Any]] = [
    ("schema", "article/2"),
    ("id", "0123456789ABCDEF" * 2),
    ("id", None),
    ("number", 18200),
    ("date", "06/07/2021"),
    ("date", "2021-13-06"),
    ("date", "2021-02-30"),
    ("time", "24:00:00"),
    ("time", "12:36"),
    ("utc_offset", "+0430"),
    ("utc_offset", "Z"),
    ("published_at", "2021-07-06T08:06:00+00:00"),
    ("modified_at", "2021-07-06 08:06:00Z"),
    ("authors", None),
    ("authors", "Ana Bell"),
    ("language", "en_US"),
    ("access", "open"),
    ("content_hash", ""),
    ("revision", 0),
    ("revision", "1"),
    ("sources", {"date": "guess"}),
    ("sources", {"weather": "meta"}),
    ("issues", [1]),
    ("parser_version", None),
]


@pytest.mark.parametrize(("key", "value"), REFUSED, ids=[f"{key}={value!r}" for key, value in REFUSED])
def test_refuses(key: str, value: Any) -> None:
    assert not VALIDATOR.is_valid({**FULL, key: value})


@pytest.mark.parametrize("key", list(EMPTY))
def test_refuses_a_record_without(key: str) -> None:
    assert not VALIDATOR.is_valid({other: value for other, value in FULL.items() if other != key})


def test_refuses_another_key() -> None:
    assert not VALIDATOR.is_valid({**FULL, "weather": "fine"})


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "bigquery", "snowflake", "clickhouse"])
def test_table_has_every_column_once_in_order(dialect: str) -> None:
    lines = [line for line in record.schema(dialect).splitlines() if line.startswith("  ")]
    assert [line.split()[0].strip('"`') for line in lines] == list(EMPTY)


COLUMNS = [
    ("duckdb", '"authors" VARCHAR[] NOT NULL,'),
    ("duckdb", '"published_at" TIMESTAMPTZ,'),
    ("postgres", '"sources" jsonb NOT NULL,'),
    ("postgres", '"date" date,'),
    ("bigquery", "`authors` ARRAY<STRING>,"),
    ("bigquery", "`revision` INT64,"),
    ("snowflake", '"tags" ARRAY NOT NULL,'),
    ("clickhouse", "`headline` Nullable(String),"),
    ("clickhouse", "`id` String,"),
]


@pytest.mark.parametrize(("dialect", "column"), COLUMNS)
def test_column(dialect: str, column: str) -> None:
    assert column in record.schema(dialect)


def test_arrow_names_types_and_nullability() -> None:
    fields = json.loads(record.schema("arrow"))["fields"]
    assert [(field["name"], field["nullable"]) for field in fields] == [(f.name, f.nullable) for f in record.FIELDS]


@pytest.mark.parametrize("dialect", record.DIALECTS)
def test_every_dialect_prints_text_with_a_last_line_feed(dialect: str) -> None:
    assert record.schema(dialect).endswith("\n")


def test_unknown_dialect_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="duckdb"):
        record.schema("oracle")
