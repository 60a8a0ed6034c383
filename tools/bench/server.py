"""The release server under load: CPU a request, latency, memory, start, TLS handshakes. Prints bar and figure.

server.py [ROWS]    documents in the database of the load run (2,000,000)
"""

import base64
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
TICK = os.sysconf("SC_CLK_TCK")
SECONDS = 8
# Handshakes at once.
CLIENTS = 8


def row(what: str, figure: float, bar: float, unit: str = "×", at_least: bool = False) -> None:
    good = figure >= bar if at_least else figure <= bar
    print(f"{'ok  ' if good else 'OVER'}  {what:<68} {figure:>9.2f} {unit:<4} bar {'≥' if at_least else '≤'} {bar:g}", flush=True)


def note(text: str) -> None:
    print(f"      {text}", flush=True)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu(pid: int) -> float:
    """Seconds of processor a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory(pid: int) -> float:
    """Resident MB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


class Server:
    """`fascicolo serve` with settings of its own; ends with the `with` block."""

    def __init__(self, folder: Path, database: str, tls: bool = False) -> None:
        self.folder, self.database, self.tls = folder, database, tls
        self.port, self.operations = free_port(), free_port()
        self.config = folder / "fascicolo.toml"
        self.process = None

    def prepare(self) -> None:
        """Keys, settings and an empty database."""
        (self.folder / "documents").mkdir(parents=True, exist_ok=True)
        secrets = self.folder / "secrets"
        secrets.mkdir(exist_ok=True)
        key(secrets / "site-key.pem", "ED25519")
        if not (secrets / "keyring").exists():
            (secrets / "keyring").write_text(f"bench {base64.b64encode(os.urandom(32)).decode()}\n")
            (secrets / "keyring").chmod(0o600)
        if self.tls:
            certificate(secrets / "tls.pem", secrets / "tls-key.pem")
        self.config.write_text(settings(self))
        subprocess.run([BINARIES / "fascicolo", "--config", self.config, "migrate"], check=True, timeout=120)

    def __enter__(self) -> "Server":
        began = time.monotonic()
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([BINARIES / "fascicolo", "--config", self.config, "serve"], stdout=log, stderr=log)
        while time.monotonic() - began < 30:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.operations}/readyz", timeout=1) as answer:
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(0.001)
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended: {(self.folder / 'log').read_text()[-2000:]}")
        self.ready_ms = (time.monotonic() - began) * 1000
        return self

    def __exit__(self, *_) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    @property
    def pid(self) -> int:
        return self.process.pid

    def load(self, path: str, cookie: str | None = None, connections: int = 32, seconds: int = SECONDS) -> dict:
        """Runs wrk; adds the server's CPU per request in microseconds."""
        headers = ["-H", f"Host: localhost:{self.port}"]
        if cookie:
            headers += ["-H", f"Cookie: __Host-fascicolo={cookie}"]
        before = cpu(self.pid)
        wrk = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", HERE / "report.lua", *headers,
             f"http://127.0.0.1:{self.port}{path}"],
            capture_output=True, text=True, check=True, timeout=seconds + 60,
        )
        figures = json.loads(wrk.stdout.splitlines()[-1])
        if figures["errors"] or not figures["requests"]:
            note(f"{path}: {figures['errors']} of {figures['requests']} requests failed")
        figures["cpu_us"] = (cpu(self.pid) - before) / max(figures["requests"], 1) * 1e6
        return figures


def key(path: Path, kind: str) -> None:
    subprocess.run(["openssl", "genpkey", "-algorithm", kind, "-out", path], check=True, capture_output=True, timeout=60)
    path.chmod(0o600)


def certificate(pem: Path, private: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", private, "-out", pem],
        check=True, capture_output=True, timeout=60,
    )
    private.chmod(0o600)


def settings(server: Server) -> str:
    tls = f'[tls]\ncertificate = "secrets/tls.pem"\nkey = "secrets/tls-key.pem"\n' if server.tls else ""
    scheme = "https"
    return f"""
[site]
origin = "{scheme}://localhost:{server.port}"
region = "Regione di prova"
region_url = "https://regione.example"
phone = "800 000 000"
hours = "8-18"
address = "Piazza 1"
pec = "prova@pec.example"
dpo_mail = "dpo@regione.example"
security_mail = "sicurezza@regione.example"
accessibility_statement = "https://form.example/"
key = "secrets/site-key.pem"
[listen]
site = "127.0.0.1:{server.port}"
operations = "127.0.0.1:{server.operations}"
trusted_proxies = ["127.0.0.1"]
{tls}
[database]
url = "{server.database}"
[documents]
url = "file://{server.folder}/documents"
keyring = "secrets/keyring"
[logging]
level = "warn"
"""


def small(folder: Path) -> None:
    """Memory, start and TLS with an empty database."""
    server = Server(folder, f"sqlite://{folder}/empty.db")
    server.prepare()
    starts = []
    for _ in range(5):
        with server:
            starts.append(server.ready_ms)
    row("start to ready, median of 5", statistics.median(starts), 300, "ms")
    with server:
        time.sleep(2)
        row("memory, idle, empty database", memory(server.pid), 40, "MB")
        peak, running = [0.0], [True]

        def watch() -> None:
            while running[0]:
                peak[0] = max(peak[0], memory(server.pid))
                time.sleep(0.05)

        watcher = threading.Thread(target=watch)
        watcher.start()
        for path in ("/", "/accesso", "/verifica-documento"):
            server.load(path, seconds=4)
        running[0] = False
        watcher.join()
        row("memory, 32 busy connections, peak", peak[0], 120, "MB")


def handshakes(folder: Path) -> None:
    """Server CPU of a full TLS 1.3 handshake, against rustls alone with the same certificate."""
    server = Server(folder, f"sqlite://{folder}/empty.db", tls=True)
    server.prepare()
    secrets = folder / "secrets"
    with server:
        bare = subprocess.Popen([BINARIES / "examples" / "bare_tls", secrets / "tls.pem", secrets / "tls-key.pem"],
                                stdout=subprocess.PIPE, text=True)
        try:
            bare_port = int(bare.stdout.readline().split("=")[1])
            for clients in (1, CLIENTS):
                ours, theirs = [], []
                for _ in range(3):
                    ours.append(handshake_us(server.pid, server.port, clients))
                    theirs.append(handshake_us(bare.pid, bare_port, clients))
                note(f"{clients} clients: full handshake {min(ours):.0f} µs, bare rustls {min(theirs):.0f} µs of server CPU")
        finally:
            bare.kill()
            bare.wait(5)
    row(f"full TLS 1.3 handshake, {CLIENTS} clients, times bare rustls", min(ours) / min(theirs), 1.2)


def handshake_us(pid: int, port: int, clients: int) -> float:
    """`s_time -new` alone ends each connection after the handshake. With one client at a time the figure is mostly what
    it takes to wake a sleeping server, so the bar is for a server that has work."""
    before = cpu(pid)
    command = ["openssl", "s_time", "-new", "-time", "5", "-tls1_3", "-connect", f"localhost:{port}"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(clients)]
    count = sum(int(re.search(r"(\d+) connections in", run.communicate(timeout=60)[0])[1]) for run in runs)
    return (cpu(pid) - before) / count * 1e6


def lists(folder: Path, engine: str, database: str, rows: int) -> None:
    """The document list against a page that only renders its template."""
    server = Server(folder, database)
    server.prepare()
    where = database.removeprefix("sqlite://") if engine == "sqlite" else database
    began = time.monotonic()
    fill = subprocess.run([sys.executable, HERE / "fill.py", engine, where, str(rows)], check=True, capture_output=True,
                          text=True, timeout=1800)
    heavy, full, light = fill.stdout.split()
    note(f"{engine}: {rows} documents in {time.monotonic() - began:.0f} s")
    with server:
        for path, cookie in (("/uscita", None), ("/fascicolo/documenti", heavy), ("/fascicolo/documenti", light)):
            server.load(path, cookie, seconds=2)
        page = server.load("/uscita")
        many = server.load("/fascicolo/documenti", heavy)
        same = server.load("/fascicolo/documenti", full)
        few = server.load("/fascicolo/documenti", light)
        again = server.load("/uscita")
    template = min(page["cpu_us"], again["cpu_us"])
    for name, figures in (("template page", page), ("list, 50,000 documents", many), ("list, 20 documents", same),
                          ("list, 10 documents", few)):
        note(f"{engine}: {name}: {figures['cpu_us']:.0f} µs of our CPU, p50 {figures['p50']:.2f} ms, p99 {figures['p99']:.2f} ms, "
             f"{figures['requests'] / figures['seconds']:.0f}/s")
    row(f"{engine}: list of 50,000 out of {rows:,}, CPU times a template page", many["cpu_us"] / template,
        15 if engine == "sqlite" else 10)
    row(f"{engine}: list p99 at 32 connections, times p50", many["p99"] / many["p50"], 10)
    row(f"{engine}: the list of 50,000, times the list of 20: as many rows", many["cpu_us"] / same["cpu_us"], 1.2)
    row(f"{engine}: the list of 50,000, times the list of 10: half the rows", many["cpu_us"] / few["cpu_us"], 1.2)


def postgres(folder: Path, rows: int) -> None:
    script = f'. {ROOT}/tools/test/postgres.sh; start_postgres -c shared_buffers=512MB || exit 1; echo "$postgres_url"; read -r _; stop_postgres'
    helper = subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        url = helper.stdout.readline().strip()
        if not url:
            raise SystemExit("PostgreSQL did not start")
        lists(folder, "postgres", url, rows)
    finally:
        helper.communicate("\n", timeout=60)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    folder = Path(tempfile.mkdtemp(prefix="fascicolo-bench-"))
    try:
        small(folder / "small")
        handshakes(folder / "tls")
        lists(folder / "sqlite", "sqlite", f"sqlite://{folder}/sqlite/many.db", rows)
        postgres(folder / "postgres", rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
