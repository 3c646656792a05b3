"""Lines that every reader splits and parses alike."""

from __future__ import annotations

import gzip
import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.write import WRITERS, jsonl

# O22: (what stands in the record, what a reader gets, what stands in the line)
STRINGS = [
    ("plain", "plain", b'"plain"'),
    ("Кабул کابل é", "Кабул کابل é", '"Кабул کابل é"'.encode()),
    ("a\nb\rc", "a\nb\rc", rb'"a\nb\rc"'),
    ("a\u2028b\u2029c", "a\u2028b\u2029c", rb'"a\u2028b\u2029c"'),
    ("a\u0085b\u009fc\u0080", "a\u0085b\u009fc\u0080", rb'"a\u0085b\u009fc\u0080"'),
    ("\x00\x0b\x0c\x1c\x1d\x1e\x1f", "\x00\x0b\x0c\x1c\x1d\x1e\x1f", rb'"\u0000\u000b\f\u001c\u001d\u001e\u001f"'),
    ("\x7f", "\x7f", rb'"\u007f"'),
    ("\u2027\u202a\u00a0", "\u2027\u202a\u00a0", '"\u2027\u202a\u00a0"'.encode()),
    ("a\ud800b", "a\ufffdb", '"a\ufffdb"'.encode()),
    ("\udfff\ud800", "\ufffd\ufffd", '"\ufffd\ufffd"'.encode()),
    ("\ud83d\ude00", "\U0001f600", '"\U0001f600"'.encode()),
    ('"\\/', '"\\/', rb'"\"\\/"'),
]


@pytest.mark.parametrize(("given_text", "read", "line"), STRINGS, ids=[f"O22-{row[0]!a}" for row in STRINGS])
def test_string(given_text: str, read: str, line: bytes) -> None:
    encoded = jsonl.encode({"k": given_text})
    assert (encoded, json.loads(encoded)["k"], orjson.loads(encoded)["k"]) == (b'{"k":' + line + b"}\n", read, read)


OTHERS = [
    ({"n": float("nan")}, b'{"n":null}\n'),
    ({"n": float("inf")}, b'{"n":null}\n'),
    ({"b": None, "a": [1, True]}, b'{"b":null,"a":[1,true]}\n'),
    ({"\ud800": ["\ud800", ("\udc00",), {"x": "\udc00"}]}, '{"�":["�",["�"],{"x":"�"}]}\n'.encode()),
]


@pytest.mark.parametrize(("record", "line"), OTHERS, ids=[f"O22-{row[0]!a}" for row in OTHERS])
def test_value(record: dict[str, object], line: bytes) -> None:
    assert jsonl.encode(record) == line


ANY_TEXT = st.text(st.characters(codec=None))  # surrogates included


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(ANY_TEXT, ANY_TEXT | st.integers() | st.floats() | st.lists(ANY_TEXT)), max_size=4))
def test_one_line_for_every_reader(records: list[dict[str, object]]) -> None:
    data = jsonl.lines(records)
    for text_lines in (data.split(b"\n")[:-1], data.decode().splitlines()):
        assert len(text_lines) == len(records)
        assert all(isinstance(json.loads(line), dict) for line in text_lines)


def test_o22_a_record_of_8_mib_is_one_line() -> None:
    assert jsonl.encode({"body": "é\u2028" * (1 << 20)}).count(b"\n") == 1


def test_gzip_members_join_and_repeat_exactly() -> None:
    encode = WRITERS["jsonl", "gzip"].encode
    first, second = encode([{"a": 1}]), encode([{"a": 2}, {"a": 3}])
    assert gzip.decompress(first + second) == b'{"a":1}\n{"a":2}\n{"a":3}\n'
    assert encode([{"a": 1}]) == first


@pytest.mark.parametrize(("name", "suffix"), [("none", ".jsonl"), ("gzip", ".jsonl.gz")])
def test_writer_names_its_files(name: str, suffix: str) -> None:
    assert WRITERS["jsonl", name].suffix == suffix
