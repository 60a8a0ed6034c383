"""The reference federation, run by its own scripts: an anchor and CIE's provider over https on this machine.

What it keeps (the installed package, its seeded databases) stays in a folder of its own from one run to the next, as long
as its scripts and the addresses stay the same.
"""

import base64
import hashlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import requests

# two hosts, so that the provider is another site to the browser; addresses, as the provider takes no name without a dot
OURS, THEIRS = "127.0.0.1", "127.0.0.2"
# how long a statement of the anchor or the provider holds: a chain's whole life passes within a run
LIFE_MINUTES = 2
BLOCKS = range(18510, 19000, 10)
# what leads into the peers' commands, from the environment that they are given
KNOBS = ("LAB", "VENV", "HOST", "SCHEME", "BASE_PORT", "EXP_MINUTES", "TLS_CERT", "TLS_KEY")


def is_free(host: str, port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port))
        except OSError:
            return False
    return True


def free_block(size: int = 8) -> int:
    """The first of some ports in a row that nobody listens on; the same one from run to run where that can be."""
    for base in BLOCKS:
        if all(is_free(host, base + n) for n in range(size) for host in (OURS, THEIRS)):
            return base
    raise RuntimeError("no ports are free")


def certificates(folder: Path) -> Path:
    """An authority and what it certified for this machine: `ca.pem`, `tls.pem`, `tls-key.pem`."""
    (folder / "openssl.cnf").write_text(
        "[req]\nprompt=no\ndistinguished_name=name\n[name]\nCN=interoperability test\n"
        "[authority]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
        f"[server]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=IP:{OURS},IP:{THEIRS}\n"
    )
    new = ["openssl", "req", "-x509", "-config", "openssl.cnf", "-days", "2", "-noenc"]
    new += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    authority = ["-extensions", "authority", "-keyout", "ca-key.pem", "-out", "ca.pem"]
    server = ["-extensions", "server", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-keyout", "tls-key.pem", "-out", "tls.pem"]
    for arguments in (authority, server):
        subprocess.run([*new, *arguments], cwd=folder, check=True, capture_output=True, timeout=30)
    return folder / "ca.pem"


class Federation:
    def __init__(self, scripts: Path, lab: Path, folder: Path) -> None:
        self.scripts, self.lab, self.ca = scripts, lab, certificates(folder)
        self.stop()
        self.base = free_block()
        self.anchor = f"https://{THEIRS}:{self.base}"
        self.provider = f"https://{THEIRS}:{self.base + 2}/oidc/op"
        ours = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        trust = {name: str(self.ca) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
        values = (lab, lab / "venv", THEIRS, "https", self.base, LIFE_MINUTES, folder / "tls.pem", folder / "tls-key.pem")
        self.knobs = {name: str(value) for name, value in zip(KNOBS, values, strict=True)}
        self.environment = ours | trust | self.knobs

    def _script(self, name: str, *arguments: str, seconds: int = 120, **knobs: str) -> str:
        command = ["bash", str(self.scripts / name), *arguments]
        # what is installed comes from the package registry, which our own authority does not certify
        environment = dict(os.environ) | self.knobs if name == "setup.sh" else self.environment
        ran = subprocess.run(
            command, env=environment | knobs, text=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        if ran.returncode:
            raise RuntimeError(f"{name} {' '.join(arguments)}: {ran.stdout.strip()[-800:]}")
        return ran.stdout

    def install(self) -> None:
        """What is there from another run is used again, unless the scripts or the addresses are others now."""
        text = b"".join(path.read_bytes() for path in sorted(self.scripts.rglob("*")) if path.suffix in (".py", ".sh"))
        stamp = f"{hashlib.sha256(text).hexdigest()} {self.anchor} {LIFE_MINUTES}\n"
        kept = self.lab / "seeded"
        if not kept.exists() or kept.read_text() != stamp:
            kept.unlink(missing_ok=True)
            self._script("setup.sh", seconds=600, RESET="1")
            kept.write_text(stamp)

    def start(self, *roles: str, **knobs: str) -> None:
        # its output is a file: the servers inherit it, and would keep a pipe open
        with (self.lab / "log" / "start.log").open("wb") as log:
            command = ["bash", str(self.scripts / "run.sh"), "start", *roles]
            subprocess.run(
                command, env=self.environment | knobs, timeout=120, check=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )

    def stop(self, *roles: str) -> None:
        """Ends what runs in our folder, from this run or one that was cut off: told by the name of its pid file."""
        kept = [self.lab / "run" / f"{role}.pid" for role in roles or ("ta", "cie")]
        kept = [path for path in kept if path.exists()]
        for path in kept:
            process = path.read_text().strip()
            command = Path("/proc", process, "cmdline")
            if command.exists() and str(path).encode() in command.read_bytes():
                os.kill(int(process), signal.SIGTERM)
            else:
                path.unlink()
        # a worker that holds an open connection is given half a minute; the file goes with the process
        for _ in wait(60):
            if not any(path.exists() for path in kept):
                return
        raise RuntimeError(f"still there: {kept}")

    def restart_provider(self, **knobs: str) -> None:
        """The same provider with other habits; the anchor stays."""
        self.stop("cie")
        self.start("cie", **knobs)

    def published(self, entity: str) -> dict[str, object]:
        """The claims of an entity configuration, as anybody sees them."""
        address = f"{entity}/.well-known/openid-federation"
        answer = requests.get(address, verify=str(self.ca), timeout=20)
        answer.raise_for_status()
        part = answer.text.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    def onboard(self, entity: str) -> str:
        """The registrar looks at what we publish and registers us; the trust mark that it issues."""
        told = self._script("run.sh", "onboard", entity)
        mark = re.search(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", told)
        if not mark or not told.startswith("PASS"):
            raise RuntimeError(told)
        return mark[0]

    def forget(self, entity: str) -> None:
        """What the provider knew of us, as when its chain about us ends."""
        self._script("run.sh", "forget", entity)

    def suspend(self, entity: str) -> None:
        self._script("run.sh", "suspend", entity)

    def resume(self, entity: str) -> None:
        self._script("run.sh", "resume", entity)

    def revoked(self) -> int:
        """How many access tokens the provider has revoked."""
        address = f"file:{self.lab}/db/cie.sqlite3?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as database:
            query = "SELECT count(*) FROM spid_cie_oidc_provider_issuedtoken WHERE revoked"
            return int(database.execute(query).fetchone()[0])

    def log(self, role: str) -> str:
        return (self.lab / "log" / f"{role}.log").read_text(errors="replace")


def wait(seconds: float, step: float = 0.2) -> Iterator[None]:
    """Comes back every moment until so much time has passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(step)
