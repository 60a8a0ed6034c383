"""Licences, banned crates and foreign sources, as deny.toml says, over the tree that cargo really builds."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = tomllib.loads((ROOT / "deny.toml").read_text())


def tree() -> set[tuple[str, str, str]]:
    """(name and version, licence expression, where it comes from when that is not the registry)."""
    found = set()
    for target in RULES["graph"]["targets"]:
        lines = subprocess.run(
            ["cargo", "tree", "--locked", "--workspace", "--target", target, "--prefix", "none", "--no-dedupe",
             "--edges", "normal,build,dev", "--format", "{p}\t{l}"],
            cwd=ROOT, check=True, capture_output=True, text=True, timeout=100,
        ).stdout.splitlines()
        for line in filter(None, lines):
            package, licence = line.removesuffix(" (*)").split("\t")
            name, version, *rest = package.split(" ")
            origin = " ".join(rest).replace("(proc-macro)", "").strip(" ()*")
            found.add((f"{name} {version}", licence.strip(), origin))
    return found


def allowed(expression: str) -> bool:
    """An SPDX expression: OR needs one side, AND both; `/` is an old way to write OR."""
    words = re.findall(r"\(|\)|[^\s()]+", re.sub(r"\s*/\s*", " OR ", expression))
    words.append("")

    def either() -> bool:
        verdict = both()
        while words[0] == "OR":
            words.pop(0)
            verdict = both() or verdict
        return verdict

    def both() -> bool:
        verdict = one()
        while words[0] == "AND":
            words.pop(0)
            verdict = one() and verdict
        return verdict

    def one() -> bool:
        word = words.pop(0)
        if word == "(":
            verdict = either()
            words.pop(0)
            return verdict
        if words[0] == "WITH":
            words.pop(0)
            word = f"{word} WITH {words.pop(0)}"
        return word in RULES["licenses"]["allow"]

    return either() and words == [""]


def main() -> int:
    banned = {entry["crate"] for entry in RULES["bans"]["deny"]}
    packages = sorted(tree())
    verdicts = {
        "licences": [f"{p}: {l or 'no licence'}" for p, l, _ in packages if not l or not allowed(l)],
        "bans": [p for p, _, _ in packages if p.split(" ")[0] in banned],
        "sources": [f"{p}: {o}" for p, _, o in packages if o and not Path(o).is_relative_to(ROOT)],
    }
    for rule, found in verdicts.items():
        for problem in found:
            print(f"FAILED {rule}: {problem}")
    failed = sum(bool(found) for found in verdicts.values())
    print(f"{len(packages)} crates")
    print(f"checks: {len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
