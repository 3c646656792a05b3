"""The record article/1, defined once: its JSON Schema, SQL tables and Arrow schema are made from FIELDS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from scraper.model import SCHEMA, Source

Kind = Literal["string", "date", "time", "offset", "instant", "integer", "strings", "map"]
Dialect = Literal["jsonschema", "duckdb", "postgres", "bigquery", "snowflake", "clickhouse", "arrow"]
DIALECTS: tuple[str, ...] = get_args(Dialect)


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the record. `pattern` and `enum` narrow a string; `nullable` says whether the page may be silent."""

    name: str
    kind: Kind
    nullable: bool
    doc: str
    pattern: str | None = None
    enum: tuple[str, ...] = ()


FIELDS: tuple[Field, ...] = (
    Field("schema", "string", False, "version of this table", enum=(SCHEMA,)),
    Field("id", "string", False, "first 32 hex digits of SHA-256 over the canonical URL", r"^[0-9a-f]{32}$"),
    Field("site", "string", False, "the site's name in the configuration, else its host"),
    Field("url", "string", False, "where the page was found after redirects, normalised"),
    Field("canonical_url", "string", False, "what the page declares, if of the same site or url is empty; else url"),
    Field("number", "string", True, "the article's own number as printed"),
    Field("category", "string", True, "the section, as printed"),
    Field("headline", "string", True, "without the site's name"),
    Field("date", "date", True, "publish date, Gregorian"),
    Field("time", "time", True, "publish time as printed, local to the page"),
    Field("utc_offset", "offset", True, "offset of that time from UTC"),
    Field("published_at", "instant", True, "the publish instant, when date, time and offset are known"),
    Field("modified_at", "instant", True, "last change that the page declares or prints"),
    Field("authors", "strings", False, "names, in the page's order"),
    Field("language", "string", True, "BCP 47 tag of the article", r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"),
    Field("summary", "string", True, "the standfirst, if it is marked apart"),
    Field("body", "string", True, "paragraphs joined by a blank line"),
    Field("tags", "strings", False, "keywords"),
    Field("image", "string", True, "lead image URL"),
    Field("access", "string", False, "who may read the whole article", enum=("free", "paid", "unknown")),
    Field("fetched_at", "instant", True, "when the page was fetched"),
    Field(
        "content_hash",
        "string",
        False,
        "SHA-256 over headline, date, time, category, number and body",
        r"^[0-9a-f]{64}$",
    ),
    Field("revision", "integer", True, "1 when first seen, +1 each time content_hash changes; null without state"),
    Field("sources", "map", False, "which step gave each value"),
    Field("issues", "strings", False, "codes of what was unclear in the page"),
    Field("parser_version", "string", False, "version of the package that parsed the page"),
)

# RFC 3339 forms, narrower than the standard: upper case, UTC written as Z, offsets with a colon.
_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_JSON: Mapping[Kind, Mapping[str, Any]] = {
    "string": {"type": "string"},
    "date": {"type": "string", "format": "date", "pattern": f"^{_DATE}$"},
    "time": {"type": "string", "pattern": f"^{_TIME}$"},
    "offset": {"type": "string", "pattern": r"^[+-]([01][0-9]|2[0-3]):[0-5][0-9]$"},
    "instant": {"type": "string", "format": "date-time", "pattern": rf"^{_DATE}T{_TIME}(\.[0-9]{{1,6}})?Z$"},
    "integer": {"type": "integer", "minimum": 1},
    "strings": {"type": "array", "items": {"type": "string"}},
    "map": {"type": "object", "additionalProperties": {"enum": list(get_args(Source))}},
}


def json_schema() -> dict[str, Any]:
    """The strict JSON Schema (draft 2020-12): every key present, no other key."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:scraper:{SCHEMA}",
        "title": SCHEMA,
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in FIELDS],
        "properties": {field.name: _property(field) for field in FIELDS},
    }


def _property(field: Field) -> dict[str, Any]:
    rule = dict(_JSON[field.kind])
    if field.kind == "map":
        rule["propertyNames"] = {"enum": [other.name for other in FIELDS]}
    if field.pattern:
        rule["pattern"] = field.pattern
    if field.enum:
        rule["enum"] = [*field.enum, None] if field.nullable else list(field.enum)
    if field.nullable:
        rule["type"] = [rule["type"], "null"]
    return {"description": field.doc, **rule}


@dataclass(frozen=True, slots=True)
class _Table:
    """How one warehouse spells a table."""

    types: Mapping[Kind, str]
    quote: str = '"'
    null: str = "{}"  # around the type of a nullable column
    value: str = "{} NOT NULL"  # around the type of any other column
    bare: tuple[Kind, ...] = ()  # kinds that the warehouse takes neither NULL nor NOT NULL for
    end: str = ""


def _types(string: str, date: str, time: str, instant: str, integer: str, strings: str, pairs: str) -> dict[Kind, str]:
    return {
        "string": string,
        "date": date,
        "time": time,
        "offset": string,
        "instant": instant,
        "integer": integer,
        "strings": strings,
        "map": pairs,
    }


_TABLES: Mapping[str, _Table] = {
    "duckdb": _Table(_types("VARCHAR", "DATE", "TIME", "TIMESTAMPTZ", "INTEGER", "VARCHAR[]", "MAP(VARCHAR, VARCHAR)")),
    "postgres": _Table(_types("text", "date", "time(0)", "timestamptz", "integer", "text[]", "jsonb")),
    "bigquery": _Table(
        # An ARRAY column has no NOT NULL there: it is never NULL, only empty.
        _types("STRING", "DATE", "TIME", "TIMESTAMP", "INT64", "ARRAY<STRING>", "JSON"),
        quote="`",
        bare=("strings",),
    ),
    "snowflake": _Table(_types("VARCHAR", "DATE", "TIME(0)", "TIMESTAMP_TZ", "INTEGER", "ARRAY", "OBJECT")),
    "clickhouse": _Table(
        # No type for a time of day in all supported versions; Array and Map cannot be Nullable.
        _types("String", "Date32", "String", "DateTime64(6, 'UTC')", "UInt32", "Array(String)", "Map(String, String)"),
        quote="`",
        null="Nullable({})",
        value="{}",
        end="\nENGINE = MergeTree ORDER BY id",
    ),
}


def ddl(dialect: str, name: str = "articles") -> str:
    """`CREATE TABLE` for a warehouse; KeyError for a dialect that has no tables."""
    table = _TABLES[dialect]
    columns = [f"  {table.quote}{f.name}{table.quote} {_column(table, f)}" for f in FIELDS]
    width = max(map(len, columns)) + 1
    lines = [
        f"{column + (',' if field is not FIELDS[-1] else ''):<{width}}  -- {field.doc}"
        for column, field in zip(columns, FIELDS, strict=True)
    ]
    return f"CREATE TABLE {name} (\n" + "\n".join(lines) + f"\n){table.end};\n"


def _column(table: _Table, field: Field) -> str:
    kind = table.types[field.kind]
    if field.kind in table.bare:
        return kind
    return (table.null if field.nullable else table.value).format(kind)


_ARROW: Mapping[Kind, Mapping[str, Any]] = {
    "string": {"name": "utf8"},
    "date": {"name": "date", "unit": "DAY"},
    "time": {"name": "time", "unit": "SECOND", "bitWidth": 32},
    "offset": {"name": "utf8"},
    "instant": {"name": "timestamp", "unit": "MICROSECOND", "timezone": "UTC"},
    "integer": {"name": "int", "bitWidth": 32, "isSigned": True},
    "strings": {"name": "list"},
    "map": {"name": "map", "keysSorted": False},
}


def arrow_schema() -> dict[str, Any]:
    """The Arrow schema in the JSON form of Arrow's integration tests."""
    return {"fields": [_arrow(field) for field in FIELDS], "metadata": [{"key": "schema", "value": SCHEMA}]}


def _arrow(field: Field) -> dict[str, Any]:
    children: list[dict[str, Any]] = []
    if field.kind == "strings":
        children = [_arrow_child("item", "utf8", True)]
    if field.kind == "map":
        pair = [_arrow_child("key", "utf8", False), _arrow_child("value", "utf8", True)]
        children = [{**_arrow_child("entries", "struct", False), "children": pair}]
    kind = dict(_ARROW[field.kind])
    return {"name": field.name, "type": kind, "nullable": field.nullable, "children": children}


def _arrow_child(name: str, kind: str, nullable: bool) -> dict[str, Any]:
    return {"name": name, "type": {"name": kind}, "nullable": nullable, "children": []}


def schema(dialect: str) -> str:
    """What `scraper schema --dialect` prints; ValueError names the known dialects for any other."""
    if dialect == "jsonschema":
        return json.dumps(json_schema(), indent=2) + "\n"
    if dialect == "arrow":
        return json.dumps(arrow_schema(), indent=2) + "\n"
    if dialect in _TABLES:
        return ddl(dialect)
    raise ValueError(f"unknown dialect {dialect!r}; expected one of {', '.join(DIALECTS)}")
