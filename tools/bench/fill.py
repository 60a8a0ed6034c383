"""Fills a migrated, empty database with documents for load runs: 2 million rows by default, of which one person has
50,000, another 20 (as many as a page lists) and another 10. Prints the three persons' session cookies, one a line.

fill.py sqlite FILE [ROWS]      fill.py postgres URL [ROWS]
"""

import hashlib
import random
import sqlite3
import subprocess
import sys
import time
import uuid

KINDS = ["11502-2", "68604-8", "11488-4", "34105-7", "59258-4", "57833-6", "57832-8", "82593-5"]
WORDS = ["Esami del sangue", "Radiografia del torace", "Visita cardiologica", "Lettera di dimissione", "Ricetta farmaci"]
ISSUERS = [f"Azienda sanitaria di prova {n}" for n in range(40)]
HEAVY, FULL_PAGE, LIGHT, OTHERS = 50_000, 20, 10, 97
NOW = int(time.time() * 1000)
YEAR = 365 * 24 * 3600 * 1000
chance = random.Random(7)

CITIZEN = ["id", "codice_fiscale", "given_name", "family_name", "birth_date", "registered", "standing", "ward"]
SESSION = ["token", "id", "citizen_id", "method", "level", "opened_at", "last_seen_at", "ends_at"]
DOCUMENT = [
    "citizen_id", "id", "kind", "title", "national_root", "national_extension", "check_number", "issued_at", "taken_at",
    "issuer", "author", "version", "status", "replaced_by", "confidentiality", "protected", "hidden", "signature", "signer",
    "signer_known", "signed_at", "readable", "object_id", "size", "sha256", "list_title", "list_issuer", "list_words",
]


ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]


def codice_fiscale(number: int) -> str:
    """A well-formed code of nobody: its six first letters count."""
    letters = ""
    for _ in range(6):
        number, letter = divmod(number, 26)
        letters += chr(ord("A") + letter)
    body = letters + "80A01F205"
    value = lambda c: int(c) if c.isdigit() else ord(c) - ord("A")
    total = sum(ODD[value(c)] if at % 2 == 0 else value(c) for at, c in enumerate(body))
    return body + chr(ord("A") + total % 26)


def uuid7(at: int) -> str:
    bits = (at << 80) | (7 << 76) | (chance.getrandbits(12) << 64) | (2 << 62) | chance.getrandbits(62)
    return str(uuid.UUID(int=bits))


def people(rows: int):
    """(id, how many documents), the three measured ones first."""
    yield uuid7(NOW), HEAVY
    yield uuid7(NOW), FULL_PAGE
    yield uuid7(NOW), LIGHT
    left = rows - HEAVY - FULL_PAGE - LIGHT
    while left > 0:
        yield uuid7(NOW), min(OTHERS, left)
        left -= OTHERS


def citizen(number: int, identity: str) -> tuple:
    return (identity, codice_fiscale(number), "Prova", f"Numero {number}", "1980-01-01", True, "active", False)


def documents(identity: str, count: int):
    for number in range(count):
        at = NOW - chance.randrange(10 * YEAR)
        title, issuer = chance.choice(WORDS), chance.choice(ISSUERS)
        key = f"{identity}{number}"
        yield (
            identity, uuid7(at), chance.choice(KINDS), title, "2.16.840.1.113883.2.9.2.30.4.4", key,
            hashlib.md5(key.encode()).hexdigest()[:17].upper(), at, at, issuer, "Dott. Prova", 1, "current", None, "N", False,
            False, "intact", "Dott. Prova", True, at, True, uuid7(at), 184_000, hashlib.sha256(key.encode()).digest(),
            title, issuer, f"{title}\n{issuer}".lower(),
        )


def tables(rows: int, cookies: list[str]):
    """(table, columns, rows), in an order that foreign keys accept."""
    everyone = list(people(rows))
    yield "citizens", CITIZEN, (citizen(n, identity) for n, (identity, _) in enumerate(everyone))
    sessions = []
    for identity, _ in everyone[:3]:
        token = chance.randbytes(32)
        cookies.append(token.hex())
        sessions.append((hashlib.sha256(token).digest(), uuid7(NOW), identity, "spid", 2, NOW, NOW, NOW + YEAR))
    yield "sessions", SESSION, sessions
    yield "documents", DOCUMENT, (row for identity, count in everyone for row in documents(identity, count))


def sqlite(file: str, rows: int) -> list[str]:
    cookies: list[str] = []
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -400000")
        for table, columns, values in tables(rows, cookies):
            db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", values)
    db.execute("ANALYZE")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return cookies


def text(value) -> str:
    match value:
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case bytes():
            return "\\\\x" + value.hex()
        case _:
            return str(value).replace("\n", "\\n")


def postgres(url: str, rows: int) -> list[str]:
    cookies: list[str] = []
    for table, columns, values in tables(rows, cookies):
        copy = subprocess.Popen(["psql", "-q", url, "-c", f"COPY {table} ({', '.join(columns)}) FROM STDIN"],
                                stdin=subprocess.PIPE, text=True)
        for row in values:
            copy.stdin.write("\t".join(map(text, row)) + "\n")
        copy.stdin.close()
        if copy.wait(timeout=900) != 0:
            raise SystemExit(f"COPY {table} failed")
    subprocess.run(["psql", "-q", url, "-c", "VACUUM ANALYZE"], check=True, timeout=900)
    return cookies


if __name__ == "__main__":
    engine, where, *rest = sys.argv[1:]
    count = int(rest[0]) if rest else 2_000_000
    print("\n".join({"sqlite": sqlite, "postgres": postgres}[engine](where, count)))
