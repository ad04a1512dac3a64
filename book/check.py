#!/usr/bin/env python3
"""Checks the book and every other Markdown file of the repository, in seconds:

- links lead to a file and, if they have an anchor, to a heading;
- every page of docs/ is in SUMMARY.md;
- paths such as examples/v1/mozopt.toml exist, and scripts that a walk through an example names;
- what is quoted from a file, after `<!-- from FILE -->`, is in that file;
- every command `mozopt …` names a subcommand and flags that the program knows.

The program is the one that the environment variable MOZOPT names; without it, commands are not
checked. Prints FILE:LINE: what is wrong, one a line; the exit code is then 1.
"""

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)")
# Both may be broken into lines, but not into paragraphs.
CODE_SPAN = re.compile(r"`((?:[^`\n]|\n(?!\s*\n))+)`")
HEADING = re.compile(r"#{1,6}\s+(.*)")
# The repository's own directories: a path that begins with one of them is meant to exist.
PATH = re.compile(r"(?:bench|book|crates|docs|examples|python|tests)/[\w./-]*")
CHECKOUT = re.compile(r"(?<![\w/.~])mozopt/")
SCRIPT = re.compile(r"[\w-]+\.py")
# What a search makes inside of an example.
MADE = re.compile(r"_Optimization|_Trial|/(?:figures|inspection|exported)\b|report\.html")
QUOTED = re.compile(r"<!-- from (\S+) -->")


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    pages = markdown_files(root)
    mistakes = list(missing_from_summary(root))
    for page in pages:
        mistakes += mistakes_of(page, root)
    if "MOZOPT" not in os.environ:
        print("MOZOPT is not set: commands are not checked", file=sys.stderr)
    for place, line, mistake in sorted(mistakes):
        print(f"{place.relative_to(root)}:{line}: {mistake}")
    return 1 if mistakes else 0


def markdown_files(root):
    """Those that belong to the repository, new ones included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    files = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return [path for name in files.split("\0") if name and (path := root / name).is_file()]


def missing_from_summary(root):
    summary = root / "docs/SUMMARY.md"
    listed = {(summary.parent / target).resolve() for _, target in links(summary)}
    for page in sorted(summary.parent.rglob("*.md")):
        if page != summary and page not in listed:
            yield summary, 1, f"does not list {page.relative_to(summary.parent)}"


def mistakes_of(page, root):
    for line, target in links(page):
        if mistake := mistake_of_link(page, target, root):
            yield page, line, mistake
    walk = {(root / name).parent for _, name, _ in quotations(page)}
    for line, text, in_block in code(page):
        if walk and SCRIPT.fullmatch(text) and not any((place / text).exists() for place in walk):
            yield page, line, f"there is no {text} in the example"
        for path in PATH.findall(text) if may_name_files(text) else []:
            # Pages about a crate name its files without the crate.
            if not (MADE.search(path) or (root / path).exists() or any(root.glob(f"*/*/{path}"))):
                yield page, line, f"there is no {path}"
        # A benchmark is a program of its own.
        own = page.relative_to(root).parts[0] == "bench"
        for command in commands(text, in_block and not own):
            if mistake := mistake_of_command(command):
                yield page, line, mistake
    for line, name, quotation in quotations(page):
        file = root / name
        if not file.is_file():
            yield page, line, f"there is no {name} to quote from"
        elif quotation not in file.read_text():
            yield page, line, f"this is not what {name} says"


def links(page):
    text = CODE_SPAN.sub(lambda span: re.sub(r"[^\n]", " ", span[0]), prose(page))
    for link in LINK.finditer(text):
        yield text.count("\n", 0, link.end()) + 1, link[1]


def mistake_of_link(page, target, root):
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    if not file.is_relative_to(root) or not file.exists():
        return f"the link {target} leads nowhere"
    if anchor and anchor not in anchors(file):
        return f"the link {target} names no heading of {file.relative_to(root)}"
    return None


@cache
def anchors(page):
    """The names that mdBook and GitHub give to the headings."""
    found = []
    for line in prose(page).splitlines():
        if heading := HEADING.match(line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "").lower()
            name = re.sub(r"[^\w -]", "", text.strip()).replace(" ", "-")
            again = found.count(name)
            found.append(f"{name}-{again}" if again else name)
    return set(found)


def prose(page):
    """The text with blocks of code left empty."""
    return "\n".join("" if in_block else line for _, line, in_block in lines(page))


def lines(page):
    """Line number, line, and whether it is in a block of code (fenced or indented)."""
    fence, before = None, ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if fence:
            yield number, line, True
            fence = None if mark and mark[1] == fence else fence
        elif mark:
            fence = mark[1]
            yield number, line, True
        else:
            # A list's continuation is indented, too, but it does not follow an empty line alone.
            indented = line.startswith("    ") and not re.match(r"\s*([-*]|\d+\.|\|)\s", line)
            indented = indented and (not before.strip() or before.startswith("    "))
            yield number, line, indented
        before = line


def code(page):
    """Line number, text, and whether it is a line of a block (otherwise a span in a line).

    The reader has the repository in a directory called mozopt.
    """
    yield from (
        (number, CHECKOUT.sub("", line), True) for number, line, in_block in lines(page) if in_block
    )
    text = prose(page)
    for span in CODE_SPAN.finditer(text):
        line = CHECKOUT.sub("", span[1].replace("\n", " "))
        yield text.count("\n", 0, span.start()) + 1, line, False


def may_name_files(text):
    """Not a pattern, and not a path of somewhere else such as target/examples/ or my/examples/."""
    return not re.search(r"[*{<…]|[\w~.]/(?:examples|tests|docs|bench)/", text)


def commands(text, by_cargo):
    """The words of each call of mozopt in the text; by_cargo: of `cargo run --release --`, too."""
    text = text.strip().removeprefix("$ ")
    text = re.sub(r"^cargo run --release -- ", "mozopt ", text) if by_cargo else text
    for part in re.split(r"\s(?:\||&&|;)\s", text):
        part = re.sub(r"^(?:nohup |\w+=\S+ )+", "", part.strip())
        if re.match(r"mozopt [a-z-]", part):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:  # an apostrophe of the words behind the command
                words = part.split()
            yield words[1:]


def mistake_of_command(words):
    if "MOZOPT" not in os.environ:
        return None
    subcommand = words[0]
    known = flags(subcommand)
    if known is None:
        return f"there is no `mozopt {subcommand}`"
    for word in words[1:]:
        flag = word.split("=")[0].rstrip(".,:;")
        if re.match(r"--?[a-z]", flag) and flag not in known:
            return f"`mozopt {subcommand}` has no {flag}"
    return None


@cache
def flags(subcommand):
    """The flags that `mozopt SUBCOMMAND --help` lists; None if there is no such command."""
    command = [os.environ["MOZOPT"], subcommand, "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        return None
    listed = re.findall(r"^ +(-\w(?:, --[\w-]+)?|--[\w-]+)", answer.stdout, re.MULTILINE)
    return {flag for both in listed for flag in both.split(", ")}


def quotations(page):
    """Line number, file and text of each block that follows a comment `<!-- from FILE -->`."""
    text = page.read_text()
    for found in re.finditer(QUOTED.pattern + r"\n+```\w*\n(.*?\n)```\n", text, re.DOTALL):
        yield text.count("\n", 0, found.start()) + 1, found[1], found[2]


if __name__ == "__main__":
    sys.exit(main())
