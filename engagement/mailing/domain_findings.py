"""What comes of each check of the sending domain, in words for whoever looks after mail: fine, to be set, or not to be known.

Pure. Where something is to be set, the exact record to publish stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engagement.kernel.bilingual import Text
from engagement.mailing.domain_rules import Dmarc, DmarcFault, Exchange, Key, KeyFault
from engagement.mailing.spf import MOST_LOOKUPS, Result, SpfError, parse_spf, strictness

if TYPE_CHECKING:
    from collections.abc import Sequence


class Grade(StrEnum):
    """How one check ends."""

    FINE = "fine"
    TO_SET = "to_set"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Record:
    """A record to publish in the DNS."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """How one check ended, what that means, and the record to publish where one is missing."""

    title: Text
    grade: Grade
    said: Text
    record: Record | None = None


SPF = Text("Who may send for the domain (SPF)", "Qui peut envoyer au nom du domaine (SPF)")
DKIM = Text("Signature (DKIM)", "Signature (DKIM)")
DMARC = Text("What receivers do with forged mail (DMARC)", "Ce que les destinataires font des courriels falsifiés (DMARC)")
EXCHANGE = Text("Where mail comes back to (MX)", "Où reviennent les courriels (MX)")
REVERSE = Text("Name of the sending server (reverse DNS)", "Nom du serveur d’envoi (DNS inverse)")
BOUNCES = Text("Mailbox for what comes back (IMAP)", "Boîte pour ce qui revient (IMAP)")


def not_found_out(title: Text, why: Text) -> Finding:
    """Return the finding of a check that came to nothing."""
    return Finding(
        title, Grade.UNKNOWN, Text(f"Could not be found out from here: {why.en}", f"Impossible à déterminer d’ici\u00a0: {why.fr}")
    )


def _spf_for(domain: str, servers: Sequence[str], mail_server: str) -> Record:
    own = [f"ip{'6' if ':' in each else '4'}:{each}" for each in servers]
    if not own:
        # A server inside has another address outside, which only its administrator knows.
        own = ["ip4:…" if mail_server == "localhost" or _is_address(mail_server) else f"a:{mail_server}"]
    return Record(domain, "TXT", f"v=spf1 {' '.join(own)} -all")


def _is_address(server: str) -> bool:
    return ":" in server or server.replace(".", "").isdigit()


def spf_fault(domain: str, error: SpfError, servers: Sequence[str], mail_server: str) -> Finding:
    """Return the finding where the record cannot be used by any receiver."""
    said = {
        "several": Text(
            "{about} records begin with v=spf1, so that none of them counts. Publish one that joins them.",
            "{about} enregistrements commencent par v=spf1, de sorte qu’aucun ne compte. Publiez-en un seul qui les réunit.",
        ),
        "syntax": Text(
            "The term “{about}” cannot be read, so that the whole record does not count.",
            "Le terme «\u00a0{about}\u00a0» est illisible, de sorte que tout l’enregistrement ne compte pas.",
        ),
        "lookups": Text(
            "Receivers stop at ten look-ups, and the record needs more ({about}). Take out what no longer sends, or name addresses.",
            "Les destinataires s’arrêtent à dix recherches, et l’enregistrement en demande plus ({about}). "
            "Retirez ce qui n’envoie plus, ou nommez des adresses.",
        ),
        "void": Text(
            "More than two names in the record do not exist ({about}), so that it does not count. Take them out.",
            "Plus de deux noms de l’enregistrement n’existent pas ({about}), de sorte qu’il ne compte pas. Retirez-les.",
        ),
    }[error.kind]
    about = Text(*(side.replace("{about}", error.about) for side in (said.en, said.fr)))
    return Finding(SPF, Grade.TO_SET, about, _spf_for(domain, servers, mail_server))


def spf_finding(
    domain: str, record: str | None, lookups: int, results: dict[str, Result], mail_server: str, *, certain: bool = True
) -> Finding:
    """Return the finding on a record that can be read; ``results``: what it says of each public address of our server."""
    if record is None:
        said = Text("No record says who may send for {domain}.", "Aucun enregistrement ne dit qui peut envoyer au nom de {domain}.")
        return Finding(SPF, Grade.TO_SET, said.format(domain=domain), _spf_for(domain, list(results), mail_server))
    if lookups > MOST_LOOKUPS:
        return spf_fault(domain, SpfError("lookups", domain), list(results), mail_server)
    left_out = [address for address, result in results.items() if result is not Result.PASS]
    if left_out and certain:
        said = Text(
            "The record does not let {who} send, which is our mail server.",
            "L’enregistrement ne permet pas à {who}, notre serveur de courriel, d’envoyer.",
        )
        return Finding(SPF, Grade.TO_SET, said.format(who=", ".join(left_out)), _with(domain, record, left_out))
    if strictness(parse_spf(record)) in {"", "+", "?"}:
        said = Text(
            "The record does not say no to other senders: end it with -all.",
            "L’enregistrement ne dit pas non aux autres expéditeurs\u00a0: terminez-le par -all.",
        )
        return Finding(SPF, Grade.TO_SET, said, _with(domain, record, []))
    if not results or left_out:
        why = Text(
            "the record can be read, but not which address our mail server sends from. Ask whoever runs {server} whether it is covered.",
            "l’enregistrement est lisible, mais on ne voit pas de quelle adresse notre serveur envoie. "
            "Demandez à la personne qui gère {server} s’il est couvert.",
        )
        return not_found_out(SPF, why.format(server=mail_server))
    return Finding(
        SPF,
        Grade.FINE,
        Text(
            "The record covers our mail server ({n} of 10 look-ups).", "L’enregistrement couvre notre serveur ({n} recherches sur 10)."
        ).format(n=lookups),
    )


def _with(domain: str, record: str, servers: Sequence[str]) -> Record:
    kept = [word for word in record.split(" ")[1:] if word and word.lstrip("+?~-").lower() != "all"]
    own = [f"ip{'6' if ':' in each else '4'}:{each}" for each in servers]
    ends = "~all" if "~all" in record.lower().split(" ") else "-all"
    return Record(domain, "TXT", " ".join(["v=spf1", *own, *kept, ends]))


_KEY_SAYS = {
    KeyFault.MISSING: Text("There is no key under this selector.", "Il n’y a pas de clé sous ce sélecteur."),
    KeyFault.SEVERAL: Text("There is more than one record under this selector.", "Il y a plus d’un enregistrement sous ce sélecteur."),
    KeyFault.BROKEN: Text("The key cannot be read.", "La clé est illisible."),
    KeyFault.REVOKED: Text("The key was revoked: it is empty.", "La clé a été révoquée\u00a0: elle est vide."),
    KeyFault.TOO_SHORT: Text(
        "The key has fewer than 1,024 bits and does not count.", "La clé compte moins de 1\u00a0024 bits et ne compte pas."
    ),
    KeyFault.SHORT: Text(
        "The key has fewer than 2,048 bits: make a longer one.", "La clé compte moins de 2\u00a0048 bits\u00a0: faites-en une plus longue."
    ),
    KeyFault.TESTING: Text(
        "The key is marked as a test (t=y): take that out.", "La clé est marquée comme un essai (t=y)\u00a0: retirez-le."
    ),
    KeyFault.NOT_FOR_MAIL: Text("The key is not for mail (s=).", "La clé ne sert pas au courriel (s=)."),
}
_SIGN_ALL = Text(
    "The mail server must sign with it for {domain}, and cover the headers List-Unsubscribe and List-Unsubscribe-Post (RFC 8058).",
    "Le serveur doit signer avec elle au nom de {domain}, en-têtes List-Unsubscribe et List-Unsubscribe-Post compris (RFC 8058).",
)


def dkim_finding(domain: str, selector: str, read: Key | KeyFault) -> Finding:
    """Return the finding on the key under our selector. Whether the server signs is seen in a mail that arrived only."""
    sign = _SIGN_ALL.format(domain=domain)
    if isinstance(read, Key):
        fine = Text(f"There is a key ({read.kind}, {read.bits}).", f"Il y a une clé ({read.kind}, {read.bits}).")
        return Finding(DKIM, Grade.FINE, Text(f"{fine.en} {sign.en}", f"{fine.fr} {sign.fr}"))
    says = _KEY_SAYS[read]
    value = "v=DKIM1; k=rsa; p=…"
    return Finding(
        DKIM, Grade.TO_SET, Text(f"{says.en} {sign.en}", f"{says.fr} {sign.fr}"), Record(f"{selector}._domainkey.{domain}", "TXT", value)
    )


def no_selector() -> Finding:
    """Return the finding where nobody said under which name the server's key stands."""
    why = Text(
        "a key stands under the name that the mail server signs with, its selector. Set MAIL_DKIM_SELECTOR to it, then check again. "
        "In a mail that arrived, it is s= in the header DKIM-Signature.",
        "une clé se trouve sous le nom avec lequel le serveur signe, son sélecteur. Donnez-le dans MAIL_DKIM_SELECTOR, puis vérifiez de "
        "nouveau. Dans un courriel reçu, c’est s= dans l’en-tête DKIM-Signature.",
    )
    return not_found_out(DKIM, why)


def dmarc_finding(domain: str, where: str, read: Dmarc | DmarcFault) -> Finding:
    """Return the finding on the policy, which may stand above the domain (``where``)."""
    advised = Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=quarantine; rua=mailto:dmarc@{domain}")
    if isinstance(read, DmarcFault):
        says = {
            DmarcFault.MISSING: Text("There is no policy.", "Il n’y a pas de politique."),
            DmarcFault.SEVERAL: Text(
                "There are several policies, so that none counts.", "Il y a plusieurs politiques, et aucune ne compte."
            ),
            DmarcFault.BROKEN: Text("The policy cannot be read.", "La politique est illisible."),
        }[read]
        return Finding(DMARC, Grade.TO_SET, says, advised)
    policy = read.policy if where == domain else read.subdomain_policy
    if policy == "none" or read.percent < 100:
        said = Text(
            "The policy only watches (p={policy}, {percent} % of mail). Large receivers take that; to keep others from writing in "
            "our name, "
            "raise it once the reports show that our own mail passes.",
            "La politique ne fait qu’observer (p={policy}, {percent}\u00a0% des courriels). Les grands destinataires s’en contentent; pour "
            "empêcher d’autres d’écrire en notre nom, resserrez-la quand les rapports montrent que nos propres courriels passent.",
        )
        return Finding(DMARC, Grade.TO_SET, said.format(policy=policy, percent=read.percent), advised)
    said = Text(
        "p={policy}. Sender and envelope are both at {domain}, as it asks; the signature must be too.",
        "p={policy}. L’expéditeur et l’enveloppe sont tous deux à {domain}, comme elle le demande; la signature doit l’être aussi.",
    )
    return Finding(DMARC, Grade.FINE, said.format(policy=policy, domain=domain))


def exchange_finding(domain: str, found: Exchange) -> Finding:
    """Return the finding on where mail that comes back goes."""
    record = Record(domain, "MX", "10 …")
    if found is Exchange.NAMED:
        return Finding(EXCHANGE, Grade.FINE, Text("Mail to {d} has a server.", "Les courriels à {d} ont un serveur.").format(d=domain))
    says = {
        Exchange.BY_ADDRESS: Text(
            "There is no MX record: servers try the domain’s own address. Name the server that takes its mail.",
            "Il n’y a pas d’enregistrement MX\u00a0: les serveurs essaient l’adresse même du domaine. Nommez le serveur qui reçoit "
            "ses courriels.",
        ),
        Exchange.REFUSED: Text(
            "The domain says that it takes no mail (MX “.”): replies and delivery reports are lost, and some receivers refuse our "
            "mail for it.",
            "Le domaine dit qu’il ne reçoit aucun courriel (MX «\u00a0.\u00a0»)\u00a0: les réponses et les avis de non-distribution "
            "se perdent, "
            "et certains destinataires refusent nos courriels pour cela.",
        ),
        Exchange.NOWHERE: Text(
            "Mail to the domain has nowhere to go: replies and delivery reports are lost.",
            "Les courriels au domaine n’ont nulle part où aller\u00a0: les réponses et les avis de non-distribution se perdent.",
        ),
    }[found]
    return Finding(EXCHANGE, Grade.TO_SET, says, record)


def reverse_finding(server: str, addresses: Sequence[str], unnamed: Sequence[tuple[str, str]]) -> Finding:
    """Return the finding on names of addresses; ``unnamed``: addresses whose name is missing or does not lead back, with its place."""
    if not addresses:
        why = Text(
            "our mail server {server} has no address of the open network from here. Ask whoever runs it for the address that it "
            "sends from.",
            "notre serveur {server} n’a, vu d’ici, aucune adresse du réseau ouvert. Demandez à la personne qui le gère de quelle "
            "adresse il envoie.",
        )
        return not_found_out(REVERSE, why.format(server=server))
    if unnamed:
        address, place = unnamed[0]
        said = Text(
            "{address} has no name that leads back to it. Whoever gave out the address must set this.",
            "{address} n’a aucun nom qui y ramène. C’est à qui a attribué l’adresse de le régler.",
        )
        return Finding(REVERSE, Grade.TO_SET, said.format(address=address), Record(place, "PTR", f"{server}."))
    return Finding(
        REVERSE, Grade.FINE, Text("Its addresses have names that lead back to them.", "Ses adresses ont des noms qui y ramènent.")
    )


def no_mailbox() -> Finding:
    """Return the finding where nobody said in which mailbox to look for what comes back."""
    said = Text(
        "IMAP_URL is not set: delivery reports, replies of calendars and requests to stop that come by mail are not read.",
        "IMAP_URL n’est pas réglé\u00a0: les avis de non-distribution, les réponses de calendriers et les demandes d’arrêt qui "
        "arrivent par courriel ne sont pas lus.",
    )
    return Finding(BOUNCES, Grade.TO_SET, said)


def no_token() -> Finding:
    """Return the finding where no access token could be had to sign in to the mailbox with."""
    why = Text(
        "no access token for the mailbox of IMAP_URL could be had: look at MAIL_OAUTH_TOKEN_URL and what belongs to it.",
        "aucun jeton d’accès n’a pu être obtenu pour la boîte de IMAP_URL\u00a0: vérifiez MAIL_OAUTH_TOKEN_URL et ce qui s’y rapporte.",
    )
    return not_found_out(BOUNCES, why)


def mailbox_finding(trouble: str = "", *, refused: bool = False) -> Finding:
    """Return the finding on the mailbox of IMAP_URL; ``trouble`` names what happened where it could not be opened, ``refused`` by whom."""
    if not trouble:
        said = Text(
            "The mailbox of IMAP_URL can be opened: delivery reports and replies are read from it.",
            "La boîte de IMAP_URL s’ouvre\u00a0: les avis de non-distribution et les réponses y sont lus.",
        )
        return Finding(BOUNCES, Grade.FINE, said)
    if not refused:
        why = Text("the server of IMAP_URL cannot be reached ({kind}).", "le serveur de IMAP_URL est injoignable ({kind}).")
        return not_found_out(BOUNCES, why.format(kind=trouble))
    said = Text(
        "The server of IMAP_URL does not let us in, or has no such folder ({kind}): what comes back is not read. "
        "Name, password or folder are to be set anew.",
        "Le serveur de IMAP_URL ne nous laisse pas entrer ou n’a pas ce dossier ({kind})\u00a0: ce qui revient n’est pas lu. "
        "Le nom, le mot de passe ou le dossier sont à régler de nouveau.",
    )
    return Finding(BOUNCES, Grade.TO_SET, said.format(kind=trouble))
