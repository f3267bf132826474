"""Asking the DNS and our mail server what others see of our sending, within a few seconds.

Nothing is stored and no mail is sent. Each check ends by itself; one that takes too long says
so, and the others are shown.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLongError
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.exception
import dns.name
import dns.resolver

from engagement.kernel.bilingual import Text
from engagement.mailing import domain_findings as says
from engagement.mailing.domain_findings import Finding, Grade, not_found_out
from engagement.mailing.domain_rules import DmarcFault, exchange_of, is_public, parents_of, read_dmarc, read_key, reverse_name
from engagement.mailing.imap_line import NO_TOKEN, MailboxDownError, address_of, look_in
from engagement.mailing.setting_findings import setting_findings
from engagement.mailing.spf import Result, SpfError, count_lookups, evaluate, spf_record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from config import Settings

SECONDS = 10.0
SECONDS_A_QUESTION = 2.0
SECONDS_FOR_SERVER = 4.0
# An address that is for documentation only, so that no record lets it send but one that lets everybody.
STRANGER = "192.0.2.1"
TLS = Text("Encryption on the way to our mail server (TLS)", "Chiffrement jusqu’à notre serveur de courriel (TLS)")
_NO_ANSWER = Text("the DNS does not answer for {name}.", "le DNS ne répond pas pour {name}.")
_TOO_LONG = Text("it took too long. Try again.", "cela a pris trop de temps. Réessayez.")


class NoAnswerError(Exception):
    """The DNS gave no answer for a name: that it has none is not known."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        super().__init__(name)
        self.name = name


class Resolver:
    """The DNS, asked until a moment and no longer. "No such name" is an answer, a silence is NoAnswerError."""

    def __init__(self, server: tuple[str, int] | None, until: float) -> None:
        """Ask ``server``, or those of this machine; ``until`` is of the monotonic clock."""
        self._until = until
        self._resolver = dns.resolver.Resolver(configure=server is None)
        if server is not None:
            self._resolver.nameservers, self._resolver.port = [server[0]], server[1]
        self._resolver.search = []

    def _ask(self, name: str, kind: str) -> list[str]:
        left = min(SECONDS_A_QUESTION, self._until - time.monotonic())
        if left <= 0:
            raise NoAnswerError(name)
        try:
            found = self._resolver.resolve(name.rstrip(".") + ".", kind, lifetime=left)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.EmptyLabel, dns.name.LabelTooLong, dns.name.NameTooLong):
            # With a part that is empty or too long it is no name: there is none such.
            return []
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise NoAnswerError(name) from error
        return [row.to_text() if kind != "TXT" else b"".join(row.strings).decode("utf-8", "replace") for row in found]

    def txt(self, name: str) -> Sequence[str]:
        """Return the text records of a name, each joined from its pieces."""
        return self._ask(name, "TXT")

    def addresses(self, name: str) -> Sequence[str]:
        """Return the addresses of a name; one that is an address already is its own."""
        try:
            socket.getaddrinfo(name, None, flags=socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            return [*self._ask(name, "A"), *self._ask(name, "AAAA")]
        return [name]

    def exchangers(self, name: str) -> Sequence[tuple[int, str]]:
        """Return the mail exchangers of a name, the preferred first."""
        rows = (row.split(" ", 1) for row in self._ask(name, "MX"))
        return sorted((int(preference), exchanger) for preference, exchanger in rows)

    def names_of(self, address: str) -> Sequence[str]:
        """Return what the owner of an address says it is called."""
        return self._ask(reverse_name(address), "PTR")


@dataclass(frozen=True, slots=True)
class Sending:
    """What is checked: whose mail it is, and who hands it on."""

    domain: str
    server: str
    port: int
    use_tls: bool
    use_ssl: bool
    selector: str
    ca_file: str | None = None
    imap_url: str = ""
    # Where an access token is given, for a mailbox without a password.
    tokens: Settings | None = None


def check_sending(chosen: Settings, seconds: float = SECONDS) -> list[Finding]:
    """Return what can be found out of our sending from here; at most about ``seconds`` pass."""
    until = time.monotonic() + seconds
    resolver = Resolver(chosen.mail_dns_resolver, until)
    sending = Sending(
        domain=chosen.mail_default_sender.rpartition("@")[2].lower(),
        server=chosen.mail_server,
        port=chosen.mail_port,
        use_tls=chosen.mail_use_tls,
        use_ssl=chosen.mail_use_ssl,
        selector=chosen.mail_dkim_selector,
        ca_file=chosen.mail_ca_file,
        imap_url=chosen.imap_url or "",
        tokens=chosen,
    )
    asked: list[tuple[Text, Callable[[Sending, Resolver], Finding]]] = [
        (says.SPF, check_spf),
        (says.DKIM, check_dkim),
        (says.DMARC, check_dmarc),
        (says.EXCHANGE, check_exchange),
        (says.REVERSE, check_reverse),
        (TLS, check_tls),
        (says.BOUNCES, check_mailbox),
    ]
    # Not a "with" block: that would wait for a thread which hangs in a look-up of the system.
    threads = ThreadPoolExecutor(len(asked))
    running = [(title, threads.submit(check, sending, resolver)) for title, check in asked]
    found = []
    for title, future in running:
        try:
            found.append(future.result(max(0.0, until - time.monotonic())))
        except NoAnswerError as error:
            found.append(not_found_out(title, _NO_ANSWER.format(name=error.name)))
        except TookTooLongError:
            found.append(not_found_out(title, _TOO_LONG))
    threads.shutdown(wait=False, cancel_futures=True)
    return [*found, *setting_findings(chosen)]


def _public_addresses(sending: Sending, resolver: Resolver) -> list[str]:
    return [address for address in resolver.addresses(sending.server) if is_public(address)]


def check_spf(sending: Sending, resolver: Resolver) -> Finding:
    """Read the record of the domain, count its look-ups, and ask it about each public address of our server."""
    servers = _public_addresses(sending, resolver)
    try:
        record = spf_record(resolver.txt(sending.domain))
        if record is None:
            none = dict.fromkeys(servers, Result.NONE)
            return says.spf_finding(sending.domain, None, 0, none, sending.server)
        lookups = count_lookups(sending.domain, resolver)
        # With nobody to ask about, a stranger is: whether the whole record can be used shows all the same.
        outcomes = {address: evaluate(address, sending.domain, resolver) for address in servers or [STRANGER]}
    except SpfError as error:
        return says.spf_fault(sending.domain, error, servers, sending.server)
    results = {address: outcomes[address].result for address in servers}
    certain = all(outcome.certain for outcome in outcomes.values())
    return says.spf_finding(sending.domain, record, lookups, results, sending.server, certain=certain)


def check_dkim(sending: Sending, resolver: Resolver) -> Finding:
    """Read the key under our selector."""
    if not sending.selector:
        return says.no_selector()
    name = f"{sending.selector}._domainkey.{sending.domain}"
    return says.dkim_finding(sending.domain, sending.selector, read_key(resolver.txt(name)))


def check_dmarc(sending: Sending, resolver: Resolver) -> Finding:
    """Read the policy of the domain, else of one above it."""
    for where in parents_of(sending.domain):
        read = read_dmarc(resolver.txt(f"_dmarc.{where}"))
        if read is not DmarcFault.MISSING:
            return says.dmarc_finding(sending.domain, where, read)
    return says.dmarc_finding(sending.domain, sending.domain, DmarcFault.MISSING)


def check_exchange(sending: Sending, resolver: Resolver) -> Finding:
    """Ask where mail to the domain goes: its bounces and replies."""
    exchangers = resolver.exchangers(sending.domain)
    return says.exchange_finding(sending.domain, exchange_of(exchangers, () if exchangers else resolver.addresses(sending.domain)))


def check_reverse(sending: Sending, resolver: Resolver) -> Finding:
    """Ask whether each public address of our server has a name that leads back to it."""
    addresses = _public_addresses(sending, resolver)
    unnamed = []
    for address in addresses:
        names = resolver.names_of(address)
        if not any(address in resolver.addresses(name) for name in names[:5]):
            unnamed.append((address, reverse_name(address)))
    return says.reverse_finding(sending.server, addresses, unnamed)


def check_tls(sending: Sending, resolver: Resolver) -> Finding:  # noqa: ARG001 - one shape for all checks.
    """Call our mail server and see whether it takes mail encrypted, under a certificate that holds for its name."""
    try:
        offered = _call(sending)
    except ssl.SSLCertVerificationError as error:
        said = Text(
            "The certificate of {server} does not hold ({why}): nothing is sent to it. It needs one for that name.",
            "Le certificat de {server} n’est pas valide ({why})\u00a0: rien ne lui est envoyé. Il en faut un à ce nom.",
        )
        return Finding(TLS, Grade.TO_SET, said.format(server=sending.server, why=error.verify_message))
    except (OSError, UnicodeError, smtplib.SMTPException) as error:
        why = Text("{server} cannot be reached ({kind}).", "{server} est injoignable ({kind}).")
        return not_found_out(TLS, why.format(server=f"{sending.server}:{sending.port}", kind=type(error).__name__))
    return _tls_finding(sending, offered=offered)


def _call(sending: Sending) -> bool:
    """Return whether the server offers encryption; where it does, it was used and its certificate held."""
    context = ssl.create_default_context(cafile=sending.ca_file)
    if sending.use_ssl:
        with smtplib.SMTP_SSL(sending.server, sending.port, timeout=SECONDS_FOR_SERVER, context=context) as host:
            host.ehlo()
            return True
    with smtplib.SMTP(sending.server, sending.port, timeout=SECONDS_FOR_SERVER) as host:
        host.ehlo()
        if not host.has_extn("starttls"):
            return False
        if sending.use_tls:
            host.starttls(context=context)
            host.ehlo()
        return True


def _tls_finding(sending: Sending, *, offered: bool) -> Finding:
    if sending.use_ssl or (sending.use_tls and offered):
        return Finding(TLS, Grade.FINE, Text("Encrypted, and the certificate holds.", "Chiffré, et le certificat est valide."))
    if sending.use_tls:
        said = Text(
            "The server offers no STARTTLS, and MAIL_USE_TLS asks for it.", "Le serveur n’offre pas STARTTLS, que MAIL_USE_TLS exige."
        )
        return Finding(TLS, Grade.TO_SET, said)
    if sending.server in {"127.0.0.1", "::1", "localhost"}:
        return Finding(TLS, Grade.FINE, Text("The server is on this machine.", "Le serveur est sur cette machine."))
    said = Text(
        "Mail goes to the server unencrypted: set MAIL_USE_TLS.", "Les courriels lui parviennent en clair\u00a0: activez MAIL_USE_TLS."
    )
    return Finding(TLS, Grade.TO_SET, said)


def check_mailbox(sending: Sending, resolver: Resolver) -> Finding:  # noqa: ARG001 - one shape for all checks.
    """Sign in to the mailbox that replies and reports come to, and open its folder; nothing in it is looked at."""
    if not sending.imap_url:
        return says.no_mailbox()
    try:
        look_in(address_of(sending.imap_url, sending.ca_file, sending.tokens))
    except MailboxDownError as error:
        return says.no_token() if error.kind == NO_TOKEN else says.mailbox_finding(error.kind, refused=error.refused)
    return says.mailbox_finding()
