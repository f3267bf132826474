"""What kinds and states of received mail, and the reasons for them, are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engagement.kernel.bilingual import LANGUAGES, Text
from engagement.mailing.answering import AND_A_CALL
from engagement.mailing.inbound import InboxState, Kind

if TYPE_CHECKING:
    from engagement.mailing.inbound_models import InboundMail

KINDS: dict[Kind, Text] = {
    Kind.REPLY: Text("Reply from a calendar", "Réponse d’un calendrier"),
    Kind.BOUNCE: Text("Delivery report", "Avis de distribution"),
    Kind.COMPLAINT: Text("Complaint", "Plainte"),
    Kind.AUTO: Text("Automatic reply", "Réponse automatique"),
    Kind.UNSUBSCRIBE: Text("No more mail, please", "Demande de désabonnement"),
    Kind.REQUEST: Text("Request for the questionnaire", "Demande du questionnaire"),
    Kind.SUBMISSION: Text("Letter or document", "Lettre ou document"),
    Kind.UNPLACED: Text("Other mail", "Autre courriel"),
}

STATES: dict[InboxState, Text] = {
    InboxState.RECEIVED: Text("Just received", "Vient d’arriver"),
    InboxState.DONE: Text("Done by the program", "Traité par le programme"),
    InboxState.WAITING: Text("Waits for the team", "Attend l’équipe"),
    InboxState.FILED: Text("Settled by the team", "Réglé par l’équipe"),
    InboxState.DISMISSED: Text("Nothing to do", "Rien à faire"),
}

OUTCOMES: dict[str, Text] = {
    "accepted": Text("Coming", "Participera"),
    "tentative": Text("Maybe", "Peut-être"),
    "declined": Text("Cannot come", "Ne peut pas participer"),
    "waitlisted": Text("Coming, on the waiting list", "Participera, sur la liste d’attente"),
    "older": Text("An older reply: nothing changed", "Réponse plus ancienne\u00a0: rien n’a changé"),
    "later_stands": Text("Kept in the ledger: a later reply stands", "Gardée au registre\u00a0: une réponse plus récente compte"),
    "bounced": Text("Came back", "Non distribué"),
    "delayed": Text("Late", "En retard"),
    "delivered": Text("Arrived", "Arrivé"),
    "relayed": Text("Passed on", "Relayé"),
    "expanded": Text("Passed on to a list", "Transmis à une liste"),
    "refused": Text("Refused by the mail system there", "Refusé par le système de courriel"),
    "suppressed": Text("The address is not written to any more", "On n’écrit plus à cette adresse"),
    "noted": Text("Noted", "Noté"),
    "unsubscribed": Text("No more mailings and reminders", "Plus d’envois ni de rappels"),
    "asked": Text("The questionnaire was sent", "Le questionnaire a été envoyé"),
    "recorded": Text("Recorded as a reply", "Noté comme réponse"),
    "filed": Text("Filed as a written submission", "Classé comme contribution écrite"),
    "dismissed": Text("Nothing to do", "Rien à faire"),
}

# Each sentence that a room gives as the reason for an outcome.
WHYS: dict[str, Text] = {
    AND_A_CALL: Text(
        "They have to know what it said: a call is among the calls and letters.",
        "Cette personne doit savoir ce qu’il disait : un appel figure parmi les appels et lettres.",
    ),
    "nobody but people can place it": Text("Only people can tell what it asks.", "Seule une personne peut dire ce qu’il demande."),
    "larger than 25 MB: only its headers were read": Text(
        "It is larger than 25 MB: only its headers were read. Open it in the mailbox itself.",
        "Il dépasse 25\u00a0Mo\u00a0: seuls ses en-têtes ont été lus. Ouvrez-le dans la boîte de courriel elle-même.",
    ),
    "it holds more parts, one within another, than are read": Text(
        "It holds more parts, one within another, than are read here. Download it to look at it.",
        "Il contient plus de parties imbriquées qu’on n’en lit ici. Téléchargez-le pour l’examiner.",
    ),
    "the program failed on it; its log says where": Text(
        "The program failed on it. Nothing was changed; whoever runs the program finds in its log where.",
        "Le programme a échoué. Rien n’a été modifié; le journal du programme dit où.",
    ),
    "it is about no invitation of ours": Text("It is about no invitation of ours.", "Il ne concerne aucune de nos invitations."),
    "the mailbox that it was sent to, its UID and what it answers belong to different invitations": Text(
        "The mailbox that it was sent to, the entry that it names and the mail that it answers do not belong together. "
        "Nothing was changed.",
        "L’adresse à laquelle il a été envoyé, l’entrée qu’il nomme et le courriel auquel il répond ne vont pas ensemble. "
        "Rien n’a été modifié.",
    ),
    "accepted, but not whether in person or online: the guest is asked, and no seat is taken": Text(
        "Coming, but the calendar does not say whether in person or online. No seat is taken; a mail asks the guest.",
        "Participera, mais le calendrier ne dit pas si c’est en personne ou en ligne. Aucune place n’est prise; un courriel le demande.",
    ),
    "accepted again without saying how: the guest was asked, and the team knows": Text(
        "Coming, once more without saying whether in person or online. The guest was asked before.",
        "Participera, encore sans dire si c’est en personne ou en ligne. La question a déjà été posée par courriel.",
    ),
    "it holds several calendar answers, and they do not say the same": Text(
        "It holds several calendar answers, and they do not say the same. Nothing was changed.",
        "Il contient plusieurs réponses de calendrier, qui ne disent pas la même chose. Rien n’a été modifié.",
    ),
    "the reply is recorded; what the guest wrote beside it stands with the reply": Text(
        "The reply is recorded. The guest wrote something beside it: read it here, or with the reply on the page of the invitation.",
        "La réponse est notée. La personne a écrit autre chose\u00a0: lisez-le ici ou avec la réponse, sur la page de l’invitation.",
    ),
    "the calendar's answer is dealt with; the mail brings a document, too": Text(
        "The calendar’s answer is dealt with. The mail brings a document, too: look at it.",
        "La réponse du calendrier est traitée. Le courriel apporte aussi un document\u00a0: voyez-le.",
    ),
    "the invitation was withdrawn": Text("The invitation was withdrawn.", "L’invitation a été retirée."),
    "the sitting is over": Text("The sitting is over.", "La séance a déjà eu lieu."),
    "a reply that was received later stands": Text("A reply that was received later stands.", "Une réponse reçue plus tard compte."),
    "every seat of this kind is taken: on the waiting list": Text(
        "Every seat of this kind is taken: on the waiting list.", "Toutes les places de ce type sont prises\u00a0: sur la liste d’attente."
    ),
    "a calendar reply that was made after it has been taken": Text(
        "A calendar reply that was made after it has been taken.", "Une réponse de calendrier plus récente a déjà été prise en compte."
    ),
    "it proposes another time or place": Text("It proposes another time or place.", "Il propose un autre moment ou un autre lieu."),
    "a calendar asks to be sent the entry again": Text(
        "A calendar asks to be sent the entry again.", "Un calendrier demande qu’on lui renvoie l’entrée."
    ),
    "it answers a proposal that we never made": Text(
        "It answers a proposal that we never made.", "Il répond à une proposition que nous n’avons jamais faite."
    ),
    "it is a calendar message, and no reply": Text(
        "It is a calendar message, and no reply.", "C’est un message de calendrier, non une réponse."
    ),
    "it answers for several entries at once": Text(
        "It answers for several entries at once.", "Il répond pour plusieurs entrées à la fois."
    ),
    "it answers for several people at once": Text(
        "It answers for several people at once.", "Il répond pour plusieurs personnes à la fois."
    ),
    "it does not say who answers": Text("It does not say who answers.", "Il ne dit pas qui répond."),
    "somebody else is sent instead; only the team lets anybody in": Text(
        "Somebody else is to come instead. Only the team lets anybody in.",
        "Une autre personne viendrait à la place. Seule l’équipe admet quelqu’un.",
    ),
    "it was sent from another address than the one that was invited": Text(
        "It was sent from another address than the one that was invited.",
        "L’envoi vient d’une autre adresse que celle qui a été invitée.",
    ),
    "it was answered by an address that was not invited, as after forwarding": Text(
        "It was answered from an address that was not invited, as happens after forwarding. Nobody was let in.",
        "La réponse vient d’une adresse qui n’a pas été invitée, comme après un transfert. Personne n’a été admis.",
    ),
    "it says neither yes, maybe nor no": Text("It says neither yes, maybe nor no.", "Il ne dit ni oui, ni peut-être, ni non."),
    "its revision or its time cannot be read": Text("Its revision or its time cannot be read.", "Sa version ou son heure est illisible."),
    "it answers an entry that has been changed since": Text(
        "It answers an entry that has been changed since: perhaps for another time or place.",
        "Il répond à une entrée modifiée depuis, peut-être pour un autre moment ou un autre lieu.",
    ),
    "it answers a revision that we never sent": Text(
        "It answers a revision that we never sent.", "Il répond à une version que nous n’avons jamais envoyée."
    ),
    "the clock of an earlier reply was ahead: which of the two is the later cannot be told": Text(
        "The clock of an earlier reply was ahead: which of the two is the later cannot be told.",
        "L’horloge d’une réponse précédente avançait\u00a0: on ne peut dire laquelle des deux est la plus récente.",
    ),
    "it names no message of ours": Text("It names no message of ours.", "Il ne nomme aucun de nos courriels."),
    "it names two different messages of ours": Text("It names two different messages of ours.", "Il nomme deux de nos courriels."),
    "it is about an address that the message did not go to": Text(
        "It is about an address that our message did not go to.", "Il parle d’une adresse à laquelle notre courriel n’est pas allé."
    ),
    "it is late; it may still arrive": Text("It is late; it may still arrive.", "Il est en retard; il peut encore arriver."),
    "it arrived, says the mail system there": Text(
        "It arrived, says the mail system there.", "Il est arrivé, selon le système de courriel."
    ),
    "the mail system there refuses us (5.7): our settings, and not the person, are to be looked at": Text(
        "The mail system there refuses us (5.7). That is about our settings or our reputation, not about the person: "
        "tell your mail administrator.",
        "Le système de courriel nous refuse (5.7). Cela tient à nos réglages ou à notre réputation, non à la personne\u00a0: "
        "prévenez la personne qui administre votre courriel.",
    ),
    "it did not arrive, though the address may exist": Text(
        "Our mail did not arrive, though the address may exist: the mailbox is full, for instance. Reach the person by other means.",
        "Notre courriel n’est pas arrivé, bien que l’adresse puisse exister\u00a0: boîte pleine, par exemple. "
        "Joignez la personne autrement.",
    ),
    "the address does not exist: it is not written to any more": Text(
        "The address does not exist: it is not written to any more.", "L’adresse n’existe pas\u00a0: on n’y écrit plus."
    ),
    "somebody said that it is no spam": Text(
        "Somebody said that our mail is no spam.", "Quelqu’un a dit que notre courriel n’est pas un pourriel."
    ),
    "a mail of ours failed a check (SPF, DKIM, DMARC): our settings, and not the person, are to be looked at": Text(
        "A mail of ours failed a check (SPF, DKIM, DMARC). That is about our settings, not about the person: tell your mail administrator.",
        "Un de nos courriels a échoué à une vérification (SPF, DKIM, DMARC). Cela tient à nos réglages, non à la personne\u00a0: "
        "prévenez la personne qui administre votre courriel.",
    ),
    "a mail system reports a mail of ours, and not that somebody complained": Text(
        "A mail system reports something about a mail of ours. Nobody complained; read what it says.",
        "Un système de courriel signale quelque chose au sujet d’un de nos courriels. Personne ne s’est plaint; lisez ce qu’il en dit.",
    ),
    "what is kept of the message does not say whom it went to": Text(
        "It complains about a mail of which we do not keep any more whom it went to.",
        "Il se plaint d’un courriel dont on ne garde plus à qui il est allé.",
    ),
    "somebody complained: the address is not written to any more": Text(
        "Somebody complained: the address is not written to any more.", "Quelqu’un s’est plaint\u00a0: on n’écrit plus à cette adresse."
    ),
    "a machine answered; it is no reply": Text("A machine answered; that is no reply.", "Une machine a répondu; ce n’est pas une réponse."),
    "it asks for no more mail, and the address is on no roster": Text(
        "It asks for no more mail, and the address is on no roster.",
        "Il demande de ne plus écrire, et l’adresse ne figure dans aucun répertoire.",
    ),
    "it asks for no more mail at an address that stood in no mail of ours; nothing was changed": Text(
        "It asks for no more mail, at an address that stood in no mail of ours. Nothing was changed: if it is from somebody of the "
        "roster, write their wish down on their page.",
        "Il demande de ne plus écrire, à une adresse qui ne figurait dans aucun de nos courriels. Rien n’a été modifié\u00a0: s’il "
        "vient d’une personne du répertoire, notez son souhait sur sa page.",
    ),
    "no more mailings and reminders; only its sender says so, and senders can be forged": Text(
        "They get no more mailings and reminders. Only the sender’s address says that they asked for it, and that can be forged: "
        "if it was not them, let them have mail again on their page.",
        "Cette personne ne reçoit plus d’envois ni de rappels. Seule l’adresse d’envoi dit qu’elle l’a demandé, et une adresse "
        "se contrefait\u00a0: si ce n’était pas elle, rétablissez l’envoi sur sa page.",
    ),
    "no more mailings and reminders": Text(
        "They get no more mailings and reminders.", "Cette personne ne reçoit plus d’envois ni de rappels."
    ),
    "somebody who is on no roster asks for the questionnaire": Text(
        "Somebody who is not on the roster asks for the questionnaire.", "Une personne hors du répertoire demande le questionnaire."
    ),
    "it asks for the questionnaire, and none is open": Text(
        "It asks for the questionnaire, and none is open.", "Il demande le questionnaire, et aucun n’est ouvert."
    ),
    "it asks for the questionnaire, and several are open": Text(
        "It asks for the questionnaire, and several are open.", "Il demande le questionnaire, et plusieurs sont ouverts."
    ),
    "it asks for the questionnaire, and that has been answered": Text(
        "It asks for the questionnaire, and this person has answered it.", "Il demande le questionnaire, et cette personne y a répondu."
    ),
    "it asks for the questionnaire, and this person had asked not to be written to": Text(
        "It asks for the questionnaire, and this person had asked not to be written to.",
        "Il demande le questionnaire, et cette personne avait demandé qu’on ne lui écrive pas.",
    ),
    "it asks for the questionnaire, and no mail may go to this person": Text(
        "It asks for the questionnaire, and no mail may go to this person; their page says why. Reach them in another way.",
        "Il demande le questionnaire, et aucun courriel ne peut être envoyé à cette personne; sa page dit pourquoi. Joignez-la autrement.",
    ),
    "it asks for the questionnaire, and this person is reached by telephone only": Text(
        "It asks for the questionnaire, and this person is reached by telephone only: call them.",
        "Il demande le questionnaire, et cette personne n’est jointe que par téléphone\u00a0: appelez-la.",
    ),
    "it asks for the questionnaire, which was sent to them today: it seems not to reach them": Text(
        "It asks for the questionnaire, which was sent to them today already: it seems not to reach them. Reach them in another way.",
        "Il demande le questionnaire, qui lui a déjà été envoyé aujourd’hui\u00a0: il semble ne pas arriver. "
        "Joignez cette personne autrement.",
    ),
    "the questionnaire goes to them by mail": Text(
        "The questionnaire goes to them by mail.", "Le questionnaire lui est envoyé par courriel."
    ),
    "a letter or a document: see who signed it, then file it": Text(
        "A letter or a document: see who signed it, then file it.", "Une lettre ou un document\u00a0: voyez qui l’a signé, puis classez-le."
    ),
}


def why_words(row: InboundMail) -> Text | None:
    """Return why a mail stands where it does, None where there is nothing to say."""
    if not row.why:
        return None
    called = row.why.endswith(AND_A_CALL)
    why = row.why.removesuffix(AND_A_CALL)
    said = WHYS.get(why) or Text(why, row.details.get("why_fr", why))
    return Text(*(f"{said.in_(each)} {WHYS[AND_A_CALL].in_(each)}" for each in LANGUAGES)) if called else said


def outcome_words(row: InboundMail) -> Text:
    """Return what became of a mail; of one that waits, that it does."""
    if row.state is InboxState.WAITING:
        return STATES[row.state]
    return OUTCOMES.get(row.outcome) or STATES[row.state]
