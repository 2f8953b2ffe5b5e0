"""Holds the code of a page of docs/ against the files that are tested."""
import pathlib
import re


def code_that_is_nowhere(page, folder="."):
    """The pieces of a page's Python code that are in no file of a folder; a line "# ..."
    parts pieces. White space does not count."""
    files = [pathlib.Path(folder, "test"), *pathlib.Path(folder).rglob("*.py")]
    sources = "\n".join(" ".join(file.read_text().split()) for file in files)
    blocks = re.findall(r"^```python\n(.*?)^```", pathlib.Path(page).read_text(), re.M | re.S)
    if not blocks:
        return [f"{page} has no code"]
    pieces = (piece for block in blocks for piece in re.split(r"^ *# \.\.\.$", block, flags=re.M))
    return [piece for piece in pieces if " ".join(piece.split()) not in sources]
