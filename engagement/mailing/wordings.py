"""The words by which people ask for the questionnaire, or for no more mail, in both languages. Pure, and strict on purpose.

A sentence counts that is such a wish from its first word to its last; whatever else stands in it
makes it one for people to read. A wish that is understood too seldom costs the team a minute; one
that is understood wrongly does what nobody asked for.
"""

from __future__ import annotations

import re
from itertools import pairwise

LONGEST_REQUEST = 1200
# Above a longer text, a subject that only names the questionnaire is no request.
LONGEST_BELOW_A_SUBJECT = 300
LONGEST_WISH = 120
_RE = re.compile(r"\s*((re|ré|fw|fwd|tr)\s*:\s*)+", re.IGNORECASE)

# --- The questionnaire ---------------------------------------------------------------------------
_THING = r"(?:questionnaires?|surveys?)(?: link)?"
_AN_OBJECT = (
    r"(?:(?:an?|the|another|my|our) (?:(?:new|printed|personal|own) )*(?:copy|link) (?:of|to|for) )?"
    rf"(?:(?:the|your|an?|this|that) )?(?:(?:online|web|whole|full|english|french) )*{_THING}"
)
_ABOUT = (
    r"(?: (?:about|regarding|concerning) (?:(?! (?:and|or) ).){3,80}|"
    r" (?:for|in) (?:the|your|this) (?:[^ ]{2,20} ){0,4}(?:consultation|engagement|study|project|roundtable))?"
)
_CHOSE = r"(?:questionnaires?|sondages?)(?: en ligne)?"
_UN_OBJET = (
    r"(?:(?:une (?:nouvelle )?copie|un (?:nouvel )?exemplaire|(?:le|un|mon|notre) (?:nouveau )?lien) (?:de |du |d'|vers |pour |au |à )?)?"
    rf"(?:(?:le|la|votre|un|ce|au|du) |l' ?)?{_CHOSE}"
)
_SUR = (
    r"(?: (?:concernant|portant sur|au sujet d[e']|à propos d[e']|sur (?:l[ea']s? ?|votre |vos ))(?:(?! (?:et|ou) ).){3,80}|"
    r" (?:de|pour|dans) (?:la|votre|cette) (?:[^ ]{2,20} ){0,2}(?:consultation|étude|table ronde))?"
)
_TAIL = (
    r"(?: (?:please|again|too|also|as well|now|today|instead|once more|as soon as (?:possible|you can)|asap|if possible|directly|online|"
    r"when you can|in (?:english|french)|(?:by|via) e-?mail|(?:at|to) this (?:e-?mail )?address|(?:thanks|"
    r"thank you)(?: (?:so much|very much|in advance))?|"
    r"svp|stp|s'il (?:vous|te) plaît|merci(?: (?:beaucoup|d'avance|à l'avance|bien))?|encore(?: une fois)?|de nouveau|"
    r"à nouveau|aussi|également|"
    r"(?:au|le) plus (?:tôt|vite)(?: possible)?|dès que possible|si possible|rapidement|directement|en (?:français|anglais)|par courriels?|"
    r"à cette adresse|à la place))*"
)
_LEAD = (
    r"(?:(?:hello|hi|good (?:morning|afternoon|day)|dear (?:all|team|sir or madam|madam|sir)|yes|ok|thanks|thank you|"
    r"please|pls|kindly|so|then|also|"
    r"(?:can|could|would|will) you|i would (?:appreciate it|be grateful) if you (?:could|would)|i am writing to ask you to|"
    r"bonjour|bonsoir|allô|madame|monsieur|oui|svp|s'il vous plaît|merci(?: d'avance)?(?: de)?|(?:prière de|veuillez)(?: bien vouloir)?|"
    r"(?:voudriez|pourriez|pouvez)-vous|(?:pourrait|peut)-on|(?:est-ce que )?vous (?:pouvez|pourriez)|auriez-vous (?:l'amabilité|"
    r"l'obligeance|la gentillesse) de|"
    r"je vous (?:prie|demande|saurais gré|serais reconnaissante?) de(?: bien vouloir)?|donc|alors|aussi) ?)*"
)
_SEND = r"(?:re-?)?(?:send|e-?mail|mail|forward|give)"
_ENVOYER = r"(?:(?:r?en|ré-?en)voyer|(?:re)?transmettre|acheminer|(?:re)?donner|(?:refaire|faire) parvenir)"
_I_WOULD = r"(?:i|we)(?:'d| would)? (?:also |really |still )*(?:like|love|want|wish|need)"
_JE_VOUDRAIS = (
    r"(?:je |j'|nous )(?:souhaite(?:rais)?|souhait(?:er)?ions|souhaitons|voud?rais|voudrions|veux|voulons|"
    r"désire(?:rais)?|désir(?:er)?ions|désirons|"
    r"aimerais|aimerions)(?: (?:bien|aussi|donc))?"
)
_PUIS_JE = (
    r"(?:puis[- ]je|pourrais-je|pourrions-nous|pouvons-nous|(?:est-ce que |serait-ce que )?(?:je peux|je pourrais|on peut)|"
    r"(?:est-il|serait-il|est-ce) possible (?:de |d'))"
)
_ASKS = (
    rf"{_SEND} (?:me|us) {_AN_OBJECT}{_ABOUT}",
    rf"{_SEND} {_AN_OBJECT}(?: again)? to (?:me|us)",
    rf"re-?send {_AN_OBJECT}",
    rf"{_I_WOULD} (?:to (?:receive|get|have|see|answer|complete|take|fill (?:in|out)) )?{_AN_OBJECT}{_ABOUT}",
    rf"(?:can|could|may|might) (?:i|we) (?:please |also )*(?:get|have|receive|see) {_AN_OBJECT}{_ABOUT}",
    rf"(?:is|would) it (?:be )?possible to (?:get|have|receive) {_AN_OBJECT}",
    rf"(?:me |nous |m' ?){_ENVOYER} {_UN_OBJET}{_SUR}",
    rf"(?:(?:r?en|ré-?en)voyez|(?:re)?transmettez|acheminez|faites)[- ](?:moi|nous)(?: parvenir)? {_UN_OBJET}{_SUR}",
    rf"{_JE_VOUDRAIS} (?:(?:recevoir|avoir|obtenir|remplir|compléter|répondre(?: à)?|participer(?: à)?) )?{_UN_OBJET}{_SUR}",
    rf"{_PUIS_JE} ?(?:avoir|recevoir|obtenir|ravoir) {_UN_OBJET}{_SUR}",
)
_REQUEST = re.compile(rf"{_LEAD}(?:{'|'.join(_ASKS)}){_TAIL}")
# "It": where the sentence before says that the questionnaire is missing.
_ASKS_FOR_IT = re.compile(
    rf"{_LEAD}(?:{_SEND} it(?: again)? to (?:me|us)|{_SEND} it again|{_SEND} (?:me|us) it|re-?send it|"
    rf"(?:me|nous) (?:l' ?|le ){_ENVOYER}|{_PUIS_JE} ?(?:l'(?:avoir|obtenir)|le (?:recevoir|ravoir))){_TAIL}"
)
# "It" is missing, or is what somebody has heard of or would take part in.
_MISSING = re.compile(
    r"\b(?:(?:can(?:not|'t)|could(?: not|n't)|unable to) .{0,20}(?:find|open)|misplaced|(?:heard|told (?:me|us)) (?:of|about)|"
    r"interested in|take part in|participate in|intéressée?s? (?:à|par)|entendu parler|(?:m'|nous )a parlé|(?:re)?trouver|"
    r"(?:not|never|n't|haven't|didn't) .{0,20}(?:receive|received|get|got|gotten|find|found|see|seen)|lost|deleted|"
    r"(?:pas|jamais) (?:encore )?(?:reçu|trouvé|vu|eu)|perdu|supprimé|égaré)\b"
)
_NAMES_IT = re.compile(rf"\b(?:{_THING}|{_CHOSE})\b")
_SUBJECT_ASKS = re.compile(
    rf"(?:(?:a )?request for {_AN_OBJECT}|(?:questionnaire|survey) request|(?:the |your )?(?:questionnaire|survey) please|"
    rf"demande (?:du |de |d'un |pour (?:le |un |recevoir le ))?{_CHOSE}|{_CHOSE} (?:svp|s'il vous plaît)){_TAIL}"
)
_NO = re.compile(
    r"\b(?:not|don't|doesn't|won't|never|stop|no longer|cannot|can't|no|ne|n'|pas|plus|jamais|arrêtez|cessez|aucun)(?:\b|(?<='))"
)
# "Plus" in these says that it is to be soon.
_SOON = re.compile(r"\b(?:au|le) plus (?:tôt|vite|rapidement)(?: possible)?")
_SPEAKS_OF_SENDING = re.compile(
    r"\b(?:(?:re)?send|e-?mail(?:ing)? (?:me|us)|forward|want|wish|like|need|r?envo(?:yer|yez|ie)|transmett|achemin|"
    r"parvenir|souhait|veux|voul|"
    r"voudr|aimer|désir|besoin|désinscri|désabonn|unsubscribe)\w*"
)


def plain(text: str) -> str:
    """Return ``text`` as it is compared: small letters, straight apostrophes, single spaces, no full stops within svp."""
    words = " ".join(text.replace("’", "'").replace("\u00a0", " ").lower().split())
    return re.sub(r"\bs\. ?v\. ?p\b\.?", "svp", words)


def asks_for_the_questionnaire(subject: str, own: str) -> bool:
    """Return whether a short mail asks for the questionnaire in so many words, and no sentence of it says no."""
    if len(own) > LONGEST_REQUEST:
        return False
    above, below = plain(subject), plain(own)
    answers = bool(_RE.match(above))
    sentences = [*([] if answers else _sentences(above)), *_sentences(below)]
    clauses = [clause for sentence in sentences for clause in _clauses(sentence)]
    if any(_says_no(clause) and _SPEAKS_OF_SENDING.search(clause) for clause in clauses):
        return False
    if any(_REQUEST.fullmatch(clause) for clause in clauses):
        return True
    if any(_asks_for_it(before, after) for before, after in (*pairwise(sentences), *pairwise(clauses))):
        return True
    return (
        not answers and len(below) <= LONGEST_BELOW_A_SUBJECT and not _says_no(below) and bool(_SUBJECT_ASKS.fullmatch(above.strip(" .!?")))
    )


def _sentences(words: str) -> list[str]:
    return [each.strip() for each in re.split(r"[.!?]+", words) if each.strip()]


def _clauses(sentence: str) -> list[str]:
    return [each.strip() for each in re.split(r"[,;:–]+|\b(?:so|but|because|mais|donc|alors|car) ", sentence) if each.strip()]


def _asks_for_it(before: str, sentence: str) -> bool:
    missing = bool(_MISSING.search(before) and _NAMES_IT.search(before))
    return missing and any(_ASKS_FOR_IT.fullmatch(clause) for clause in _clauses(sentence))


def _says_no(words: str) -> bool:
    return bool(_NO.search(_SOON.sub("", words)))


# --- No more mail --------------------------------------------------------------------------------
_POLITELY = (
    r"(?:(?:please|pls|kindly|svp|s'il vous plaît|merci(?: de)?|prière de|veuillez|"
    r"(?:je |nous )(?:veux|voulons|voudrais|souhaite|désire)) )*"
)
_THANKS = r"(?: (?:please|svp|s'il vous plaît|merci(?: d'avance)?|thanks|thank you))*"
_FROM_A_LIST = r"(?: from (?:this|your|the|all|any)(?: (?:mailing|e-?mail|distribution))? (?:lists?|mailings?|e-?mails?|mails?))"
_DE_LA_LISTE = r"(?: d[e'] ?(?:la |votre |cette |vos |ces )?(?:listes?)(?: (?:d'envoi|de diffusion|de courriels?|d'envois))?)"
_STOPS = (
    rf"unsubscribe(?: (?:me|us))?{_FROM_A_LIST}?",
    r"stop",
    rf"(?:me |nous |se )?(?:désabonner|desabonner|désinscrire){_DE_LA_LISTE}?",
    r"(?:désabonnement|desabonnement|désinscription)",
    rf"(?:désabonnez|désinscrivez)[- ](?:moi|nous){_DE_LA_LISTE}?",
)
_REMOVES = (
    rf"remove (?:me|us){_FROM_A_LIST}?",
    r"take (?:me|us) off (?:this|your|the)(?: mailing)? list",
    rf"(?:retirez|enlevez|rayez|supprimez|ôtez)[- ](?:moi|nous){_DE_LA_LISTE}",
    rf"(?:me |nous )(?:retirer|enlever|rayer){_DE_LA_LISTE}",
)
_WORD = re.compile(rf"{_POLITELY}(?:{'|'.join(_STOPS)}){_THANKS}")
_SUBJECT = re.compile(rf"{_POLITELY}(?:{'|'.join((*_STOPS, *_REMOVES))}){_THANKS}")


def wants_no_more_mail(subject: str, own: str, *, answers: bool) -> bool:
    """Return whether a mail asks for no more mail, and says nothing else in its subject.

    Where it ``answers`` another mail, its text may say so instead, in one word and without any
    other. To be taken off a list counts in a subject only: below an invitation it may mean the guests'.
    """
    above = _RE.sub("", plain(subject)).strip(" .!")
    if _SUBJECT.fullmatch(above):
        return True
    return answers and len(own) <= LONGEST_WISH and bool(_WORD.fullmatch(plain(own).strip(" .!")))
