"""A SPID identity provider made of pysaml2: it verifies what the site sends, and answers the way SPID prescribes.

Messages are verified with the keys of the site's published metadata alone. pysaml2 leaves parts of the profile to its
caller; what is checked by hand says so.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import parse_qsl

from citizens import Citizen
from configuration import BINDINGS, Answer, Terms, configuration
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, samlp
from saml2.s_utils import sid, success_status_factory
from saml2.saml import NAMEID_FORMAT_ENTITY, NAMEID_FORMAT_TRANSIENT, NameID
from saml2.server import Server
from saml2.sigver import extract_rsa_key_from_x509_cert, pem_format
from saml2.xmldsig import SIG_RSA_SHA1, SIG_RSA_SHA256

LEVEL = "https://www.spid.gov.it/SpidL"
ENTITY_DESCRIPTOR = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor"
STATE = "stato del gestore/1+1=2"


class Wrong(Exception):
    """What is wrong with the site's message."""


def hold(condition: object, what: str) -> None:
    if not condition:
        raise Wrong(what)


@dataclass(frozen=True)
class KeptSession:
    """What both sides know of a login."""

    name_id: NameID
    index: str


class Provider:
    def __init__(self, base: str, key: Path, site: Path) -> None:
        self.base = base
        self.idp = Server(config=configuration(base, key, site))
        self.entity_id = self.idp.config.entityid
        (self.site,) = self.idp.metadata.keys()
        self.certificates = [body for _, body in self.idp.metadata.certs(self.site, "spsso", "signing")]

    def verify_metadata(self, text: str, folder: Path) -> None:
        """The signature on the site's metadata, by the key published in it (SPID-M2)."""
        certificate = folder / "site.pem"
        certificate.write_bytes(pem_format(self.certificates[0]))
        node = re.search(r'\bID="([^"]+)"', text)
        verified = self.idp.sec.verify_signature(text, str(certificate), node_name=ENTITY_DESCRIPTOR, node_id=node and node[1])
        hold(verified, "signature of the metadata")

    # --- login

    def read_login(self, binding: str, query: str) -> tuple[samlp.AuthnRequest, str]:
        """The site's request, verified (SPID-A1 to A10), and its relay state."""
        fields = dict(parse_qsl(query, strict_parsing=True))
        message = self.idp.parse_authn_request(fields["SAMLRequest"], binding, *self._signature(binding, fields)).message
        self._head(message, binding, f"{self.base}/sso")
        hold(message.force_authn == "true" and message.is_passive is None, "ForceAuthn")
        hold(message.assertion_consumer_service_index == "0" and message.assertion_consumer_service_url is None, "consumer")
        hold(message.attribute_consuming_service_index == "0", "attribute set")
        policy = message.name_id_policy
        hold(policy.format == NAMEID_FORMAT_TRANSIENT and policy.allow_create is None, "NameIDPolicy")
        hold(message.subject is None and message.scoping is None, "Subject or Scoping")
        (level,) = message.requested_authn_context.authn_context_class_ref
        hold(level.text == f"{LEVEL}2" and message.requested_authn_context.comparison == "minimum", "level")
        return message, self._relay_state(fields)

    def answer(self, request: samlp.AuthnRequest, citizen: Citizen, how: Answer = Answer()) -> tuple[str, str, KeptSession]:
        """Where the Response goes, the Response, and the session that it opens here."""
        consumer = how.consumer or self._consumer(request)
        name_id = NameID(format=NAMEID_FORMAT_TRANSIENT, name_qualifier=self.entity_id, text=sid())
        response = str(
            self.idp.create_authn_response(
                citizen.claims(),
                how.in_response_to or request.id,
                consumer,
                request.issuer.text,
                name_id=name_id,
                authn={"class_ref": f"{LEVEL}{how.level}"},
                sign_assertion=how.sign_assertion,
                sign_response=how.sign_response,
                release_policy=Terms(how, self.idp.metadata, request.attribute_consuming_service_index),
                **how.algorithms(),
            )
        )
        (assertion,) = samlp.response_from_string(response).assertion
        (statement,) = assertion.authn_statement
        return consumer, response, KeptSession(name_id, statement.session_index)

    def anomaly(self, request: samlp.AuthnRequest, number: int) -> tuple[str, str]:
        """An error of SPID's table (SPID-E)."""
        consumer = self._consumer(request)
        cause = (samlp.STATUS_AUTHN_FAILED, f"ErrorCode nr{number:02}")
        return consumer, str(self.idp.create_error_response(request.id, consumer, cause, sign=True))

    def _consumer(self, request: samlp.AuthnRequest) -> str:
        """The address that the request names by its index."""
        return self.idp.pick_binding("assertion_consumer_service", [BINDING_HTTP_POST], "spsso", request=request)[1]

    # --- logout

    def read_logout_request(self, binding: str, query: str, session: KeptSession) -> tuple[samlp.LogoutRequest, str]:
        """The site's request, verified (SPID-O2), and its relay state."""
        fields = dict(parse_qsl(query, strict_parsing=True))
        message = self.idp.parse_logout_request(fields["SAMLRequest"], binding, *self._signature(binding, fields)).message
        self._head(message, binding, f"{self.base}/slo")
        for part in ("format", "name_qualifier", "text"):
            hold(getattr(message.name_id, part) == getattr(session.name_id, part), f"{part} of the NameID")
        hold([index.text for index in message.session_index] == [session.index], "SessionIndex")
        return message, self._relay_state(fields)

    def logout_response(self, how: str, request: samlp.LogoutRequest, state: str, partial: bool = False) -> dict:
        status = success_status_factory()
        if partial:
            inner = samlp.StatusCode(value=samlp.STATUS_PARTIAL_LOGOUT)
            status = samlp.Status(status_code=samlp.StatusCode(value=samlp.STATUS_REQUESTER, status_code=inner))
        response = self.idp.create_logout_response(request, [BINDINGS[how]], status=status, sign=how == "post")
        return self.idp.apply_binding(BINDINGS[how], str(response), self._logout_place(how), state, response=True, sign=True)

    def logout_request(self, how: str, session: KeptSession, sign: bool = True, sha1: bool = False) -> tuple[str, dict]:
        """A request to end a session: its ID, and what carries it."""
        place = self._logout_place(how)
        about = {"name_id": session.name_id, "session_indexes": [session.index]}
        algorithms = Answer(sha1=sha1).algorithms()
        request_id, request = self.idp.create_logout_request(place, self.site, **about, sign=sign and how == "post", **algorithms)
        algorithm = SIG_RSA_SHA1 if sha1 else SIG_RSA_SHA256
        return request_id, self.idp.apply_binding(BINDINGS[how], str(request), place, STATE, sign=sign, sigalg=algorithm)

    def read_logout_response(self, binding: str, query: str, request_id: str) -> str:
        """The site's answer to our request, verified (SPID-O4); returns our relay state.

        pysaml2 takes a LogoutResponse without a signature, never looks at that of a query, and drops its own verdict on
        Destination and InResponseTo: all are checked here. Its helper for queries encodes the values anew before it
        verifies, and so refuses a blank written as %20; the values as received count (SAML bindings 3.4.4.1).
        """
        fields = dict(parse_qsl(query, strict_parsing=True))
        received = self.idp.parse_logout_request_response(fields["SAMLResponse"], binding)
        if binding == BINDING_HTTP_REDIRECT:
            hold(list(fields) == ["SAMLResponse", "RelayState", "SigAlg", "Signature"], f"query of {list(fields)}")
            hold(fields["SigAlg"] == SIG_RSA_SHA256, "SigAlg")
            hold(self._signed(query.rpartition("&Signature=")[0], fields["Signature"]), "signature of the query")
        else:
            text = base64.b64decode(fields["SAMLResponse"], validate=True).decode()
            self.idp.sec.correctly_signed_logout_response(text, must=True)
        self._head(received.response, binding, f"{self.base}/slo")
        hold(received.status_ok(), "status")
        hold(received.response.in_response_to == request_id, "InResponseTo")
        return fields["RelayState"]

    def _signed(self, text: str, signature: str) -> bool:
        keys = [extract_rsa_key_from_x509_cert(pem_format(body)) for body in self.certificates]
        signer, value = self.idp.sec.sec_backend.get_signer(SIG_RSA_SHA256), base64.b64decode(signature, validate=True)
        return any(signer.verify(text.encode(), value, key) for key in keys)

    def _logout_place(self, how: str) -> str:
        return self.idp.pick_binding("single_logout_service", [BINDINGS[how]], "spsso", entity_id=self.site)[1]

    # --- what all messages share

    def _head(self, message: object, binding: str, place: str) -> None:
        """pysaml2 lets pass an Issuer of any shape, no Destination, and a message of yesterday; SPID does not."""
        issuer = message.issuer
        hold(issuer.text == self.site == issuer.name_qualifier and issuer.format == NAMEID_FORMAT_ENTITY, "Issuer")
        hold(message.destination == place, "Destination")
        issued = datetime.fromisoformat(message.issue_instant.replace("Z", "+00:00"))
        hold(abs((datetime.now(timezone.utc) - issued).total_seconds()) < 60, "IssueInstant")
        hold((message.signature is None) == (binding == BINDING_HTTP_REDIRECT), "place of the signature")

    @staticmethod
    def _signature(binding: str, fields: dict[str, str]) -> tuple[str, ...]:
        """What a signed query says beside its message (SPID-A9)."""
        if binding != BINDING_HTTP_REDIRECT:
            return ()
        hold(list(fields) == ["SAMLRequest", "RelayState", "SigAlg", "Signature"], f"query of {list(fields)}")
        hold(fields["SigAlg"] == SIG_RSA_SHA256, "SigAlg")
        return fields["RelayState"], fields["SigAlg"], fields["Signature"]

    @staticmethod
    def _relay_state(fields: dict[str, str]) -> str:
        state = fields["RelayState"]
        hold(0 < len(state.encode()) <= 80 and "http" not in state.lower(), "RelayState")
        return state
