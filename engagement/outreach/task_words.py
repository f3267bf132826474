"""What calls and letters, their reasons and their outcomes are called."""

from __future__ import annotations

from engagement.kernel.bilingual import Text
from engagement.mailing.models import TaskChannel, TaskOutcome, TaskReason, TaskState

CHANNELS: dict[TaskChannel, Text] = {
    TaskChannel.CALL: Text("Call", "Appel"),
    TaskChannel.LETTER: Text("Letter", "Lettre"),
}
REASONS: dict[TaskReason, Text] = {
    TaskReason.NO_ADDRESS: Text("No mail address", "Aucune adresse de courriel"),
    TaskReason.SAFE_HOURS: Text("Safe hours", "Heures sécuritaires"),
    TaskReason.OPTED_OUT: Text("Wants no mail, and holds a seat", "Ne veut pas de courriels et a une place"),
    TaskReason.BOUNCED: Text("Mail came back, and holds a seat", "Courriel non distribué, et a une place"),
    TaskReason.STAFF: Text("Chosen by the team", "Choix de l’équipe"),
}
STATES: dict[TaskState, Text] = {
    TaskState.OPEN: Text("To be done", "À faire"),
    TaskState.DONE: Text("Done", "Fait"),
    TaskState.DROPPED: Text("Not needed any more", "Plus nécessaire"),
}
OUTCOMES: dict[TaskOutcome, Text] = {
    TaskOutcome.REACHED: Text("Reached", "Personne jointe"),
    TaskOutcome.LEFT_MESSAGE: Text("Left a message", "Message laissé"),
    TaskOutcome.NO_ANSWER: Text("No answer", "Pas de réponse"),
    TaskOutcome.WRONG_NUMBER: Text("Wrong number", "Mauvais numéro"),
    TaskOutcome.LETTER_SENT: Text("Letter sent", "Lettre envoyée"),
    TaskOutcome.NOT_NEEDED: Text("Not needed", "Pas nécessaire"),
}
