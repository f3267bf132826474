"""What mails, states and reasons are called."""

from __future__ import annotations

from engagement.kernel.bilingual import Text
from engagement.mailing.answering import CAME_BACK, COMPLAINED, DELAYED
from engagement.mailing.calling import LineTrouble
from engagement.mailing.holding import LOST_IN_RESTORE, WHY_HELD
from engagement.mailing.models import Hold, State

PURPOSES: dict[str, Text] = {
    "event_invitation": Text("Invitation to an event", "Invitation à un événement"),
    "event_confirmation": Text("Confirmation of a reply", "Confirmation d’une réponse"),
    "questionnaire_invitation": Text("Invitation to a questionnaire", "Invitation à répondre à un questionnaire"),
    "nomination_invitation": Text("Invitation after a nomination", "Invitation à la suite d’une proposition"),
    "access_code": Text("Access code", "Code d’accès"),
    "announcement": Text("Announcement", "Annonce"),
    "mailing_test": Text("Test of a mailing", "Essai d’un envoi"),
    "event_change": Text("Change of an event", "Modification d’un événement"),
    "event_cancellation": Text("Cancellation", "Annulation"),
    "event_withdrawal": Text("Invitation taken back", "Retrait d’une invitation"),
    "event_reminder": Text("Reminder to reply", "Rappel de répondre"),
    "event_day_before": Text("Note before a sitting", "Message avant une séance"),
    "questionnaire_reminder": Text("Reminder of a questionnaire", "Rappel au sujet d’un questionnaire"),
}

STATES: dict[State, Text] = {
    State.PLANNED: Text("Planned", "Prévu"),
    State.QUEUED: Text("Ready to go", "Prêt à partir"),
    State.CLAIMED: Text("About to go", "Sur le point de partir"),
    State.SENDING: Text("Being sent", "En cours d’envoi"),
    State.SENT: Text("Sent", "Envoyé"),
    State.DEFERRED: Text("Will be tried again", "Sera tenté de nouveau"),
    State.FAILED: Text("Not delivered", "Non distribué"),
    State.SUPPRESSED: Text("Not sent: must not be written to", "Non envoyé\u00a0: ne pas écrire à cette adresse"),
    State.CANCELLED: Text("Cancelled", "Annulé"),
    State.DOUBTFUL: Text("Doubtful", "Incertain"),
}

LANGUAGES: dict[str, Text] = {
    "en": Text("English", "Anglais"),
    "fr": Text("French", "Français"),
    "both": Text("English and French", "Anglais et français"),
}

# Why messages wait until the team has looked at them, in a few words and in full.
HOLDS: dict[Hold, Text] = {
    Hold.RESTORED: Text("From before a restore", "D’avant une restauration"),
    Hold.RESUMED: Text("Due during the pause", "À envoyer pendant la suspension"),
    Hold.TOO_OLD: Text("Due long ago", "À envoyer depuis longtemps"),
    Hold.MAILING: Text("Mailing paused", "Envoi suspendu"),
}
HOLDS_SAY: dict[Hold, Text] = {
    Hold.RESTORED: Text(
        "The database was put back to an older state, or moved to another machine. Some of these messages may have been sent "
        "before: whoever gets one a second time sees it twice. Let go only what you know was not sent, or what may come twice.",
        "La base de données a été ramenée à un état antérieur ou déplacée sur une autre machine. Certains de ces courriels ont "
        "peut-être déjà été envoyés : la personne qui en reçoit un de nouveau le verra deux fois. Ne laissez partir que ce qui "
        "n’a certainement pas été envoyé, ou ce qui peut arriver deux fois.",
    ),
    Hold.RESUMED: Text(
        "These messages were due while the consultation was paused. Look whether each still says what is true before it goes.",
        "Ces courriels devaient partir pendant la suspension de la consultation. Vérifiez que chacun est encore exact avant de le "
        "laisser partir.",
    ),
    Hold.TOO_OLD: Text(
        "Nobody was there to send these messages for a long time: the sending program did not run. Look whether each still says "
        "what is true before it goes.",
        "Le programme d’envoi n’a pas fonctionné pendant longtemps, et ces courriels ne sont pas partis. Vérifiez que chacun est "
        "encore exact avant de le laisser partir.",
    ),
    Hold.MAILING: Text(
        "These messages belong to a mailing that was paused. They go when it is resumed on its own page.",
        "Ces courriels font partie d’un envoi suspendu. Ils partiront quand l’envoi reprendra, depuis sa propre page.",
    ),
}

# Why a mailing stands paused that nobody of the team paused.
PAUSED_BECAUSE: dict[Hold, Text] = {
    Hold.RESTORED: Text(
        "The database was put back to an older state, or moved here from another machine. What this mailing still owes may have been "
        "sent before, or stopped: resume it only if you know that it was not.",
        "La base de données a été ramenée à un état antérieur ou déplacée sur une autre machine. Ce qui reste de cet envoi est "
        "peut-être déjà parti, ou avait été arrêté : reprenez-le seulement si vous savez que ce n’est pas le cas.",
    ),
    Hold.RESUMED: Text(
        "Its time came while the consultation was paused. Look whether it still says what is true, then resume it.",
        "Son heure est venue pendant la suspension de la consultation. Vérifiez qu’il est encore exact, puis reprenez-le.",
    ),
    Hold.TOO_OLD: Text(
        "Its time came long ago: the sending program did not run. Look whether it still says what is true, then resume it.",
        "Son heure est passée depuis longtemps : le programme d’envoi n’a pas fonctionné. Vérifiez qu’il est encore exact, puis "
        "reprenez-le.",
    ),
}

# Why the mail server cannot be used.
LINE_TROUBLES: dict[str, Text] = {
    LineTrouble.UNREACHABLE: Text("The mail server cannot be reached.", "Le serveur de courriel est injoignable."),
    LineTrouble.STARTTLS: Text(
        "The mail server does not offer encryption (STARTTLS). Nothing is sent in clear.",
        "Le serveur de courriel n’offre pas le chiffrement (STARTTLS). Rien n’est envoyé en clair.",
    ),
    LineTrouble.CERTIFICATE: Text(
        "The mail server’s certificate does not prove who it is. Nothing is sent to it.",
        "Le certificat du serveur de courriel ne prouve pas son identité. Rien ne lui est envoyé.",
    ),
    LineTrouble.SIGN_IN: Text("The mail server does not let us sign in.", "Le serveur de courriel refuse notre connexion."),
    LineTrouble.TOKEN: Text(
        "No access token for the mail server could be had.", "Il a été impossible d’obtenir un jeton d’accès au serveur de courriel."
    ),
    LineTrouble.REFUSED: Text("The mail server takes nothing from us.", "Le serveur de courriel n’accepte rien de nous."),
}

# What the server answered to a mail that simply went is for those who look into it.
TAKEN = Text("The server took it", "Le serveur l’a accepté")

# What the outbox writes beside a change of state. A server's own words are shown as they came.
REASONS: dict[str, Text] = {
    "the consultation is paused": Text("The consultation is paused.", "La consultation est suspendue."),
    "its worker was lost before sending": Text(
        "The sending program stopped before it began; it goes on by itself.",
        "Le programme d’envoi s’est arrêté avant de commencer; l’envoi reprendra de lui-même.",
    ),
    "its worker was lost while sending": Text(
        "The sending program stopped in the middle: nobody knows whether it arrived.",
        "Le programme d’envoi s’est arrêté en plein envoi\u00a0: on ne sait pas si le courriel est arrivé.",
    ),
    "the same bytes once more, by the setting MAIL_RESEND_DOUBTFUL": Text(
        "Sent once more, by the setting MAIL_RESEND_DOUBTFUL.", "Envoyé une fois de plus, selon le réglage MAIL_RESEND_DOUBTFUL."
    ),
    "its last moment has passed": Text("The last moment for it has passed.", "Le dernier moment pour l’envoyer est passé."),
    "a text is missing in one language, or older than its translation": Text(
        "Its text is missing in one language, or older in one than in the other. It goes when the text is mended.",
        "Son texte manque dans une langue, ou y est plus ancien que dans l’autre. Il partira une fois le texte corrigé.",
    ),
    "what it is about does not exist any more": Text("What it is about does not exist any more.", "Son objet n’existe plus."),
    "the address cannot be written to": Text("This is not an address that mail can go to.", "On ne peut pas écrire à cette adresse."),
    "written to meanwhile": Text(
        "The person was written to meanwhile: a reminder would come too soon after it.",
        "On a écrit à cette personne entre-temps\u00a0: un rappel suivrait de trop près.",
    ),
    "replied meanwhile": Text("The person had replied meanwhile.", "La personne avait répondu entre-temps."),
    "the last day to reply has passed": Text("The last day to reply has passed.", "Le dernier jour pour répondre est passé."),
    "the event's English and French do not agree yet": Text(
        "The event’s English and French do not agree yet. It goes when they do.",
        "Les textes français et anglais de l’événement ne concordent pas encore. Il partira ensuite.",
    ),
    "a later reply stands": Text("A later reply stands.", "Une réponse plus récente compte."),
    "the invitation is gone": Text("The invitation does not exist any more.", "L’invitation n’existe plus."),
    "the invitation is no more": Text("The invitation does not exist any more.", "L’invitation n’existe plus."),
    "withdrawn": Text("The invitation was withdrawn.", "L’invitation a été retirée."),
    "the invitation was withdrawn": Text("The invitation was withdrawn.", "L’invitation a été retirée."),
    "the event is cancelled": Text("The event is cancelled.", "L’événement est annulé."),
    "asked not to be written to": Text("Asked not to be contacted.", "A demandé qu’on ne communique pas avec elle ou lui."),
    "there is no address": Text("There is no address.", "Il n’y a pas d’adresse."),
    "there is no mail address": Text("There is no address.", "Il n’y a pas d’adresse."),
    "no address": Text("There is no address.", "Il n’y a pas d’adresse."),
    "the sitting is over": Text("The sitting is over.", "La séance a déjà eu lieu."),
    "the consultation does not invite any more": Text(
        "The consultation is closed: it does not invite any more.", "La consultation est terminée : on n’y invite plus."
    ),
    "the sitting is gone": Text("The sitting does not take place any more.", "La séance n’a plus lieu."),
    "the questionnaire was answered": Text("The questionnaire was answered.", "Le questionnaire a été rempli."),
    "the questionnaire is closed": Text("The questionnaire is closed.", "Le questionnaire est clos."),
    "the nominator cannot be named any more": Text(
        "Whoever nominated this person cannot be named any more.",
        "La personne qui a fait la proposition ne peut plus être nommée.",
    ),
    "the questionnaire is not open yet": Text("The questionnaire is not open yet.", "Le questionnaire n’est pas encore ouvert."),
    "the questionnaire is not whole in both languages": Text(
        "The questionnaire is not whole in both languages. It goes when it is.",
        "Le questionnaire n’est pas complet dans les deux langues. Il partira ensuite.",
    ),
    "suppressed: bounced": Text("A mail to this address came back.", "Un courriel à cette adresse n’a pas été distribué."),
    "suppressed: opted_out": Text("Asked not to receive any more mail.", "A demandé à ne plus recevoir de courriels."),
    "suppressed: complained": Text("Complained about our mail.", "A porté plainte au sujet de nos courriels."),
    "suppressed: staff": Text("The team decided not to write to this address.", "L’équipe a décidé de ne pas écrire à cette adresse."),
    "suppressed: do not contact": Text("Asked not to be contacted.", "A demandé qu’on ne communique pas avec elle ou lui."),
    "sent again by the team": Text("The team had it sent again.", "L’équipe l’a fait envoyer de nouveau."),
    "the team found out that it arrived": Text("The team found out that it arrived.", "L’équipe a su qu’il était arrivé."),
    "cancelled by the team": Text("The team cancelled it.", "L’équipe l’a annulé."),
    "suppressed: no mailings": Text("Wants no invitations and news.", "Ne veut pas d’invitations ni de nouvelles."),
    "suppressed: no reminders": Text("Wants no reminders.", "Ne veut pas de rappels."),
    "the sitting is cancelled": Text("The sitting is cancelled.", "La séance est annulée."),
    "they know it already": Text(
        "What it would have said is known: the change was taken back, or told by another mail.",
        "Ce qu’il aurait dit est connu\u00a0: la modification a été retirée ou annoncée par un autre courriel.",
    ),
    "said no": Text("The person had said no.", "La personne avait répondu non."),
    "invited again": Text("The person was invited again.", "La personne a été invitée de nouveau."),
    "it takes place after all": Text("It takes place after all.", "L’événement a finalement lieu."),
    "the event was changed: it is written afresh": Text(
        "The event was changed, so it is written afresh.", "L’événement a été modifié\u00a0: le courriel sera récrit."
    ),
    "what it says has changed": Text(
        "What it says has changed, so it is written afresh.", "Ce qu’il dit a changé\u00a0: le courriel sera récrit."
    ),
    "its text was changed: it is written afresh": Text(
        "Its text was changed, so it is written afresh.", "Son texte a été modifié\u00a0: le courriel sera récrit."
    ),
    "the person’s particulars were changed: it is written afresh": Text(
        "The person’s particulars were changed, so it is written afresh.",
        "Les renseignements sur la personne ont été modifiés\u00a0: le courriel sera récrit.",
    ),
    "the consultation was edited: it is written afresh": Text(
        "The consultation was edited, so it is written afresh.", "La consultation a été modifiée\u00a0: le courriel sera récrit."
    ),
    "the questionnaire was changed: it is written afresh": Text(
        "The questionnaire was changed, so it is written afresh.", "Le questionnaire a été modifié\u00a0: le courriel sera récrit."
    ),
    "the mailing was stopped": Text("The mailing was stopped.", "L’envoi a été arrêté."),
    "this person is reached by telephone only": Text(
        "This person is reached by telephone only.", "On joint cette personne par téléphone seulement."
    ),
    "its last moment would have passed": Text(
        "The last moment for it would have passed.", "Le dernier moment pour l’envoyer aurait été passé."
    ),
    "became a task": Text(
        "No mail goes: the team calls or writes a letter instead.", "Aucun courriel n’est envoyé : l’équipe appelle ou écrit une lettre."
    ),
    "it waits for the end of the quiet hours": Text("It waits for the end of the quiet hours.", "Il attend la fin des heures de repos."),
    "it waits for this person's safe hours": Text(
        "It waits for the hours at which this person may be reached.",
        "Il attend les heures auxquelles on peut joindre cette personne.",
    ),
    "wants no reminders": Text("Wants no reminders.", "Ne veut pas de rappels."),
    "a mail to them came back": Text("A mail to this address came back.", "Un courriel à cette adresse n’a pas été distribué."),
    "has no seat any more": Text("Has no seat any more.", "N’a plus de place."),
    "the sitting has begun": Text("The sitting has begun.", "La séance a commencé."),
    "the sitting was moved": Text("The sitting was moved.", "La séance a été déplacée."),
    "not needed, says the team": Text("The team says that it is not needed.", "L’équipe a indiqué que ce n’est pas nécessaire."),
    **{WHY_HELD[each]: said for each, said in HOLDS.items()},
    LOST_IN_RESTORE: Text(
        "The database was put back to a moment at which it was being sent: nobody knows whether it arrived.",
        "La base de données a été ramenée à un moment où il partait : on ne sait pas s’il est arrivé.",
    ),
    "let go by the team": Text("The team let it go.", "L’équipe l’a laissé partir."),
    "waits for the team": Text("It waits until the team has looked at it.", "Il attend que l’équipe l’ait examiné."),
    "its domain takes no more mail for now": Text(
        "Its domain takes no more mail for now; it goes later by itself.",
        "Son domaine n’accepte plus de courriels pour l’instant; il partira plus tard de lui-même.",
    ),
    "what is stored of it cannot be opened": Text(
        "What is stored of it cannot be opened with the keys there are.",
        "Ce qui en est conservé ne peut pas être ouvert avec les clés actuelles.",
    ),
}

# What mail systems reported of a message that had gone.
_REPORTED: dict[str, Text] = {
    DELAYED: Text("A mail system says that it is late on its way.", "Un système de courriel signale un retard."),
    CAME_BACK: Text("It came back.", "Il n’a pas été distribué."),
    COMPLAINED: Text("Somebody complained about it.", "Quelqu’un s’en est plaint."),
}


def why_of_step(why: str) -> Text | None:
    """Return in words why a message came to a state, a report's status in brackets; None for what only a mail server's own words say."""
    head, _, status = why.partition(": ")
    reported = _REPORTED.get(head)
    if reported is None or not status:
        return reported or REASONS.get(why)
    return Text(f"{reported.en} ({status})", f"{reported.fr} ({status})")


# What stands for a placeholder where a text is tried out; what is not listed stands as its name.
SAMPLES: dict[str, Text] = {
    "name": Text("Dominique Tremblay", "Dominique Tremblay"),
    "salutation": Text("Dear Dominique Tremblay,", "Bonjour Dominique Tremblay,"),
    "lead": Text("[who leads the consultation]", "[responsable de la consultation]"),
    "consultation_title": Text("[title of the consultation]", "[titre de la consultation]"),
    "event_name": Text("[event]", "[événement]"),
    "event_title": Text("[title of the event]", "[titre de l’événement]"),
    "event_kind": Text("[kind of event]", "[type d’événement]"),
    "when": Text("[date and time]", "[date et heure]"),
    "where": Text("[place]", "[lieu]"),
    "access": Text("[how to get in]", "[accès]"),
    "reply_link": Text("[personal link]", "[lien personnel]"),
    "link": Text("[personal link]", "[lien personnel]"),
    "contact": Text("[how to reach the team]", "[comment joindre l’équipe]"),
    "support_line": Text("[support line]", "[ligne d’aide]"),
    "about": Text("[what the event is about]", "[sujet de l’événement]"),
    "agenda": Text("[agenda]", "[ordre du jour]"),
    "part": Text("[which of several sittings]", "[laquelle des séances]"),
    "reply_by": Text("[last day to reply]", "[dernier jour pour répondre]"),
    "recorded": Text("[what was recorded]", "[ce qui a été noté]"),
    "questionnaire": Text("[the questionnaire instead]", "[questionnaire à la place]"),
    "questionnaire_title": Text("[title of the questionnaire]", "[titre du questionnaire]"),
    "closes_on": Text("[closing date]", "[date de clôture]"),
    "code": Text("123456", "123456"),
    "nominator": Text("[who nominated them]", "[qui l’a proposée ou proposé]"),
    "preferences": Text("[link to choose which mails one gets]", "[lien pour choisir ses courriels]"),
    "subject": Text("[subject of the mail]", "[objet du courriel]"),
    "body": Text("[text of the mail]", "[texte du courriel]"),
    "reader": Text("Dominique Tremblay", "Dominique Tremblay"),
    "changes": Text("[what has changed, before and now]", "[ce qui a changé, avant et maintenant]"),
    "note": Text("[a note of the team, if there is one]", "[une note de l’équipe, s’il y en a une]"),
    "link_line": Text("[online link, for an online seat]", "[lien de connexion, pour une place en ligne]"),
    "your_reply": Text("[the reply that stands]", "[votre réponse actuelle]"),
    "draft": Text("[that a draft is kept, or that part is enough]", "[brouillon conservé, ou une partie suffit]"),
    "online": Text("[online link, for online seats]", "[lien, pour les places en ligne]"),
    "arrive": Text("[when it begins]", "[heure de début]"),
}


def words_for_reason(outcome: str, state: State) -> Text | None:
    """Return why a message stands where it does, in words of ours; None where there is no reason, or a server's own words are it.

    What a server answered to a mail that simply went is no reason: it took it.
    """
    return why_of_step(outcome) or (TAKEN if state == State.SENT and outcome[:1].isdigit() else None)


def placeholder_words(name: str) -> Text:
    """Return what stands in place of a placeholder, in words or by an example."""
    return Text(*(SAMPLES[name].in_(side).strip("[]") if name in SAMPLES else name for side in ("en", "fr")))


def purpose_name(purpose: str) -> Text:
    """Return what a kind of mail is called."""
    return PURPOSES.get(purpose) or Text(purpose, purpose)
