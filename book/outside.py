#!/usr/bin/env python3
"""A preprocessor of mdBook: links that leave docs/ become the path of what they lead to.

In the repository a page can link to bench/ or examples/; a book without the repository cannot.
"""

import json
import posixpath
import re
import sys

LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((\.\./[^)\s]+)\)")


def main():
    if sys.argv[1:2] == ["supports"]:
        return
    _, book = json.load(sys.stdin)
    for chapter in chapters(book):
        directory = posixpath.dirname(chapter["path"] or "")

        def named(link, directory=directory):
            text, target = link[1], link[2].split("#")[0]
            path = posixpath.normpath(posixpath.join("docs", directory, target))
            return link[0] if path.startswith("docs/") else f"{text} (`{path}`)"

        chapter["content"] = LINK.sub(named, chapter["content"])
    json.dump(book, sys.stdout)


def chapters(tree):
    """Every chapter in what mdBook passes, at any depth."""
    if isinstance(tree, dict):
        if "Chapter" in tree:
            yield tree["Chapter"]
        for value in tree.values():
            yield from chapters(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from chapters(value)


if __name__ == "__main__":
    main()
