"""Tables as files: what is written is read back, what is not a table is refused with one line."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from engagement.kernel import tables
from engagement.kernel.tables import FORMULA_STARTS, UnreadableTableError, guarded, read_table, write_csv, write_xlsx

HEADER = ("Name", "Téléphone", "Note")
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
TRICKY = st.sampled_from(
    ["=1+1", "+1 613 555-0100", "'=x", "''+x", "-", "@a", "＝x", "\tx", "a;b", 'say "x"', "a\nb", " x ", "'", "_x0041_"]
)
ROWS = st.lists(st.lists(WORDS | TRICKY, min_size=3, max_size=3).filter(lambda row: any(cell.strip() for cell in row)), max_size=8)


def as_read(rows):
    return [tuple(row) for row in rows]


@given(ROWS)
@settings(max_examples=150, deadline=None)
def test_a_csv_is_read_back_as_it_was_written(rows):
    table = read_table("people.csv", write_csv(HEADER, rows))
    assert table.header == HEADER
    assert table.rows == as_read(blank_ends(rows))


def blank_ends(rows):
    """Cells that hold nothing but space at the end of a row are read as empty."""
    trimmed = []
    for row in rows:
        cells = list(row)
        while cells and not cells[-1].strip():
            cells.pop()
        trimmed.append(cells + [""] * (len(row) - len(cells)))
    return trimmed


@given(st.lists(st.lists(WORDS | TRICKY, min_size=3, max_size=3).filter(lambda row: any(cell.strip() for cell in row)), max_size=40))
@settings(max_examples=6, deadline=None)
def test_a_workbook_is_read_back_as_it_was_written(rows):
    assert read_table("people.xlsx", write_xlsx(HEADER, rows)).rows == as_read(blank_ends(rows))


@given(WORDS | TRICKY | st.builds(str.__add__, st.sampled_from(FORMULA_STARTS), WORDS))
def test_no_text_that_was_guarded_begins_like_a_formula_and_one_guard_comes_off(words):
    assert not guarded(words).startswith(FORMULA_STARTS)
    assert tables._unguarded(guarded(words)) == words


def test_a_telephone_number_survives_as_text_with_an_apostrophe():
    assert "'+1 613 555-0100" in write_csv(["Phone"], [["+1 613 555-0100"]]).decode("utf-8-sig")
    assert read_table("x.xlsx", write_xlsx(["Phone"], [["+1 613 555-0100"]])).rows == [("+1 613 555-0100",)]


def test_numbers_stay_numbers_and_whole_ones_lose_no_digit():
    content = write_xlsx(["N", "Rate"], [[16135550100, 0.5], [None, 2]])
    assert read_table("n.xlsx", content).rows == [("16135550100", "0.5"), ("", "2")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_usual_encoding_and_separator_is_recognised(encoding, separator, end):
    text = end.join([separator.join(row) for row in (["Prénom", "Nom"], ["Noémie", '"Lacs; rivières, été"'])]) + end
    table = read_table("liste.csv", text.encode(encoding))
    assert table.header == ("Prénom", "Nom")
    assert table.rows == [("Noémie", "Lacs; rivières, été")]


def test_the_separator_may_be_named_on_a_line_of_its_own():
    assert read_table("x.csv", b"sep=;\r\na;b,c\r\n1;2\r\n").header == ("a", "b,c")


def test_rows_keep_the_numbers_a_spreadsheet_shows():
    table = read_table("x.csv", b"a,b\n\n1,2\n,\n3,\n4,5,6\n")
    assert table.rows == [("1", "2"), ("3", ""), ("4", "5", "6")]
    assert table.numbers == [3, 5, 6]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n,,\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"%PDF-1.7\nname,email\n", "is not a spreadsheet"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not a spreadsheet"),
        (b"name,email\nA\0,b\n", "Line 2 of “people.csv” is written in an encoding other than"),
        ("name,email\n".encode("utf-16-le"), "Line 1 of “people.csv” is written in an encoding other than"),
        (b"name\n\x81\x8d\xff\n", "Line 2 of “people.csv” is written in an encoding other than"),
        (b"\xff\xfen\0a", "is written in an encoding other than"),
        (b"PK\x03\x04 not a zip at all", "is not a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut short", "is not a spreadsheet"),
        (b'a,b\n1,2\n"3,4\n5,6\n', "Row 3 of"),
        (b'a,b\n"1" x,2\n', "Row 2 of"),
    ],
)
def test_what_is_not_a_table_is_refused_with_one_line_in_both_languages(content, words):
    with pytest.raises(UnreadableTableError) as refused:
        read_table("people.csv", content)
    said = refused.value.said
    assert words in said.en
    assert "people.csv" in said.en
    assert said.fr
    assert "\n" not in said.en + said.fr


def test_a_workbook_that_claims_billions_of_cells_is_refused():
    content = workbook_with('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')
    with pytest.raises(UnreadableTableError):
        read_table("bomb.xlsx", content)


@pytest.mark.slow
def test_a_workbook_that_unpacks_to_more_than_the_memory_it_may_have_is_refused():
    content = zip_of_one_letter()
    with pytest.raises(UnreadableTableError):
        read_table("bomb.xlsx", content)


def workbook_with(rows):
    made = io.BytesIO(write_xlsx(["x"], []))
    out = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                head, _, tail = data.partition(b"<sheetData>")
                data = head + b"<sheetData>" + rows.encode() + b"</sheetData>" + tail.partition(b"</sheetData>")[2]
            target.writestr(name, data)
    return out.getvalue()


def zip_of_one_letter():
    """Return a workbook of 1.3 MB whose one text unpacks to 1.3 GB."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(write_xlsx(["x"], []))) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name != "xl/sharedStrings.xml":
                target.writestr(name, source.read(name))
        with target.open("xl/sharedStrings.xml", "w", force_zip64=True) as strings:
            strings.write(b'<?xml version="1.0"?><sst><si><t>')
            for _ in range(130):
                strings.write(b"x" * 10_000_000)
            strings.write(b"</t></si></sst>")
    return out.getvalue()


def test_a_file_above_the_limit_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(tables, "LARGEST_FILE", 10)
    with pytest.raises(UnreadableTableError, match="larger than"):
        read_table("x.csv", b"a,b\n1,2\n3,4\n")


def test_more_rows_than_the_limit_are_refused_and_as_many_are_read(monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    for write in (write_csv, write_xlsx):
        assert len(read_table("x", write(["a"], [["1"], ["2"]])).rows) == 2
        with pytest.raises(UnreadableTableError, match="more than"):
            read_table("x", write(["a"], [["1"], ["2"], ["3"]]))


def test_the_first_sheet_that_holds_something_is_read():
    from xlsxwriter import Workbook

    out = io.BytesIO()
    with Workbook(out) as book:
        book.add_worksheet("empty")
        book.add_worksheet("people").write_row(2, 1, ["Name", True])
    assert read_table("x.xlsx", out.getvalue()).header == ("", "Name", "TRUE")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("nom\nNoémie\nHélène\n".encode() + "René\n".encode("cp1252"), 4),
        ("nom\nRené\n".encode("cp1252") + "Noémie\n".encode(), 2),
        ("nom\nStéphane\n".encode("mac-roman"), 2),
        ("nom\nHélène\n".encode("mac-roman"), 2),
        ("nom\nStéphane\n".encode("cp850"), 2),
        ("nom\nBenoît\n".encode("cp850"), 2),
        ("nom\nRené\n".encode("cp850"), 2),
        ("nom\nИванов\n".encode("cp1251"), 2),
        (b"nom\nA\nX\xed\xa0\x80Y\n", 3),
        ("nom\nRené\n".encode("utf-16-le"), 1),
        ("nom\nRené\n".encode("utf-16-be"), 1),
    ],
)
def test_a_file_in_another_encoding_is_refused_naming_the_line(content, line):
    with pytest.raises(UnreadableTableError) as refused:
        read_table("gens.csv", content)
    assert refused.value.said.en.startswith(f"Line {line} of “gens.csv” is written in an encoding other than")
    assert refused.value.said.fr.startswith(f"La ligne {line} de «")


@pytest.mark.parametrize(
    "words",
    [
        "Noémie",
        "«\u00a0café\u00a0»",
        "CAFÉ\u00a0",
        "l’été…",
        "Aleš Žižek",
        "créée",
        "Montréal–Québec",
        "SÃO PAULO",
        "naïf",
        "œuvre",
        "80 €",
        "“déjà”",
    ],
)
def test_words_that_people_write_are_read_from_windows_1252(words):
    assert read_table("x.csv", f"a;b\nété;{words}\n".encode("cp1252")).rows == [("été", words)]


def a_workbook(*sheets):
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        for name, rows in sheets:
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if cell.startswith("="):
                        page.write_formula(number, column, cell, None, cell.partition(" ")[2])
                    else:
                        page.write_string(number, column, cell)
    return out.getvalue()


def test_an_error_in_a_workbook_stands_where_it_is():
    content = a_workbook(("Notes", []), ("People", [["Name", "Phone"], ["Ada", "=NA() #N/A"], ["=1/0 #DIV/0!", "613"], ["#N/A", ""]]))
    assert read_table("x.xlsx", content).rows == [("Ada", "#N/A"), ("#DIV/0!", "613"), ("#N/A", "")]


def test_of_a_workbook_it_is_said_which_sheet_was_read_and_which_others_hold_something():
    content = a_workbook(("Empty", []), ("Notes", [["a"], ["1"]]), ("Bare", []), ("People", [["b"], ["2"]]))
    table = read_table("x.xlsx", content)
    assert (table.sheet, table.unread, table.rows) == ("Notes", ("People",), [("1",)])
    assert (read_table("x.csv", b"a\n1\n").sheet, read_table("x.csv", b"a\n1\n").unread) == ("", ())


def test_what_is_merged_over_several_rows_stands_in_each_of_them():
    out = io.BytesIO()
    with Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 1, 0, "Organization")
        sheet.write(0, 1, "Name")
        sheet.merge_range(2, 0, 4, 0, "Harbour Circle")
        for row, name in enumerate(("Ada", "Bo", "Cy"), start=2):
            sheet.write(row, 1, name)
        sheet.merge_range(5, 0, 5, 1, "Notes")
    table = read_table("x.xlsx", out.getvalue())
    assert table.header == ("Organization", "Name")
    assert table.rows[-4:] == [("Harbour Circle", "Ada"), ("Harbour Circle", "Bo"), ("Harbour Circle", "Cy"), ("Notes", "")]
