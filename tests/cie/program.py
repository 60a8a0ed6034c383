"""The production program on a folder of its own, with SQLite and its own TLS, as an operator runs it."""

import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from federation import OURS, Federation, wait

# Mario and Anna are among the provider's people; nobody else of them is in the register.
CITIZENS = """codice_fiscale,given_name,family_name,birth_date
RSSMRA80A01H501U,Mario,Rossi,1980-01-01
VRDNNA85M41F205G,Anna,Verdi,1985-08-01
"""
MARKS = "cie-trust-marks.txt"
INSTANT = "%Y%m%dT%H%M%SZ"


class Site:
    def __init__(self, program: Path, folder: Path, federation: Federation) -> None:
        self.program, self.folder, self.ca = program, folder, federation.ca
        port, operations = federation.base + 5, federation.base + 6
        self.origin, self.operations = f"https://{OURS}:{port}", f"http://{OURS}:{operations}"
        self.process: subprocess.Popen[bytes] | None = None
        self.read = 0
        tls = federation.ca.parent
        values = {
            "SITE__ORIGIN": self.origin,
            "LISTEN__SITE": f"{OURS}:{port}",
            "LISTEN__OPERATIONS": f"{OURS}:{operations}",
            "LOGGING__FORMAT": "json",
            "TLS__CERTIFICATE": tls / "tls.pem",
            "TLS__KEY": tls / "tls-key.pem",
            "FETCH__PRIVATE_ADDRESSES": "true",
            "CIE__PROTOCOL": "openid",
            "CIE__ORGANIZATION": "Regione Esempio",
            "CIE__DISPLAY_NAME": "Fascicolo Sanitario Elettronico – Regione Esempio",
            "CIE__ORGANIZATION_URL": "https://www.regione.example",
            "CIE_OPENID__KEYS": "secrets/cie-keys",
            "CIE_OPENID__CONTACTS": "cie@regione.example",
            "CIE_OPENID__POLICY_URL": f"{self.origin}/privacy",
            "CIE_OPENID__LOGO_URL": f"{self.origin}/logo.svg",
            "CIE_OPENID__ANCHOR": federation.anchor,
            "CIE_OPENID__ANCHOR_KEYS": "cie-anchor.json",
            "CIE_OPENID__PROVIDER": federation.provider,
            "CIE_OPENID__TRUST_MARKS": MARKS,
            "CIE_OPENID__LIFETIME_HOURS": "1",
            "CIE_OPENID__OVERLAP_HOURS": "1",
        }
        self.environment = {f"FASCICOLO_{name}": str(value) for name, value in values.items()}
        self.environment |= {"SSL_CERT_FILE": str(self.ca), "PATH": os.environ.get("PATH", "")}

    def _command(self, *arguments: str) -> list[str]:
        return [str(self.program), "--config", str(self.folder / "fascicolo.toml"), *arguments]

    def run(self, *arguments: str, anyway: bool = False) -> str:
        """A command of the program that must do well, unless what it says matters `anyway`."""
        ran = subprocess.run(
            self._command(*arguments), env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        if ran.returncode and not anyway:
            raise RuntimeError(f"{' '.join(arguments)}: {(ran.stdout + ran.stderr).strip()[-800:]}")
        return ran.stdout

    def prepare(self, anchor_keys: object) -> None:
        """From nothing to a site that could start, step by step as the operator's page on CIE says."""
        making = [str(self.program), "init", str(self.folder)]
        subprocess.run(making, check=True, capture_output=True, timeout=60)
        (self.folder / MARKS).write_text("")
        (self.folder / "cie-anchor.json").write_text(json.dumps(anchor_keys))
        (self.folder / "citizens.csv").write_text(CITIZENS)
        self.run("cie", "init", "--bits", "2048")
        self.run("check-config")
        self.run("migrate")
        self.run("import", "citizens", str(self.folder / "citizens.csv"))

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command("serve"), env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        for _ in wait(30):
            if self.process.poll() is not None:
                break
            try:
                if requests.get(f"{self.operations}/readyz", timeout=5).ok:
                    return
            except requests.ConnectionError:
                pass
        raise RuntimeError(f"the site did not start: {self.log()[-800:]}")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def events(self) -> list[dict[str, object]]:
        whole = self.log().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def fresh(self) -> list[dict[str, object]]:
        """The events of the log since this was asked before."""
        events = self.events()
        new, self.read = events[self.read :], len(events)
        return new

    def renewals(self) -> list[datetime]:
        """When the provider's chain was verified anew, in the background."""
        told = (event for event in self.events() if event.get("message") == "the chain of CIE's provider was renewed")
        return [datetime.fromisoformat(str(event["timestamp"])) for event in told]

    def fetched(self) -> int:
        """How often somebody has asked for our entity configuration."""
        return sum(event.get("route") == "/.well-known/openid-federation" for event in self.events())

    def cause(self) -> object:
        """Why a login was refused just now; a page never says it so exactly."""
        causes = [event["cause"] for event in self.fresh() if event.get("message") == "login refused"]
        return causes[-1] if causes else None

    def metric(self, name: str) -> float | None:
        text = requests.get(f"{self.operations}/metrics", timeout=10).text
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else None

    def signing_keys(self) -> list[Path]:
        """Oldest first."""
        return sorted((self.folder / "secrets" / "cie-keys").glob("signing-*.pem"))

    def phases(self) -> list[str]:
        """Of the signing keys, oldest first."""
        lines = [line.split() for line in self.run("cie", "keys").splitlines()]
        return [words[2].rstrip(";") for words in lines if words[0] == "signing"]

    def age(self, key: Path, minutes: float) -> None:
        """Says by its name that a key was published so long ago: no run lasts as long as an overlap."""
        since = datetime.now(UTC) - timedelta(minutes=minutes)
        key.rename(key.with_name(f"signing-{since.strftime(INSTANT)}.pem"))
