"""What the public is told about where a consultation stands."""

from __future__ import annotations

from engagement.consultations.models import Status
from engagement.kernel.bilingual import Text

SHORT: dict[Status, Text] = {
    Status.PLANNED: Text("Planned", "À venir"),
    Status.OPEN: Text("Open", "En cours"),
    Status.PAUSED: Text("Paused", "Suspendue"),
    Status.ANALYSING: Text("Closed, being analysed", "Terminée, en cours d’analyse"),
    Status.REPORTED: Text("Closed, report published", "Terminée, rapport publié"),
    Status.NOT_GOING_FORWARD: Text("Not going forward", "Abandonnée"),
}

EXPLAINED: dict[Status, Text] = {
    Status.PLANNED: Text("It has not begun yet.", "Elle n’a pas encore commencé."),
    Status.OPEN: Text("We are listening.", "Nous sommes à l’écoute."),
    Status.PAUSED: Text(
        "This consultation is paused. Nothing is sent or due for now, and no date counts until it goes on. "
        "What you already told us is kept.",
        "Cette consultation est suspendue. Rien n’est envoyé ni attendu pour l’instant, et aucune date ne compte jusqu’à sa reprise. "
        "Ce que vous nous avez déjà dit est conservé.",
    ),
    Status.ANALYSING: Text("We are going through what we heard.", "Nous étudions ce que nous avons entendu."),
    Status.REPORTED: Text("Thank you to everybody who took part.", "Merci à toutes les personnes qui ont participé."),
    Status.NOT_GOING_FORWARD: Text("This consultation does not go forward.", "Cette consultation n’ira pas de l’avant."),
}
