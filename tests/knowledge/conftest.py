"""Small archives and folders of documents, made with the libraries' own writers."""

from pathlib import Path

import pytest

from scripts.knowledge.archive import page, write_archive, written


@pytest.fixture(scope="session")
def zim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty articles and a redirect, with an index of all words."""
    path = tmp_path_factory.mktemp("zim") / "wikipedia.zim"
    return write_archive(path, written(), redirects=[("Luna", "Luna", "Moon"), ("Bee", "Bee", "Honey_bee")])


@pytest.fixture(scope="session")
def titles_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same kind of archive without an index of words, by another publisher."""
    path = tmp_path_factory.mktemp("zim") / "small.zim"
    text = "A kettle boils water for tea and coffee, on a stove or with electricity of its own."
    return write_archive(path, [("Kettle", "Kettle", page("Kettle", text))], index=False, Title="Kitchen", Creator="Us")


def pdf_of(path: Path, *pages: str, password: str = "") -> Path:
    """A PDF with one line of text a page, written byte by byte; encrypted by pypdf where a password is given."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kids = []
    for text in pages:
        stream = f"BT /F1 12 Tf 20 700 Td ({text}) Tj ET"
        number = len(objects) + 1
        kids.append(f"{number} 0 R")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {number + 1} 0 R "
            f"/Resources << /Font << /F1 {font} >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    data, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    data += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    path.write_bytes(data)
    if password:
        import pypdf

        writer = pypdf.PdfWriter(clone_from=str(path))
        writer.encrypt(password, algorithm="AES-256")
        with path.open("wb") as file:
            writer.write(file)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A household's documents."""
    place = tmp_path / "documents"
    (place / "manuals").mkdir(parents=True)
    (place / "boiler_manual.md").write_text(
        "# Boiler\n\n## Pressure\n\nThe boiler needs a pressure of **1.5 bar**. Turn the [filling tap](tap.md) to the "
        "left until the needle is green.\n\n## Service\n\n- Service is due every October.\n"
    )
    (place / "house rules.txt").write_text("The rubbish goes out on Tuesday evening.\n\nThe cat is called Otto.\n")
    pdf_of(place / "manuals" / "dishwasher-b200.pdf", "The dishwasher takes regenerating salt in the left chamber.")
    return place
