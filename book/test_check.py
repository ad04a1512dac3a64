"""Each mistake that check.py finds, in a repository of a few files, with a stand-in for mozopt."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = """#!/bin/bash
[ "$1" = run ] || exit 2
printf '      --max-ngen <N>\\n  -q, --quiet\\n'
"""
PAGE = """# Page

## What `run --now` does

[here](#what-run---now-does), [there](sub/other.md#other-page), `[not](a-link.md)`

    mozopt run . --max-ngen 3 -q     # a comment's apostrophe
    echo '[1]' | mozopt run --quiet

`examples/model/run.py`, `run.py`

<!-- from examples/model/run.py -->
```python
print("a")
```
"""


class Check(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        self.write("docs/SUMMARY.md", "- [Page](page.md)\n- [Other](sub/other.md)\n")
        self.write("docs/page.md", PAGE)
        self.write("docs/sub/other.md", "# Other page\n")
        self.write("examples/model/run.py", 'print("a")\nprint("b")\n')
        self.write("mozopt", PROGRAM)
        (self.root / "mozopt").chmod(0o755)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def mistakes(self, addition=""):
        """What check.py prints if this is added to the page."""
        self.write("docs/page.md", PAGE + addition)
        command = [sys.executable, Path(__file__).with_name("check.py"), self.root]
        environment = os.environ | {"MOZOPT": str(self.root / "mozopt")}
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        self.assertEqual(ended.stderr, "")
        self.assertEqual(ended.returncode, 1 if ended.stdout else 0)
        return ended.stdout

    def test_a_sound_book_passes(self):
        self.assertEqual(self.mistakes(), "")

    def test_a_broken_link_is_named_with_its_line(self):
        line = len(PAGE.splitlines()) + 1
        self.assertEqual(
            self.mistakes("[x](nowhere.md)\n"),
            f"docs/page.md:{line}: the link nowhere.md leads nowhere\n",
        )

    def test_links_and_commands_may_be_broken_into_lines(self):
        self.assertIn("the link nowhere.md leads", self.mistakes("[broken\n  twice](nowhere.md)\n"))
        self.assertIn("has no --slow", self.mistakes("so `mozopt\nrun --slow` works\n"))

    def test_an_anchor_needs_a_heading(self):
        self.assertIn("names no heading of docs/sub", self.mistakes("[x](sub/other.md#more)\n"))
        self.assertIn("names no heading of docs/page.md", self.mistakes("[x](#more)\n"))

    def test_a_picture_must_exist(self):
        self.assertIn("the link a.png leads nowhere", self.mistakes("![x](a.png)\n"))

    def test_every_page_is_in_the_summary(self):
        self.write("docs/new.md", "# New\n")
        self.assertIn("does not list new.md", self.mistakes())

    def test_commands_and_their_flags_are_those_of_the_program(self):
        self.assertIn("there is no `mozopt fly`", self.mistakes("`mozopt fly`\n"))
        block = "```console\n$ mozopt run . --max-ngne 3\n```\n"
        self.assertIn("`mozopt run` has no --max-ngne", self.mistakes(block))
        behind_a_pipe = "\n    cat x | mozopt run --nothing\n"
        self.assertIn("`mozopt run` has no --nothing", self.mistakes(behind_a_pipe))

    def test_files_that_are_named_must_exist(self):
        self.assertIn(
            "there is no examples/model/walk.py", self.mistakes("`examples/model/walk.py`\n")
        )
        block = "```console\n$ cp -r mozopt/examples/other .\n```\n"
        self.assertIn("there is no examples/other", self.mistakes(block))
        self.assertIn("there is no walk.py in the example", self.mistakes("`walk.py`\n"))

    def test_quotations_are_what_the_file_says(self):
        quotation = "<!-- from examples/model/run.py -->\n```python\nprint('b')\n```\n"
        self.assertIn("this is not what examples/model/run.py says", self.mistakes(quotation))


if __name__ == "__main__":
    unittest.main()
