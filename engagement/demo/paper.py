"""A one-page PDF (ISO 32000-1) with a title and a few lines: the demonstration's background documents."""

from __future__ import annotations


def one_page(title: str, lines: list[str]) -> bytes:
    """Return a letter-size page in Helvetica with these words; letters beyond Latin-1 are not drawn."""
    drawn = ["BT /F1 20 Tf 72 700 Td", _shown(title), "/F1 12 Tf 0 -36 Td 18 TL"]
    drawn += [f"{_shown(line)} T*" for line in lines]
    content = "\n".join([*drawn, "ET"]).encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    return _file(objects)


def _shown(words: str) -> str:
    plain = words.replace("’", "'").replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"({plain}) Tj"


def _file(objects: list[bytes]) -> bytes:
    made, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(made)
