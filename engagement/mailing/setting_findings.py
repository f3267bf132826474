"""What can be said of sending from this program's own settings, without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engagement.kernel.bilingual import Text
from engagement.mailing.domain_findings import Finding, Grade, not_found_out

if TYPE_CHECKING:
    from config import Settings

OPT_OUT = Text("Address of the links and of the one-click unsubscribe", "Adresse des liens et du désabonnement en un clic")
PLUS = Text("Addresses with a plus", "Adresses avec un plus")


def setting_findings(chosen: Settings) -> list[Finding]:
    """Return what the settings alone say."""
    domain = chosen.mail_default_sender.rpartition("@")[2]
    return [_links(chosen), _plus(chosen, domain)]


def _links(chosen: Settings) -> Finding:
    parts = urlsplit(chosen.base_url)
    if parts.scheme != "https":
        said = Text(
            "BASE_URL does not begin with https://: mail programs offer no one-click unsubscribe, and large receivers ask for one.",
            "BASE_URL ne commence pas par https://\u00a0: les logiciels de courriel n’offrent pas le désabonnement en un clic, que "
            "les grands "
            "destinataires exigent.",
        )
        return Finding(OPT_OUT, Grade.TO_SET, said)
    said = Text("{host}, by https, as RFC 8058 asks.", "{host}, en https, comme le demande la RFC 8058.")
    return Finding(OPT_OUT, Grade.FINE, said.format(host=parts.hostname or ""))


def _plus(chosen: Settings, domain: str) -> Finding:
    if chosen.mail_one_mailbox:
        said = Text(
            "MAIL_ONE_MAILBOX is on: everything comes back to {address}, and no addresses with a plus are used.",
            "MAIL_ONE_MAILBOX est activé\u00a0: tout revient à {address}, et aucune adresse avec un plus ne sert.",
        )
        return Finding(PLUS, Grade.FINE, said.format(address=chosen.mail_default_sender))
    why = Text(
        "send a mail to bounces+test@{domain} and one to replies+test@{domain}. If they do not arrive in the mailbox, have the mail system "
        "deliver bounces+…, replies+… and unsubscribe+… there, or set MAIL_ONE_MAILBOX.",
        "envoyez un courriel à bounces+test@{domain} et un autre à replies+test@{domain}. S’ils n’arrivent pas dans la boîte, "
        "faites-y livrer "
        "bounces+…, replies+… et unsubscribe+…, ou activez MAIL_ONE_MAILBOX.",
    )
    return not_found_out(PLUS, why.format(domain=domain))
