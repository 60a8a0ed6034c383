"""Runs spid-sp-test against a site and counts what it says.

check.py provider            prints the identity provider metadata the site must know (--spid-provider)
check.py run SITE FOLDER     runs the checks; reports stay in FOLDER

The checker verifies TLS only when it posts answers (through REQUESTS_CA_BUNDLE), and its exit code counts warnings
of rules it cannot judge as passed; so the JSON report is read here, and each result is one check (SPID-K, SPID-M,
SPID-A, SPID-R1 to R14). Beyond it, the metadata is validated against the two SPID schemas that come with it, one of
which it never uses (SPID-M12), and the certificates against the profile that it applies to production systems alone
(SPID-K2, SPID-K3).
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import urllib.parse
import warnings
from pathlib import Path

import requests
import spid_sp_test
import xmlschema

warnings.simplefilter("ignore")
from spid_sp_test.compliant_certificates import check_certificate  # noqa: E402

ROOT = Path(spid_sp_test.__file__).parent
PROVIDER = os.environ["IDP_ENTITYID"]
ANSWERS = 111
SCHEMAS = ("saml-schema-metadata-sp-spid.xsd", "saml-schema-metadata-sp-spid-av29.xsd")


def provider() -> int:
    return subprocess.run(
        [sys.executable, "-W", "ignore", Path(sys.executable).parent / "spid_sp_test", "--idp-metadata"],
        timeout=60,
        check=False,
    ).returncode


def checker(folder: Path, profile: str, metadata: str, login: str, *more: object) -> dict:
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    with open(folder / "output.log", "wb") as output:
        subprocess.run(
            [
                sys.executable, "-W", "ignore", Path(sys.executable).parent / "spid_sp_test",
                "--metadata-url", metadata, "--profile", profile, "--extra", "--authn-url", login, "--debug", "ERROR",
                "--report_format", "json", "--report-output-file", report, *more,
            ],
            stdout=output, stderr=subprocess.STDOUT, timeout=700, check=False,
        )
    if not report.exists():
        print((folder / "output.log").read_text(errors="replace")[-4000:])
        raise SystemExit("FAILED the checker wrote no report")
    return json.loads(report.read_text())["test"]["sp"]


def schema(metadata: str, name: str) -> list[str]:
    """What the schema refuses. The namespace it would fetch from elsewhere comes from the same folder."""
    folder = ROOT / "xsd"
    own = {"http://www.w3.org/XML/1998/namespace": str(folder / "xml.xsd")}
    rules = xmlschema.XMLSchema(str(folder / name), allow="local", locations=own)
    return [f"schema {name}: {e.path}: {e.reason}" for e in list(rules.iter_errors(metadata))[:5]]


def certificates(metadata: str) -> list[list[str]]:
    """The certificate profile (SPID-K2, SPID-K3), which the checker looks at on production systems only."""
    verdicts = []
    for number, body in enumerate(sorted(set(re.findall(r"X509Certificate>([^<]+)<", metadata)))):
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:
            pem.write("-----BEGIN CERTIFICATE-----\n")
            pem.write("\n".join(textwrap.wrap("".join(body.split()), 64)))
            pem.write("\n-----END CERTIFICATE-----\n")
            pem.flush()
            for check in check_certificate(pem.name, "public"):
                bad = check["result"] != "success"
                verdicts.append([f"certificate {number}: {check['description']} ({check['value']})"] if bad else [])
    return verdicts


def judged(name: str, results: dict) -> tuple[int, int, int]:
    """How many checks passed, how many failed, and how many were of answers."""
    passed, failed, answers = 0, 0, 0
    for category, groups in results.items():
        for checks in groups.values():
            if category == "response":
                answers = len(checks)
            for check in checks:
                if check["result"] == "failure":
                    failed += 1
                    print(f"FAILED {name} {category}: {check['test']} ({str(check['value'])[:300]}) [{check['method']}]")
                else:
                    passed += 1
                    if check["result"] == "warning":
                        print(f"warning {name} {category}: {check['test']} ({str(check['value'])[:200]})")
    return passed, failed, answers


def run(site: str, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    login = f"{site}/accesso/spid?" + urllib.parse.urlencode({"idp": PROVIDER})
    answered = ("--test-response", "--response-html-dumps", folder / "answers")
    results = checker(folder, "spid-sp-public", f"{site}/spid/metadata", login, *answered)
    passed, failed, answers = judged("spid", results)
    if answers != ANSWERS:
        failed += 1
        print(f"FAILED spid: {answers} answers were judged, not {ANSWERS}")
    # CIE's answers the checker has not; its metadata are judged in every variant by variants.py
    (folder / "cie").mkdir(exist_ok=True)
    cie = checker(folder / "cie", "cie-sp-public", f"{site}/cie/metadata", f"{site}/accesso/cie")
    more = judged("cie", cie)
    passed, failed = passed + more[0], failed + more[1]
    reached = {"spid": (results, ("metadata_extra", "authnrequest_extra", "response")), "cie": (cie, ("authnrequest_extra",))}
    for name, (found, wanted) in reached.items():
        for expected in wanted:
            if expected not in found:
                failed += 1
                print(f"FAILED {name}: the checker did not reach {expected}; see {folder}")
    metadata = requests.get(f"{site}/spid/metadata", timeout=20).text
    for problems in [schema(metadata, name) for name in SCHEMAS] + certificates(metadata):
        passed, failed = (passed, failed + 1) if problems else (passed + 1, failed)
        for problem in problems:
            print(f"FAILED spid {problem}")
    print(f"checks: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["provider"]:
            raise SystemExit(provider())
        case ["run", site, folder]:
            raise SystemExit(run(site, Path(folder)))
    raise SystemExit(__doc__)
