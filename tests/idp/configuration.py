"""What makes pysaml2 a SPID identity provider: its keys, its settings, and the terms of an assertion."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from citizens import ATTRIBUTES
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, time_util
from saml2.assertion import Policy
from saml2.attribute_converter import AttributeConverter
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAME_FORMAT_BASIC, NAMEID_FORMAT_TRANSIENT, Conditions
from saml2.sigver import get_xmlsec_binary
from saml2.xmldsig import DIGEST_SHA1, DIGEST_SHA256, SIG_RSA_SHA1, SIG_RSA_SHA256

NAME = "Gestore Indipendente"
BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST}


@dataclass(frozen=True)
class Answer:
    """How to answer a request; the defaults are the right answer."""

    level: int = 2
    sign_assertion: bool = True
    sign_response: bool = False
    sha1: bool = False
    audience: str | None = None
    conditions_minutes: int = 5
    confirmation_minutes: int = 5
    consumer: str | None = None
    in_response_to: str | None = None

    def algorithms(self) -> dict[str, str]:
        if self.sha1:
            return {"sign_alg": SIG_RSA_SHA1, "digest_alg": DIGEST_SHA1}
        return {"sign_alg": SIG_RSA_SHA256, "digest_alg": DIGEST_SHA256}

    def __str__(self) -> str:
        return "both signed" if self.sign_response else "assertion signed"


class Terms(Policy):
    """For how long an assertion holds, for whom, and what it says."""

    def __init__(self, answer: Answer, metadata: object, attribute_set: str) -> None:
        super().__init__({"default": {"name_form": NAME_FORMAT_BASIC}}, mds=metadata)
        self.answer, self.attribute_set = answer, attribute_set

    def restrict(self, ava: dict, sp_entity_id: str, metadata: object = None) -> dict:
        """What the set that the request names asks for (SPID-A5): pysaml2 takes all sets of the metadata together."""
        wanted = self.metadata_store.attribute_requirement(sp_entity_id, self.attribute_set)
        return self.filter(ava, sp_entity_id, required=wanted["required"], optional=wanted["optional"])

    def not_on_or_after(self, _: str) -> str:
        return time_util.in_a_while(minutes=self.answer.confirmation_minutes)

    def conditions(self, sp_entity_id: str) -> Conditions:
        conditions = super().conditions(self.answer.audience or sp_entity_id)
        conditions.not_before = time_util.a_while_ago(minutes=10)
        conditions.not_on_or_after = time_util.in_a_while(minutes=self.answer.conditions_minutes)
        return conditions


def make_key(folder: Path) -> None:
    """A key and its certificate."""
    folder.mkdir(parents=True)
    command = ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha256", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def configuration(base: str, key: Path, site: Path | None) -> IdPConfig:
    config = IdPConfig().load(
        {
            "entityid": f"{base}/metadata",
            "xmlsec_binary": get_xmlsec_binary(["/usr/bin"]),
            "key_file": str(key / "key.pem"),
            "cert_file": str(key / "certificate.pem"),
            "metadata": {"local": [str(site)]} if site else {},
            "organization": {"name": [(NAME, "it")], "display_name": [(NAME, "it")], "url": [(base, "it")]},
            "service": {
                "idp": {
                    # only here: pysaml2 reads them at the top, where its manual has them, and then signs with SHA-1
                    "signing_algorithm": SIG_RSA_SHA256,
                    "digest_algorithm": DIGEST_SHA256,
                    "want_authn_requests_signed": True,
                    "name_id_format": [NAMEID_FORMAT_TRANSIENT],
                    "endpoints": {
                        "single_sign_on_service": [(f"{base}/sso", binding) for binding in BINDINGS.values()],
                        "single_logout_service": [(f"{base}/slo", binding) for binding in BINDINGS.values()],
                    },
                }
            },
        }
    )
    names = AttributeConverter(NAME_FORMAT_BASIC)
    names.from_dict({"identifier": NAME_FORMAT_BASIC, "to": {name: name for name in ATTRIBUTES}})
    config.attribute_converters = [names]
    return config


def metadata(base: str, key: Path) -> str:
    return str(entity_descriptor(configuration(base, key, None)))
