"""Forms over what is stored already: nobody's page that was opened earlier puts an older value back.

The page says what it had shown, field by field, as short marks. Where something was changed
since, the form is refused once: a field that this person left alone takes the new value, one
that both changed keeps what was typed and says what stands now. Two who save within the same
moment are not told apart.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Self

from flask_babel import gettext
from wtforms import BooleanField, FileField, HiddenField

from engagement.kernel.forms import Form

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_SHOWN = 200


class EditForm(Form):
    """A form that changes a row; its page holds ``form.marks`` in the hidden field ``as_shown``."""

    as_shown = HiddenField()

    @property
    def marks(self) -> str:
        """Return what the page says it had shown: what came with the form, else the values as they are now."""
        posted = self.as_shown.data
        return str(posted) if posted else json.dumps({field.name: _mark(field) for field in self._changeable()})

    def _changeable(self) -> Iterator[Any]:
        return (field for field in self if not isinstance(field, HiddenField | FileField))

    def still_stands(self, fresh: Self) -> bool:
        """Return whether nothing was changed since the page was shown; ``fresh`` is the form as it would be shown now.

        Else both are brought together, and the form says what was changed meanwhile. A form
        without marks is taken as it is.
        """
        shown, current, said, apart = _read(self.as_shown.data), {field.name: field for field in fresh}, [], []
        for field in self._changeable():
            now = current.get(field.name)
            if now is None or field.name not in shown or _mark(now) == shown[field.name]:
                continue
            if _mark(field) == shown[field.name]:
                said.append(str(field.label.text))
                field.data, field.raw_data = now.data, None
            elif _mark(field) != _mark(now):
                apart.append((field, now))
        for field, now in apart:
            field.errors = [*field.errors, gettext("Somebody has changed this meanwhile. Now it says: %(words)s", words=_words(now))]
        if said:
            changed = ", ".join(said)
            self.form_errors.append(gettext("Meanwhile somebody has changed: %(fields)s. Look it over, then save again.", fields=changed))
        if said or apart:
            self.as_shown.data = fresh.marks
        return not said and not apart


def _read(marks: Any) -> dict[str, str]:
    try:
        read = json.loads(marks or "{}")
    except ValueError:
        return {}
    return {str(name): str(mark) for name, mark in read.items()} if isinstance(read, dict) else {}


def _plain(field: Any) -> str:
    """Return a value in one form, whether it was stored or typed."""
    data = field.data
    if isinstance(data, list | tuple | set | frozenset):
        return " ".join(sorted(str(each) for each in data))
    return str(data) if data else ""


def _mark(field: Any) -> str:
    return hashlib.sha256(_plain(field).encode()).hexdigest()[:12]


def _words(field: Any) -> str:
    """Return what a field holds as it is read, shortened."""
    if isinstance(field, BooleanField):
        return str(gettext("yes") if field.data else gettext("no"))
    labels = {str(value): str(label) for value, label, *_ in field.iter_choices()} if hasattr(field, "iter_choices") else {}
    plain = labels.get(_plain(field), _plain(field)) or gettext("(empty)")
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[:LONGEST_SHOWN]}…"
