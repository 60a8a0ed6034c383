"""Keeps docs/REQUIREMENTS.md true: each rule with the tests that cite it.

Fails when code cites a rule that is not listed, or when the third column is stale; `--write` brings it up to date.
Prints the rules that no test cites.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "docs" / "REQUIREMENTS.md"
ID = re.compile(r"\b(?:GEN-[GP]\d+|ACC-[ASOD]\d+|REC-[RFVIH]\d+a?|SPID-(?:E\b|[KMARLSOIBGNXC]\d+)|CIE-\d+|CNS-\d\.\d+|SEC-(?:1\.|F)\d+)")
RANGE = re.compile(r"\b((?:GEN|ACC|REC|SPID|CIE|CNS|SEC)-[A-Z]?)(\d+)(?: to |–|\.\.)(?:\1|[A-Z])?(\d+)\b")
GROUP = re.compile(r"\b(?:SPID|ACC|REC)-[A-Z]\b(?!\d)")
SOURCES = (".rs", ".toml", ".html", ".sql", ".sh", ".mjs", ".py", ".js", ".yml")
ROW = re.compile(r"^\| (\S+) \| (.+?) \| (.*?) ?\|$")


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "crates", "tests", "tools", "config"],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=60,
    ).stdout.splitlines()
    return [ROOT / name for name in sorted(listed) if name.endswith(SOURCES) and (ROOT / name).is_file()]


def test_part(path: Path, text: str) -> str:
    """The part of a file that is test code."""
    if "tests" in path.relative_to(ROOT).parts or path.name in ("tests.rs", "browser.sh", "spid.sh"):
        return text
    if path.suffix == ".rs" and (at := text.find("#[cfg(test)]\nmod ")) >= 0:
        return text[at:]
    return ""


def citations(text: str, known: set[str]) -> set[str]:
    """Rules named one by one, as a range (`SPID-R3 to R14`), or as a whole group (`SPID-M`)."""
    found = set(ID.findall(text))
    for group, first, last in RANGE.findall(text):
        found |= {f"{group}{n}" for n in range(int(first), int(last) + 1)}
    for group in set(GROUP.findall(text)) - known:
        found |= {rule for rule in known if re.fullmatch(rf"{group}\d+a?", rule)}
    return found


def short(path: Path) -> str:
    return str(path.relative_to(ROOT)).removeprefix("crates/")


def main() -> int:
    listed = {row[1] for row in map(ROW.match, LIST.read_text().splitlines()) if row and ID.fullmatch(row[1])}
    cited: dict[str, list[str]] = {}
    tested: dict[str, list[str]] = {}
    for path in files():
        text = path.read_text(errors="replace")
        for rule in citations(text, listed):
            cited.setdefault(rule, []).append(short(path))
        for rule in citations(test_part(path, text), listed):
            tested.setdefault(rule, []).append(f"`{short(path)}`")
    problems, untested, lines, known = [], [], [], set()
    for line in LIST.read_text().splitlines():
        row = ROW.match(line)
        if not row or not ID.fullmatch(row[1]):
            lines.append(line)
            continue
        rule, what, tests = row.groups()
        if rule in known:
            problems.append(f"{rule} is listed twice")
        known.add(rule)
        now = ", ".join(tested.get(rule, []))
        if not now:
            untested.append(rule)
        if now != tests and "--write" not in sys.argv:
            problems.append(f"{rule}: its tests are now {now or 'none'}; run tools/test/requirements.py --write")
        lines.append(f"| {rule} | {what} | {now} |" if now else f"| {rule} | {what} | |")
    if "--write" in sys.argv:
        LIST.write_text("\n".join(lines) + "\n")
    problems += [f"{rule} is cited in {', '.join(where[:3])} and not listed" for rule, where in cited.items() if rule not in known]
    print(f"{len(known)} rules; no test cites: {' '.join(untested) or 'none'}")
    for problem in problems:
        print(f"FAILED {problem}")
    print(f"checks: {0 if problems else 1} passed, {1 if problems else 0} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
