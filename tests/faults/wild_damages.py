"""Damages of a data set: films that cannot be read, other files beside films, pipes, links that lead nowhere, copies."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from faults import wild_films as films
from faults.wild_films import NUM_FILMS, film_bytes
from faults.wild_links import DOUBLE
from faults.wild_truth import Draft, File, Film, film_file, left, other_file, perhaps


@dataclass(frozen=True)
class Damage:
    """What is done, and to which data sets: all, those in folders or in archives, those whose folders are classes."""

    do: Callable[[Draft], object]
    needs: str = "all"


def _places(draft: Draft) -> list[tuple[int, PurePosixPath, File]]:
    """The films beside which another file may lie, in an order as drawn."""
    found = [
        (origin, PurePosixPath(path), file)
        for origin, path, file in draft.all_files()
        if file.film and file.use != "never" and not file.is_behind
    ]
    return [found[place] for place in draft.random.permutation(len(found))]


def _beside(draft: Draft, name: str, file: File) -> None:
    origin, path, _ = _places(draft)[0]
    draft.change(origin, str(path.parent / name), file)
    draft.may_warn |= not file.reasons <= {"hidden", "special", "text"}  # of what may have been meant as a film


def _add_film(draft: Draft, origin: int, path: PurePosixPath, file: File) -> None:
    """Add a film of the class of its folder, and of its part if folders name parts; no table knows of it."""
    file = file if draft.names_parts else replace(file, part="")
    if draft.recipe and not draft.names_parts:
        file = left(file, "no-part", "no-label")
    elif draft.is_labelled:
        file = perhaps(file, "no-label")
    draft.change(origin, str(path), file)


def _at_root(draft: Draft, name: str, file: File) -> None:
    draft.change(int(draft.random.integers(len(draft.sources))), name, file)


def _unused(draft: Draft) -> int:
    """The number of a film that is not in the data set."""
    used = {film.number for film in draft.films}
    number = next(number for number in range(NUM_FILMS) if number not in used)
    draft.films.append(Film(number, "", ""))  # so that no other damage takes it
    return number


# --- what cannot be read, or is something else -----------------------------------------------------------------------


def cut_film(draft: Draft) -> None:
    """A film that was cut off."""
    data = film_bytes(_unused(draft), "png")
    _beside(draft, "cut.png", other_file(data[: len(data) // 2], "unreadable"))


def empty_film(draft: Draft) -> None:
    """A file of no bytes with the name of a film."""
    _beside(draft, "empty.jpg", other_file(b"", "unreadable", "no-image"))


def false_film(draft: Draft) -> None:
    """The page of an error, saved under the name of a film."""
    page = b"<!DOCTYPE html><html><body>403 Forbidden</body></html>\n"
    _beside(draft, "failed.png", other_file(page, "unreadable", "text", "no-image"))


def small_film(draft: Draft) -> None:
    """An icon."""
    _beside(draft, "icon.png", other_file(films.png(films.pixels(0)[:8, :8]), "unreadable"))


def other_pictures(draft: Draft) -> None:
    """Pictures of kinds that are no films here."""
    number = _unused(draft)
    kinds = {"a.gif": films.gif(number), "b.heic": films.HEIC, "c.psd": films.PSD, "d.npy": films.volume(number)}
    for name, data in (kinds | {"e.nii": films.nifti(number)}).items():
        _beside(draft, name, other_file(data, "other-image", "no-image"))
    _beside(draft, "f.svg", other_file(films.SVG, "other-image", "text", "no-image"))


def texts(draft: Draft) -> None:
    """Texts and tables that nobody gave."""
    for name in ("README.txt", "notes.md", "labels.json", "list.csv", "LICENSE"):
        _at_root(draft, name, other_file(b'{"note": "read me"}\n', "text"))
    _at_root(draft, "films.xlsx", other_file(films.spreadsheet(), "no-image", "text"))
    draft.may_warn |= any(source.skin != "folder" for source in draft.sources) and len(draft.sources) > 1


def archive_inside(draft: Draft) -> None:
    """An archive within the data set: what is in it is not looked at."""
    _at_root(draft, "more.zip", other_file(films.spreadsheet(), "no-image", "text", "other-image"))
    draft.may_warn = True


# --- what is no regular file -----------------------------------------------------------------------------------------


def pipe(draft: Draft) -> None:
    """A pipe with the name of a film: who opens it waits for ever."""
    _beside(draft, "pipe.png", File(is_pipe=True, reasons=frozenset({"special"})))


def broken_link(draft: Draft) -> None:
    """A link to a film that is gone."""
    _beside(draft, "gone.png", File(link="../nowhere/gone.png", reasons=frozenset({"link", "missing"})))
    draft.may_warn = True


def link_loop(draft: Draft) -> None:
    """A link to the folder that it lies in."""
    _beside(draft, "loop", File(link=".", reasons=DOUBLE))


def link_to_film(draft: Draft) -> None:
    """A link to a film of the same folder: a double visit."""
    origin, path, file = _places(draft)[0]
    link = path.parent / f"a second name{path.suffix}"
    if not file.link:
        draft.change(origin, str(link), File(link=path.name, reasons=DOUBLE))


def unsafe_member(draft: Draft) -> None:
    """A member of an archive whose name leads out of it."""
    data = film_bytes(_unused(draft), "png")
    archive = next(source for source in draft.sources if source.skin != "folder")
    archive.files["../../escaped.png"] = other_file(data, "unsafe")


# --- films -----------------------------------------------------------------------------------------------------------


def copy_in_class(draft: Draft) -> None:
    """A film twice in its folder, under another name: both are used, in one group."""
    origin, path, file = _places(draft)[0]
    assert file.film is not None
    copied = replace(file, film=replace(file.film, patient=""), patient="", link="")
    _add_film(draft, origin, path.parent / f"copy of {path.name}", copied)


def copy_in_other_class(draft: Draft) -> None:
    """A film in the folders of two classes: nobody can tell which is right, unless a table does, which has one row of it."""
    one = _places(draft)[0]
    assert one[2].film is not None
    other = next(place for place in _places(draft) if place[2].film and place[2].film.label != one[2].film.label)
    part = other[2].part if draft.names_parts else ""
    copied = replace(one[2], film=replace(one[2].film, label="", patient=""), patient="", part=part, link="")
    draft.change(other[0], str(other[1].parent / f"again {one[1].name}"), left(copied, "copy-conflict", "no-label"))
    if not draft.is_labelled:
        draft.change(one[0], str(one[1]), left(one[2], "copy-conflict", *one[2].reasons))
    if draft.recipe:
        draft.may_refuse = "a part of the set's own split may have lost its only film of a class"


def hidden_film(draft: Draft) -> None:
    """A film whose name begins with a dot."""
    _beside(draft, ".film.png", other_file(film_bytes(_unused(draft), "png"), "hidden"))


def odd_name(draft: Draft) -> None:
    """A film whose name has blanks, quotes, commas, letters of another script."""
    _new_film(draft, "胸片, \"100%\" & 'co' #1 =2.png")


def bytes_as_name(draft: Draft) -> None:
    """A film whose name is no UTF-8."""
    _new_film(draft, "film-\udcff\udcfe.png")


def _new_film(draft: Draft, name: str) -> None:
    """Another film beside one, of the same class and part."""
    origin, path, file = _places(draft)[0]
    assert file.film is not None
    film = replace(file.film, number=_unused(draft), patient="")
    added = replace(film_file(film_bytes(film.number, "png"), film), part=file.part)
    _add_film(draft, origin, path.parent / name, added)


def loose_film(draft: Draft) -> None:
    """A film that lies beside the class folders: no class is known."""
    number = _unused(draft)
    film = film_file(film_bytes(number, "png"), Film(number, "", ""))
    draft.change(0, "loose.png", left(film, "no-label", "class-unknown", "no-part"))
    draft.may_refuse = "a film beside the class folders"


DAMAGES: dict[str, Damage] = {
    "a film cut off": Damage(cut_film),
    "an empty film": Damage(empty_film),
    "a page named as a film": Damage(false_film),
    "an icon": Damage(small_film),
    "other pictures": Damage(other_pictures),
    "texts": Damage(texts),
    "an archive inside": Damage(archive_inside),
    "a pipe": Damage(pipe, "folder"),
    "a broken link": Damage(broken_link, "folder"),
    "a loop of links": Damage(link_loop, "folder"),
    "a second name by a link": Damage(link_to_film, "folder"),
    "a member that leads out": Damage(unsafe_member, "archive"),
    "a copy in its class": Damage(copy_in_class, "classes"),
    "a copy in another class": Damage(copy_in_other_class, "two classes"),
    "a hidden film": Damage(hidden_film),
    "an odd name": Damage(odd_name, "classes"),
    "a name that is no text": Damage(bytes_as_name, "class folders"),
    "a film beside the classes": Damage(loose_film, "classes"),
}


def fits(name: str, draft: Draft, *, names_classes: bool) -> bool:
    """Whether a damage can be done to a data set."""
    needs, skins = DAMAGES[name].needs, {source.skin for source in draft.sources}
    are_folders = skins == {"folder"}
    return {
        "all": True,
        "folder": are_folders,
        "archive": "folder" not in skins,
        "classes": names_classes,
        "two classes": names_classes and len(draft.by_class()) > 1,
        "class folders": names_classes and are_folders,
    }[needs]
