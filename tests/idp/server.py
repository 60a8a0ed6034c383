"""The provider's own site, over HTTP on this machine: what a browser gets that is sent there."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from configuration import BINDINGS
from provider import KeptSession, Provider
from saml2 import samlp
from saml2.pack import http_form_post_message

LARGEST = 512 * 1024


class ProviderSite:
    """What it does with the next message is set from outside; what came, and was verified, is left in `seen`."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.answer: Callable[[samlp.AuthnRequest], tuple[str, str]] | None = None
        self.reply: Callable[[samlp.LogoutRequest, str], dict] | None = None
        self.session: KeptSession | None = None
        self.outgoing: tuple[str, dict] | None = None
        self.seen: list[str] = []
        address = urlsplit(provider.base)
        self.http = ThreadingHTTPServer((address.hostname, address.port), type("Bound", (_Handler,), {"site": self}))
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def page(self, path: str, how: str, query: str) -> dict:
        binding, asks = BINDINGS[how], "SAMLRequest" in parse_qs(query)
        if path == "/sso":
            request, state = self.provider.read_login(binding, query)
            self.seen.append(f"login by {how}")
            return http_form_post_message(*reversed(self.answer(request)), state, "SAMLResponse")
        if path == "/slo" and asks:
            request, state = self.provider.read_logout_request(binding, query, self.session)
            self.seen.append(f"logout request by {how}")
            return self.reply(request, state)
        if path == "/slo":
            state = self.provider.read_logout_response(binding, query, self.outgoing[0])
            self.seen.append(f"logout response by {how}, {state}")
            return {"status": 200, "headers": [], "data": "sessione chiusa"}
        if path == "/fine":
            return self.outgoing[1]
        return {"status": 404, "headers": [], "data": "niente"}


class _Handler(BaseHTTPRequestHandler):
    site: ProviderSite
    timeout = 30

    def do_GET(self) -> None:
        self.take("redirect", urlsplit(self.path).query)

    def do_POST(self) -> None:
        length = min(int(self.headers.get("content-length", "0")), LARGEST)
        self.take("post", self.rfile.read(length).decode())

    def take(self, how: str, query: str) -> None:
        try:
            info = self.site.page(urlsplit(self.path).path, how, query)
        except Exception as error:  # noqa: BLE001
            info = {"status": 400, "headers": [], "data": f"rifiutato: {type(error).__name__}: {error}"}
        body = info["data"].encode() if info["data"] else b""
        self.send_response(info["status"])
        for name, value in [*info["headers"], ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent: what matters is in `seen`."""
