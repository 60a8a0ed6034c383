"""A small browser, strict where browsers are: which cookies it keeps and sends, and where a page's form may go."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from page import Form, Page

SECONDS = 30
HOPS = 8


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def same_site(one: str, other: str) -> bool:
    """Scheme and host: the hosts here are `localhost` and an address, so there is no registrable domain to find."""
    return (urlsplit(one).scheme, urlsplit(one).hostname) == (urlsplit(other).scheme, urlsplit(other).hostname)


@dataclass
class Cookie:
    value: str
    secure: bool
    same_site: str


class Browser:
    def __init__(self, authority: str) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = authority
        self.cookies: dict[tuple[str, str], Cookie] = {}

    def open(self, url: str, page: Page | None = None) -> Page:
        """Follows a link of `page`, or types the address."""
        return self._go("GET", urljoin(page.url, url) if page else url, None, page.url if page else None)

    def submit(self, page: Page, form: Form) -> Page:
        target = urljoin(page.url, form.action)
        allowed = re.search(r"form-action ([^;]*)", page.policy)
        if allowed and origin(target) not in allowed[1].replace("'self'", origin(page.url)).split():
            raise PermissionError(f"{page.url} may not post to {origin(target)}: {allowed[0]}")
        if form.method != "post":
            raise ValueError(f"a form by {form.method}")
        return self._go("POST", target, urlencode(form.fields), page.url)

    def has(self, name: str) -> bool:
        return any(known == name for _, known in self.cookies)

    def _go(self, method: str, url: str, body: str | None, initiator: str | None) -> Page:
        hops: list[tuple[int, str]] = []
        while len(hops) < HOPS:
            response = self._ask(method, url, body, initiator)
            hops.append((response.status_code, url))
            if response.status_code not in (301, 302, 303):
                return Page(response, hops)
            method, body, url = "GET", None, urljoin(url, response.headers["location"])
        raise RuntimeError(f"too many redirects: {hops}")

    def _ask(self, method: str, url: str, body: str | None, initiator: str | None) -> requests.Response:
        headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": self._relation(url, initiator)}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin(initiator or url)}
        cookies = self._cookies(method, url, initiator)
        if cookies:
            headers["Cookie"] = cookies
        self.http.cookies.clear()
        response = self.http.request(method, url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False)
        if "cookies" in response.headers.get("clear-site-data", ""):
            self.cookies = {key: cookie for key, cookie in self.cookies.items() if key[0] != urlsplit(url).hostname}
        for line in response.raw.headers.getlist("set-cookie"):
            self._keep(url, line)
        return response

    @staticmethod
    def _relation(url: str, initiator: str | None) -> str:
        if initiator is None:
            return "none"
        if origin(url) == origin(initiator):
            return "same-origin"
        return "same-site" if same_site(url, initiator) else "cross-site"

    def _cookies(self, method: str, url: str, initiator: str | None) -> str:
        crossing = initiator is not None and not same_site(url, initiator)
        sent = []
        for (host, name), cookie in self.cookies.items():
            ours = host == urlsplit(url).hostname and (url.startswith("https:") or not cookie.secure)
            kept_back = cookie.same_site == "strict" or (cookie.same_site == "lax" and method != "GET")
            if ours and not (crossing and kept_back):
                sent.append(f"{name}={cookie.value}")
        return "; ".join(sent)

    def _keep(self, url: str, line: str) -> None:
        pair, *rest = [part.strip() for part in line.split(";")]
        name, value = pair.split("=", 1)
        about = {key.lower(): content for key, _, content in (part.partition("=") for part in rest)}
        secure = "secure" in about and url.startswith("https:")
        kind = about.get("samesite", "lax").lower()
        host_alone = secure and about.get("path") == "/" and "domain" not in about
        if (name.startswith("__Host-") and not host_alone) or (kind == "none" and not secure):
            return
        key = (urlsplit(url).hostname or "", name)
        if about.get("max-age") == "0":
            self.cookies.pop(key, None)
        else:
            self.cookies[key] = Cookie(value, secure, kind)
