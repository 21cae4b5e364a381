"""The README, the pages in docs/ and the docstrings, run as they are read; Sphinx itself is run by `nox -s docs`."""

import ast
import doctest
import importlib
import inspect
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import simdnorm
from simdnorm.reference import (
    BATCH_NORM_DERIVATIONS,
    GROUP_NORM_DERIVATIONS,
    LAYER_NORM_DERIVATIONS,
    RMS_NORM_DERIVATIONS,
)

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FILES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
PAGES = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in FILES}
INTERFACE = [page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("api/*.rst"))]
PACKAGE = Path(simdnorm.__file__).parent

# What cannot run here (under torchrun, say) is marked as "```python no-run".
EXAMPLES = {page: re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE) for page, text in PAGES.items()}


@pytest.mark.parametrize("page", [page for page, examples in EXAMPLES.items() if examples])
def test_the_examples_of_a_page_run_in_its_order(page, tmp_path, monkeypatch):
    for module in ("torch", "sklearn"):
        if any(re.search(rf"^(import|from) {module}\b", example, re.MULTILINE) for example in EXAMPLES[page]):
            pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    names = {}
    for example in EXAMPLES[page]:
        exec(compile(example, page, "exec"), names)


def _public_names(module):
    """Names of functions, classes and tables; read, not imported, for PyTorch need not be there."""
    tree = ast.parse(PACKAGE.joinpath(*module.split(".")[1:], "__init__.py").read_text(encoding="utf-8"))
    values = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return {name for name in ast.literal_eval(values[0]) if not (PACKAGE / name / "__init__.py").exists()}


MODULES = ["simdnorm", "simdnorm.cs231n", "simdnorm.reference", "simdnorm.torch"]
DOCUMENTED = [(module, name) for module in MODULES for name in sorted(_public_names(module)) if not name.isupper()]


@pytest.fixture
def public(module, name):
    """The function or class of that name."""
    if module == "simdnorm.torch":
        pytest.importorskip("torch")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize(("module", "name"), DOCUMENTED)
def test_every_docstring_has_an_example_which_gives_what_it_says(module, name, public):
    (example,) = doctest.DocTestFinder(recurse=False).find(public, f"{module}.{name}")
    assert example.examples
    said = []
    failed, _ = doctest.DocTestRunner().run(example, out=said.append)
    assert not failed, "".join(said)


# numpydoc's names for: known sections in their order (GL), a summary in one line (SS), the parameters in their
# order (PR), and results (RT); each with a description that begins and ends as a sentence does.
DEMANDED = "GL0[3678]|SS0[1236]|PR(0[123789]|10)|RT0[1345]"

# They take modules of PyTorch's, and check nothing.
OF_MODELS = {"Report", "convert_sync_batchnorm", "original", "patch", "register", "unpatch"}


@pytest.mark.parametrize(("module", "name"), DOCUMENTED)
def test_a_docstring_names_parameters_results_errors_and_source(module, name, public):
    pytest.importorskip("numpydoc")
    from numpydoc.docscrape import get_doc_object
    from numpydoc.validate import validate

    missing = {code: why for code, why in validate(f"{module}.{name}")["errors"] if re.fullmatch(DEMANDED, code)}
    if inspect.isclass(public) and "__init__" not in vars(public):
        missing.pop("PR02", None)  # PyTorch's constructor, which takes more in newer versions
    sections = get_doc_object(public)
    checks = module != "simdnorm.reference" and inspect.signature(public).parameters and name not in OF_MODELS
    if checks and not (sections["Raises"] and all(error.desc for error in sections["Raises"])):
        missing["Raises"] = "says which errors there are, and when"
    is_method = re.search("norm|merge|running", name.lower()) and name not in OF_MODELS
    if is_method and not re.search(r"\((19|20)\d\d\)", " ".join(sections["References"])):
        missing["References"] = "says where the method was published"
    assert not missing


@pytest.mark.parametrize("module", MODULES)
def test_the_interface_has_every_public_name_and_no_other(module):
    on_pages = {
        name
        for page in INTERFACE
        for part in page.split(".. currentmodule:: ")[1:]
        if part.split(maxsplit=1)[0] == module
        for name in re.findall(r"^\.\. auto(?:function|class|data):: (\w+)$", part, re.MULTILINE)
    }
    assert on_pages == _public_names(module)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_and_the_files_that_it_names_exist(page):
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", PAGES[page], flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose)
    missing = [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]
    named = re.findall(r"`((?:bench|cpp|docs|python|tests)/[\w./-]+)", PAGES[page])
    missing += [file for file in named if not (ROOT / file).exists()]
    assert not missing


@pytest.mark.parametrize("name", ["axes", "graph", "rms_graph"])
def test_a_drawing_is_what_its_script_draws(name, monkeypatch):
    monkeypatch.syspath_prepend(DOCS / "drawings")
    drawn = getattr(importlib.import_module(name), name)()
    assert (DOCS / "drawings" / f"{name}.svg").read_text(encoding="utf-8") == drawn, "run docs/drawings/draw.py"


TABLES = (LAYER_NORM_DERIVATIONS, BATCH_NORM_DERIVATIONS, RMS_NORM_DERIVATIONS, GROUP_NORM_DERIVATIONS)


@pytest.mark.parametrize("derivation", [derivation for table in TABLES for derivation in table.values()])
def test_every_derivation_stands_on_the_page(derivation):
    assert f"`{derivation.__name__}`" in PAGES["docs/math.md"]


def test_the_readme_has_ten_lines_that_run_without_anything_but_numpy():
    lines = [line for line in EXAMPLES["README.md"][0].splitlines() if line]
    assert len(lines) == 10
    exec("\n".join(lines), {})


def test_the_citation_is_of_this_version():
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_every_variable_of_the_environment_that_is_read_stands_on_the_page():
    sources = [file for room in ("bench", "cpp", "python", "tests") for file in (ROOT / room).rglob("*.*")]
    text = "".join(file.read_text(encoding="utf-8") for file in sources if file.suffix in (".cpp", ".hpp", ".py"))
    read = set(re.findall(r"(?:environ\.get|environ|getenv)[(\[]\"((?:SIMDNORM|OMP)_\w+)\"", text))
    assert read >= {"SIMDNORM_ISA", "SIMDNORM_BACKEND", "OMP_NUM_THREADS"}
    assert not [name for name in read if f"`{name}`" not in PAGES["docs/command-line.md"]]


@pytest.mark.parametrize(
    ("language", "command"), [("cpp", ("c++", "-std=c++20", "-xc++")), ("c", ("cc", "-std=c11", "-xc"))]
)
def test_the_programs_on_the_page_about_cpp_compile(language, command, tmp_path):
    if shutil.which(command[0]) is None:
        pytest.skip("no compiler is installed")
    (program,) = re.findall(rf"^```{language}\n(.*?)^```", PAGES["docs/cpp.md"], re.DOTALL | re.MULTILINE)
    include = ROOT / "cpp" / "include"
    version = re.sub(r"@\w+@", "0", (include / "simdnorm" / "version.h.in").read_text(encoding="utf-8"))
    tmp_path.joinpath("simdnorm").mkdir()
    tmp_path.joinpath("simdnorm", "version.h").write_text(version, encoding="utf-8")
    warnings = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-missing-field-initializers")
    done = subprocess.run(
        [*command, *warnings, "-fsyntax-only", f"-I{include}", f"-I{tmp_path}", "-"],
        input=program, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
