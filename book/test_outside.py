"""What mdBook gets from outside.py."""

import json
import subprocess
import sys
import unittest
from pathlib import Path


class Outside(unittest.TestCase):
    def content(self, path, content):
        """The chapter's content, as the preprocessor leaves it in a book of one part."""
        chapter = {"Chapter": {"path": path, "content": content, "sub_items": []}}
        book = json.dumps([{}, {"items": [{"PartTitle": "x"}, chapter]}])
        command = [sys.executable, Path(__file__).with_name("outside.py")]
        ended = subprocess.run(command, input=book, capture_output=True, text=True, check=True)
        return json.loads(ended.stdout)["items"][1]["Chapter"]["content"]

    def test_a_link_that_leaves_the_book_becomes_a_path(self):
        link = "see [numbers](../bench/slurm/README.md#disk)."
        self.assertEqual(self.content("a.md", link), "see numbers (`bench/slurm/README.md`).")
        link = "[numbers](../../bench/slurm/README.md)"
        self.assertEqual(self.content("decisions/1.md", link), "numbers (`bench/slurm/README.md`)")

    def test_links_within_the_book_stay(self):
        for link in "[a](b.md#c)", "[a](../formats.md)", "![a](figures/b.png)":
            self.assertEqual(self.content("decisions/1.md", link), link)


if __name__ == "__main__":
    unittest.main()
