"""What kinds of event, formats, agenda items, parts and needs are called."""

from __future__ import annotations

from engagement.events.models import AgendaKind, EventStatus, Format, Kind, Part, SeatState
from engagement.kernel.bilingual import Text

KINDS: dict[Kind, Text] = {
    Kind.ROUNDTABLE: Text("Roundtable", "Table ronde"),
    Kind.SUMMIT: Text("Summit", "Sommet"),
    Kind.MEETING: Text("Meeting", "Réunion"),
    Kind.INFORMATION_SESSION: Text("Information session", "Séance d’information"),
}
FORMATS: dict[Format, Text] = {
    Format.IN_PERSON: Text("In person", "En personne"),
    Format.ONLINE: Text("Online", "En ligne"),
    Format.HYBRID: Text("Hybrid: in person and online", "Hybride\u00a0: en personne et en ligne"),
}
STATUSES: dict[EventStatus, Text] = {
    EventStatus.SCHEDULED: Text("Scheduled", "Prévu"),
    EventStatus.CANCELLED: Text("Cancelled", "Annulé"),
}
SEATS: dict[SeatState, Text] = {
    SeatState.TAKEN: Text("Seat taken", "Place prise"),
    SeatState.WAITING: Text("Waiting", "En attente"),
}
AGENDA_KINDS: dict[AgendaKind, Text] = {
    AgendaKind.WELCOME: Text("Welcome", "Mot de bienvenue"),
    AgendaKind.GUEST_SPEAKER: Text("Guest speaker", "Conférence"),
    AgendaKind.PRESENTATION: Text("Presentation", "Présentation"),
    AgendaKind.PANEL: Text("Panel discussion", "Discussion en groupe d’experts"),
    AgendaKind.PLENARY: Text("Plenary", "Plénière"),
    AgendaKind.BREAKOUT: Text("Breakout", "Atelier"),
    AgendaKind.BREAK: Text("Break", "Pause"),
}
PARTS: dict[Part, Text] = {
    Part.SPEAKER: Text("Speaker", "Conférence"),
    Part.PANELIST: Text("Panelist", "Panéliste"),
    Part.MODERATOR: Text("Moderator", "Modération"),
    Part.FACILITATOR: Text("Facilitator", "Animation"),
    Part.NOTE_TAKER: Text("Note-taker", "Prise de notes"),
    Part.INTERPRETER: Text("Interpreter", "Interprète"),
    Part.ELDER: Text("Elder", "Aînée ou aîné"),
    Part.SUPPORT_PERSON: Text("Support person", "Personne de soutien"),
}
INTERPRETATION: dict[str, Text] = {
    "asl": Text("Sign language (ASL)", "Langue des signes (ASL)"),
    "lsq": Text("Sign language (LSQ)", "Langue des signes (LSQ)"),
    "captioning": Text("Captioning", "Sous-titrage"),
    "english": Text("Interpretation into English", "Interprétation vers l’anglais"),
    "french": Text("Interpretation into French", "Interprétation vers le français"),
}
