"""What replies, ways of taking part and channels are called."""

from __future__ import annotations

from engagement.invitations.models import Channel, Choice, Mode
from engagement.kernel.bilingual import Text

CHOICES: dict[Choice, Text] = {
    Choice.ACCEPTED: Text("Coming", "Participera"),
    Choice.TENTATIVE: Text("Maybe", "Peut-être"),
    Choice.DECLINED: Text("Cannot come", "Ne peut pas participer"),
}
# Over a number of people.
CHOICES_OF_MANY: dict[Choice, Text] = {
    Choice.ACCEPTED: Text("Coming", "Participeront"),
    Choice.TENTATIVE: Text("Maybe", "Peut-être"),
    Choice.DECLINED: Text("Cannot come", "Ne peuvent pas participer"),
}
MODES: dict[Mode, Text] = {
    Mode.IN_PERSON: Text("In person", "En personne"),
    Mode.ONLINE: Text("Online", "En ligne"),
}
CHANNELS: dict[Channel, Text] = {
    Channel.WEB: Text("Web page", "Page Web"),
    Channel.TELEPHONE: Text("Telephone", "Téléphone"),
    Channel.LETTER: Text("Letter", "Lettre"),
    Channel.EMAIL: Text("Email", "Courriel"),
    Channel.CALENDAR: Text("Calendar", "Calendrier"),
    Channel.IN_PERSON: Text("In conversation", "De vive voix"),
}
