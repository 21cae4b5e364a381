"""The C header has all that the C++ headers have, member by member in their order: the library relies on it."""

import re
from pathlib import Path

import pytest

HEADERS = Path(__file__).resolve().parent.parent / "cpp" / "include" / "simdnorm"
C = (HEADERS / "simdnorm.h").read_text()
CPP = "".join(path.read_text() for path in sorted(HEADERS.glob("*.hpp")))

Members = list[tuple[str, str]]  # (type, name), in their order


def structs(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(?:typedef )?struct (?:SIMDNORM_API )?(\w+) \{\n(.*?)^\}", text, re.M | re.S))


def members(body: str) -> list[tuple[str, str, str]]:
    """(type, name, comment) of the lines of a struct, without defaults."""
    return re.findall(r"^ +(\S.*?) (\w+)(?: = [^;]*)?;(?: *// *(.*))?$", body, re.M)


def of_c(body: str) -> Members:
    """Untyped pointers go by what their comment says they are."""
    return [
        (kind.replace("void", comment[:1]) if "void" in kind else kind, name) for kind, name, comment in members(body)
    ]


def of_cpp(body: str) -> Members:
    """As C says it."""
    words = {"Compute<E>": "T", "Index": "int64_t"}
    words |= {name: f"Simdnorm{name}" for name in ("RowLayout", "ChannelLayout", "Mask")}

    def in_c(kind: str) -> str:
        return re.sub(r"Compute<E>|\w+", lambda word: words.get(word[0], word[0]), kind)

    return [(in_c(kind), name) for kind, name, _ in members(body)]


CPP_STRUCTS = {name: body for name, body in structs(CPP).items() if not name.endswith("float16")}


def test_every_struct_is_there() -> None:
    assert sorted(structs(C)) == sorted(f"Simdnorm{name}" for name in CPP_STRUCTS)
    assert len(CPP_STRUCTS) > 20, "the pattern finds no structs any more"


@pytest.mark.parametrize("name", CPP_STRUCTS)
def test_a_struct_has_the_same_members_in_the_same_order(name: str) -> None:
    assert of_c(structs(C)[f"Simdnorm{name}"]) == of_cpp(CPP_STRUCTS[name])


def test_every_function_is_there() -> None:
    declared = r"^(?:SIMDNORM_API|constexpr|Status)\b.*? \*?(\w+)\("
    functions = {name for name in re.findall(declared, CPP, re.M)}
    in_c = set(re.findall(r"^(?:SIMDNORM_API|static inline) .*?(simdnorm_\w+)\(", C, re.M))
    assert in_c == {f"simdnorm_{name}" for name in functions}
    assert "instance_norm_backward" in functions


@pytest.mark.parametrize("name", ["Status", "Isa"])
def test_an_enumeration_has_the_same_values(name: str) -> None:
    (cpp,) = re.findall(rf"enum class {name} \{{(.*?)\}}", CPP, re.S)
    (c,) = re.findall(rf"enum Simdnorm{name} SIMDNORM_INT \{{(.*?)\}}", C, re.S)
    words = [re.findall(r"\w+", re.sub(r"//.*", "", text)) for text in (cpp, c)]
    assert words[1] == [f"SIMDNORM_{word.upper()}" for word in words[0]]
