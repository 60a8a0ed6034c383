"""Judges the metadata of every variant, as the program writes them: for a public body, each role of Avviso 19, eIDAS, CIE.

variants.py PROGRAM FOLDER     writes the settings and the metadata below FOLDER

Three opinions beside the program's own: AgID's checker by its profile of the variant (SPID-M1 to M11, SPID-X2,
SPID-C2 to C4), the certificate profile (SPID-K2, SPID-K3), and xmllint by every schema that comes with the checker and
is meant for the variant (SPID-M12, SPID-N2). Each schema must also refuse a document with one thing wrong: a schema that takes
everything proves nothing.
"""

import logging
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import spid_sp_test

warnings.simplefilter("ignore")
from check import certificates  # noqa: E402
from spid_sp_test.metadata_extra import SpidSpMetadataCheckExtra  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path(spid_sp_test.__file__).parent / "xsd"
SPID = ("saml-schema-metadata-sp-spid.xsd", "saml-schema-metadata-sp-spid-av29.xsd")
CIE = ("cie/saml-schema-metadata-sp-cie.xsd",)
ENTITY = 'entity_id = "https://fascicolo.regione.example"'


def role(name: str, code: str) -> list[tuple[str, str]]:
    """What a role changes in the example's settings (SPID-M11)."""
    changes = [('role = "aggregator-light"', f'role = "{name}"'), (ENTITY, f'{ENTITY[:-1]}/{code}/r_esempi"')]
    if name.endswith("light"):
        changes.append(("role = ", 'validation_certificate = "secrets/spid.pem"\nrole = '))
    if name.startswith("operator"):
        changes.append(('\norganization = "Regione Esempio"', '\norganization = "Informatica Esempio S.p.A."'))
    return changes


# name, the checker's profile, command, sections of the settings, changes to them
VARIANTS = (
    ("body", "spid_sp_public", "spid", ["spid"], []),
    ("minors", "spid_sp_public", "spid", ["spid"], [("age_limit = false", "age_limit = true")]),
    ("rotating", "spid_sp_public", "spid", ["spid"], [("binding = ", 'next_certificate = "secrets/cie.pem"\nbinding = ')]),
    ("eidas", "ficep_eidas_sp", "spid", ["spid"], [("binding = ", 'eidas = "eidas.xml"\nbinding = ')]),
    ("eidas-public", "spid_sp_public", "spid", ["spid"], [("binding = ", 'eidas = "eidas.xml"\nbinding = ')]),
    *(
        (name, f"spid_sp_{code.replace('-', '_').replace('pub_ag', 'ag_public').replace('pub_op', 'op_public')}",
         "spid", ["spid", "aggregator"], role(name, code))
        for name, code in (
            ("aggregator-full", "pub-ag-full"), ("aggregator-light", "pub-ag-lite"),
            ("operator-full", "pub-op-full"), ("operator-light", "pub-op-lite"),
        )
    ),
    ("cie", "cie_sp_public", "cie", ["cie", "cie_saml"], []),
    ("cie-partner", "cie_sp_public", "cie", ["cie", "cie_saml", "cie_partner"], []),
)


def settings(folder: Path, sections: list[str], changes: list[tuple[str, str]]) -> str:
    """What `init` wrote, with sections of the example: all their keys but the optional ones that name files."""
    example = (ROOT / "config" / "example.toml").read_text()
    files = ("#", "registry", "next_certificate", "eidas", "validation_certificate", "provider")
    lines = (folder / "fascicolo.toml").read_text().splitlines()
    for name in sections:
        start = example.index(f"\n[{name}]\n") + 1
        lines += [line for line in example[start:example.find("\n[", start)].splitlines() if not line.startswith(files)]
    text = "\n".join(line for line in lines if line and not line.startswith("#")) + "\n"
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def fascicolo(program: str, *arguments: object) -> list[str]:
    """Runs the program; what it says when it refuses."""
    ran = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    return [] if ran.returncode == 0 else [f"{' '.join(map(str, arguments[2:4]))}: {ran.stderr.strip()}"]


class Checker(SpidSpMetadataCheckExtra):
    """AgID's, with one misspelt argument put right: its profile of light operators passes `org_check`, which the method
    calls `org_chk`, so that it ends there by a TypeError (of which its command line only logs a line)."""

    def test_Extensions_PubPriv(self, *arguments: object, org_check: bool | None = None, **named: object) -> object:
        if org_check is not None:
            named["org_chk"] = org_check
        return super().test_Extensions_PubPriv(*arguments, **named)


def checker(metadata: Path, profile: str) -> list[list[str]]:
    check = Checker(metadata_url=f"file://{metadata}")
    check.load()
    getattr(check, f"test_profile_{profile}")()
    verdicts = [verdict for groups in check.report_to_dict().values() for group in groups.values() for verdict in group]
    return [
        [f"{profile}: {v['test']} ({str(v['value'])[:200]})"] if v["result"] == "failure" else [] for v in verdicts
    ]


def xmllint(metadata: Path, name: str) -> list[str]:
    """What a schema refuses. What it would fetch from elsewhere comes from its folder."""
    schema = SCHEMAS / name
    command = ["xmllint", "--nonet", "--noout", "--path", schema.parent, "--schema", schema, metadata]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    # 3: the document is not valid; anything else is no opinion on it
    assert ran.returncode in (0, 3), ran.stderr
    return [f"schema {name}: {ran.stderr.strip()}"] if ran.returncode else []


def broken(metadata: Path, name: str) -> list[str]:
    """What a schema takes and must not."""
    text = metadata.read_text()
    changes = [('index="0" isDefault', 'index="zero" isDefault'), ("entityID=", "entity=")]
    if name.endswith("av29.xsd"):
        changes += [('contactType="other"', 'contactType="technical"'), ("<md:EmailAddress>", "<md:GivenName>Ada</md:GivenName><md:EmailAddress>")]
    if name in CIE:
        changes += [("<md:Company>Regione Esempio</md:Company>", ""), ('contactType="administrative"', 'contactType="other"')]
    taken = []
    for before, after in changes:
        assert before in text, before
        wrong = metadata.with_name("broken.xml")
        wrong.write_text(text.replace(before, after, 1))
        if not xmllint(wrong, name):
            taken.append(f"schema {name} takes {before} -> {after}")
    return taken


def main(program: str, folder: Path) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    verdicts: list[list[str]] = [fascicolo(program, "init", folder)]
    for name, _, _, sections, changes in VARIANTS:
        (folder / f"{name}.toml").write_text(settings(folder, sections, changes))
    for name, command in (("body", "spid"), ("cie", "cie")):
        verdicts.append(fascicolo(program, "--config", folder / f"{name}.toml", command, "init"))
    for name, profile, command, _, _ in VARIANTS:
        metadata = folder / f"{name}.xml"
        written = fascicolo(
            program, "--config", folder / f"{name}.toml", command, "metadata", "--schemas", SCHEMAS, "--output", metadata
        )
        judged = [written]
        if not written:
            names = CIE if command == "cie" else SPID
            judged += checker(metadata, profile) + certificates(metadata.read_text())
            judged += [xmllint(metadata, schema) for schema in names] + [broken(metadata, schema) for schema in names]
        verdicts += [[f"{name}: {problem}" for problem in problems] for problems in judged]
    failed = sum(1 for problems in verdicts if problems)
    for problems in verdicts:
        for problem in problems:
            print(f"FAILED spid {problem}")
    print(f"checks: {len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    logging.disable(logging.CRITICAL)
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2]).resolve()))
