"""The approval package as a PDF (PDF/UA-1): English and French beside each other, its control number on every page.

The document is typeset from a fixed layout; what people wrote goes into it as data and is
never read as markup. The same package gives the same bytes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engagement.kernel.bilingual import LANGUAGES, Text
from engagement.kernel.clock import on_the_wall
from engagement.kernel.wording import date_words, moment_words, span_words, time_words, zone_words
from engagement.outreach.package import read_content
from engagement.outreach.reach import WORDS as REACH
from engagement.outreach.reach import Reach
from engagement.outreach.vocabulary import LANGUAGES as MAIL_LANGUAGES
from engagement.outreach.vocabulary import purpose_name
from engagement.roster.folding import fold

if TYPE_CHECKING:
    from engagement.outreach.models import ApprovalPackage

ROOT = Path(__file__).resolve().parents[2]
LAYOUT = ROOT / "templates" / "outreach" / "package.typ"
FONTS = ROOT / "static" / "fonts"
# The typesetter names the first character that no font has; beyond so many, none but usual ones are kept.
MOST_STRANGE = 40
_STRANGE = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_USUAL = re.compile("[^\n\u0020-\u007e\u00a0-\u024f\u1400-\u167f\u18b0-\u18ff\u2010-\u2026\u2030\u2039\u203a\u20ac\u2122]")

HEADS = {
    "what": Text("What is to be sent", "Ce qui sera envoyé"),
    "fact": Text("Particulars", "Renseignements"),
    "value": Text("As decided", "Ce qui est décidé"),
    "recipients": Text("Recipients", "Destinataires"),
    "left_out": Text("Chosen and left out", "Personnes choisies et laissées de côté"),
    "name": Text("Name", "Nom"),
    "language": Text("Language", "Langue"),
    "way": Text("How", "Moyen"),
    "why": Text("Reason", "Raison"),
    "nobody": Text("Nobody.", "Personne."),
    "text": Text("The text in English, filled for an invented person", "Le texte en français, rempli pour une personne inventée"),
    "approval": Text("Approval", "Approbation"),
    "signed": Text(
        "A signature approves this content, without any change. Any change of a text, of the recipients, of the event or of the time "
        "needs a new one. Somebody who opts out or replies meanwhile is not written to.",
        "La signature vaut approbation du présent contenu, sans modification. Tout changement du texte, des destinataires, de l’événement "
        "ou du moment en exige une nouvelle. On n’écrit pas à une personne qui, entre-temps, se désabonne ou répond.",
    ),
    "entry": Text("To be filled in", "À remplir"),
    "hash": Text("Control number", "Numéro de contrôle\u00a0:"),
    "method": Text("Worked out from the whole content (SHA-256).", "Calculé à partir de tout le contenu (SHA-256)."),
}
BLANKS = (
    Text("Name", "Nom"),
    Text("Date", "Date"),
    Text("File number", "Numéro de dossier"),
    Text("Signature", "Signature"),
)
WAYS = {"mail": Text("Mail", "Courriel"), "telephone": Text("Telephone: no address", "Téléphone\u00a0: aucune adresse")}
INTRO = Text("For approval before a mailing. Nothing has been sent.", "Pour approbation avant un envoi. Rien n’a été envoyé.")


def as_pdf(package: ApprovalPackage) -> bytes:
    """Return the document of a package."""
    words = _words(package)
    for _ in range(MOST_STRANGE):
        try:
            return _typeset(words, package.made_at)
        except _StrangeCharacterError as error:
            words = words.replace(json.dumps(error.character, ensure_ascii=False)[1:-1], _name_of(error.character))
    return _typeset(_USUAL.sub("?", words), package.made_at)


class _StrangeCharacterError(Exception):
    """No font of ours has this character."""

    def __init__(self, character: str) -> None:
        super().__init__()
        self.character = character


def _typeset(words: str, made_at: datetime) -> bytes:
    import typst  # noqa: PLC0415 - large, and wanted now and then.

    try:
        made: bytes = typst.compile(
            LAYOUT,
            format="pdf",
            sys_inputs={"data": words},
            font_paths=[FONTS],
            ignore_system_fonts=True,
            pdf_standards="ua-1",
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError as error:
        strange = _STRANGE.search(str(error))
        if strange is None:
            raise
        raise _StrangeCharacterError(strange.group(1)) from None
    return made


def _name_of(character: str) -> str:
    """Return what stands for a character that cannot be printed: its number, so that nothing is lost silently."""
    return "".join(f"[U+{ord(each):04X}]" for each in character)


def _printable(words: str) -> str:
    """Return ``words`` without characters that print nothing or turn the line around."""
    whole = unicodedata.normalize("NFC", words.replace("\r\n", "\n").replace("\t", "    "))
    return "".join(each for each in whole if each == "\n" or unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co", "Cn"})


def _words(package: ApprovalPackage) -> str:
    content = read_content(package)
    given = {
        "title": f"{content['title']['en']} / {content['title']['fr']}".strip(" /") or "–",
        "intro": _pair(INTRO),
        "heads": {name: _pair(words) for name, words in HEADS.items()},
        "blanks": [_pair(each) for each in BLANKS],
        "rows": _rows(package, content),
        "sample": content["sample"],
        "recipients": [
            [*_named(row), _pair(MAIL_LANGUAGES[row["language"]]), _pair(WAYS[row["way"]])] for row in _by_name(content["recipients"])
        ],
        "left_out": [[*_named(row), _pair(REACH[Reach(row["why"])])] for row in _by_name(content["left_out"])],
        "hash": package.hash,
    }
    return json.dumps(_clean(given), ensure_ascii=False)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _printable(value)
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list) else value


def _by_name(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    # A package of an earlier version holds no key to sort by, nor an organization.
    return sorted(rows, key=lambda row: (row.get("sort") or fold(row["name"]), row["id"]))


def _named(row: dict[str, str]) -> tuple[str, str]:
    return row["name"], row.get("organization", "")


def _pair(words: Text) -> dict[str, str]:
    return {"en": words.en, "fr": words.fr}


def _rows(package: ApprovalPackage, content: dict[str, Any]) -> list[list[Any]]:
    facts = content["facts"]
    zone = facts["consultation"]["zone"]
    rows = [
        (Text("Consultation", "Consultation"), _two(facts["consultation"]["title"])),
        (Text("Kind of mail", "Type de courriel"), _two(_pair(purpose_name(facts["purpose"])))),
        (Text("From", "Expéditeur"), content.get("sender") or "–"),
        *_about(facts["about"]),
        (Text("To be sent", "Envoi prévu"), _when(facts, zone)),
        (Text("Attachments", "Pièces jointes"), "None\nAucune" if not facts["attachments"] else "\n".join(facts["attachments"])),
        (Text("Package made", "Dossier préparé"), _two({each: moment_words(package.made_at, zone, each) for each in LANGUAGES})),
    ]
    return [[_pair(head), words] for head, words in rows]


def _two(pair: dict[str, str]) -> str:
    return pair["en"] if pair["en"] == pair["fr"] else f"{pair['en']}\n{pair['fr']}"


def _about(about: dict[str, Any] | None) -> list[tuple[Text, str]]:
    if about is None:
        return []
    rows = [(Text("About", "Objet"), _two(about["title"]))]
    if "sittings" in about:
        spans = [_two({each: _span(sitting, about["zone"], each) for each in LANGUAGES}) for sitting in about["sittings"]]
        rows.append((Text("Date and time", "Date et heure"), "\n".join(spans) or "–"))
        rows.append((Text("Place", "Lieu"), _two(about["venue"]) or "–"))
        rows.append((Text("Last day to reply", "Dernier jour pour répondre"), _day(about["reply_by"])))
    else:
        rows.append((Text("Closes on", "Date de clôture"), _day(about["closes_on"])))
    return rows


def _span(sitting: dict[str, str], zone: str, language: str) -> str:
    starts, ends = (datetime.fromisoformat(sitting[end]) for end in ("starts", "ends"))
    return span_words(starts, ends, zone, language)


def _day(written: str | None) -> str:
    return _two({each: date_words(date.fromisoformat(written), each) for each in LANGUAGES}) if written else "–"


def _when(facts: dict[str, Any], zone: str) -> str:
    if facts["send_at"] is None:
        return "As soon as it is approved\nDès l’approbation"
    moment = datetime.fromisoformat(facts["send_at"])
    return _two({each: f"{date_words(on_the_wall(moment, zone).date(), each)}, {clock_words(moment, zone, each)}" for each in LANGUAGES})


def clock_words(moment: datetime, zone: str, language: str) -> str:
    """Return the time of day of a moment with its zone: "09:00 (Eastern)", "9 h (heure de l’Est)"."""
    return f"{time_words(on_the_wall(moment, zone), language)} ({zone_words(zone, language)})"
