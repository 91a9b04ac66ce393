"""What the lint scripts share: the files of the tree, and C++ text without comments and literals."""

import re
import subprocess

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def tree_files(root, *patterns):
    """Tracked files and new ones that are not ignored, relative to root, that still exist."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=root, check=True, capture_output=True, text=True).stdout
    return sorted({name for name in listed.split("\0") if name and (root / name).is_file()})


def _blank(match):
    text = match.group(0)
    kept = "\n" * text.count("\n")
    return ('""' if text.endswith('"') else " ") + kept


def without_comments_and_literals(text):
    """Same number of lines; comments and literals emptied. An include line keeps its path."""
    lines = text.split("\n")
    includes = {i: line for i, line in enumerate(lines) if re.match(r'\s*#\s*include\b', line)}
    bare = _TOKEN.sub(_blank, text).split("\n")
    for index, line in includes.items():
        if index < len(bare):
            bare[index] = line
    return "\n".join(bare)
