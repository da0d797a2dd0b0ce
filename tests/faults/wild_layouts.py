"""Layouts: how the folders of a data set lie, from the plain one to those of well-known sets and of other programs.

Names, separators and spellings of the public sets are theirs, the rows and numbers invented. A layout is a pattern of
paths, a skin, and changes to it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from numpy.random import Generator

from faults import wild_links as links
from faults import wild_lists as lists
from faults import wild_litter as litter
from faults import wild_skins as skins
from faults.wild_films import NUM_FILMS, ending, film_bytes
from faults.wild_truth import Draft, File, Film, film_file

CLASSES = (
    ("NORMAL", "COVID"),
    ("Normal", "Viral Pneumonia", "COVID"),
    ("normal", "pneumonia"),
    ("NORMAL", "Viral_Pneumonia", "COVID"),
    ("正常", "新冠"),
    ("0", "1"),
    ("COVID-19", "No Finding"),
)
CHINESE, JAPANESE = ("正常", "新冠肺炎"), ("正常", "ウイルス肺炎")
ACCENTED = ("Normal", "Neumoni\u0301a")  # a decomposed letter, as macOS writes it
RADIOGRAPHY = ("Normal", "Viral Pneumonia", "COVID")
RSNA = ("Normal", "Lung Opacity", "No Lung Opacity / Not Normal")
NIH = ("No Finding", "Infiltration", "Pleural_Thickening")
VINDR = ("No finding", "Nodule/Mass")


@dataclass(frozen=True)
class Layout:
    """Where films lie and in which form.

    `suffixes`: endings of names in turn, instead of the form's own. `parts`: the folders of training, validation and
    test. `tables`: whether a table "may", "must" or can "never" be given, or comes with the layout ("own"). Films are dealt
    to the sources in turn, one a skin.
    """

    pattern: str = "{label}/{name}"
    forms: tuple[str, ...] = ("png",)
    suffixes: tuple[str, ...] = ()
    skins: tuple[str, ...] = ("folder",)
    parts: tuple[str, str, str] = ("train", "val", "test")
    classes: tuple[str, ...] = ()
    changes: tuple[Callable[[Draft], object], ...] = ()
    tables: str = "may"

    @property
    def names_parts(self) -> bool:
        """Whether folders are the set's own split."""
        return "{part}" in self.pattern

    @property
    def names_classes(self) -> bool:
        """Whether folders are classes."""
        return "{label}" in self.pattern


def lay(layout: Layout, random: Generator, name: str, size: int) -> Draft:
    """A data set of about `size` films a class in a layout, without tables of its own choice and without damages."""
    first, second, _ = layout.parts
    classes = layout.classes or CLASSES[random.integers(len(CLASSES))]
    films = cast(random, classes, size, has_validation=not layout.names_parts or first != second)
    draft = Draft(random, [name], films, names_parts=layout.names_parts)
    roots = ["data"] if len(layout.skins) == 1 else [f"part_{number + 1:03d}" for number in range(len(layout.skins))]
    draft.sources = [skins.named(root, skin) for root, skin in zip(roots, layout.skins, strict=True)]
    ranks: dict[str, int] = {}
    for place, film in enumerate(draft.films):
        form, suffix = layout.forms[place % len(layout.forms)], None
        if layout.suffixes:
            suffix = layout.suffixes[place // len(layout.forms) % len(layout.suffixes)]
        follow, rank = (ranks.setdefault(key, 0) for key in (film.patient, f"class {film.label}"))
        ranks |= {film.patient: follow + 1, f"class {film.label}": rank + 1}
        path = path_of(layout, film, follow, rank) + (ending(form) if suffix is None else suffix)
        draft.change(place % len(layout.skins), path, _file(layout, film, form))
    for change in layout.changes:
        change(draft)
    return draft


def _file(layout: Layout, film: Film, form: str) -> File:
    is_dicom = form == "dicom"
    content = film_bytes(film.number, form, film.patient if is_dicom else "")
    return replace(
        film_file(content, film),
        patient=f"header {film.patient}" if is_dicom else "",
        part=film.part if layout.names_parts else "",
    )


def path_of(layout: Layout, film: Film, follow: int, rank: int) -> str:
    """The path of a film, without its ending: film `follow` of its patient and `rank` of its class."""
    part = dict(zip(("train", "validation", "test"), layout.parts, strict=True))[film.part]
    return layout.pattern.format(
        label=film.label,
        part=part,
        name=f"film-{film.number:04d}",
        number=film.number,
        patient=film.patient,
        follow=follow,
        rank=rank,
        shard=1 + film.number % 2,
        code=f"{(film.number + 1) * 0x9E3779B97F4A7C15:032x}"[-32:],
    )


def cast(random: Generator, classes: tuple[str, ...], size: int, *, has_validation: bool) -> list[Film]:
    """Films of some classes, each patient of one class and one part, in an order as drawn.

    Of a class, the first patient is for validation and the second for the test of the set's own split; the first four
    have one film, others one or two.
    """
    numbers = iter(random.permutation(NUM_FILMS))
    films = []
    for place, label in enumerate(classes):
        for patient in range(size):
            part = {0: "validation" if has_validation else "train", 1: "test"}.get(patient, "train")
            count = 1 if patient < 4 else 1 + int(random.random() < 0.3)
            name = str(101 + place + len(classes) * patient)
            films += [Film(int(next(numbers)), label, name, part) for _ in range(count)]
    return [films[place] for place in random.permutation(len(films))]


ABOVE = "{part}/{label}/{name}"
IMAGES = "images/{name}"

LAYOUTS: dict[str, Layout] = {
    # class folders
    "class folders": Layout(),
    "class folders in a folder": Layout("set/{label}/{name}"),
    "class folders in two folders": Layout("kaggle/set/{label}/{name}"),
    "class folders in three folders": Layout("home/kaggle/set/{label}/{name}"),
    "CLASS/images and masks": Layout("{label}/images/{name}", changes=(litter.masks,)),
    "CLASS/IMAGES and MASKS": Layout("{label}/IMAGES/{name}", changes=(partial(litter.masks, folder="MASKS"),)),
    "a radiography database": Layout(
        "COVID-19_Radiography_Dataset/{label}/images/{name}",
        classes=RADIOGRAPHY,
        changes=(litter.masks, litter.spreadsheets),
    ),
    "images/CLASS": Layout("images/{label}/{name}"),
    "decomposed class names": Layout(classes=ACCENTED),
    "names with blanks and brackets": Layout("{label}/{label} ({number})"),
    "the same names in every class": Layout("{label}/{rank}"),
    "endings in capitals": Layout(suffixes=(".PNG",)),
    # forms
    "JPEG in all its endings": Layout(forms=("jpeg",), suffixes=(".jpg", ".jpeg", ".JPG", ".jpe")),
    "TIFF": Layout(forms=("tiff",), suffixes=(".tif", ".tiff", ".TIF")),
    "jfif": Layout(forms=("jfif",)),
    "BMP": Layout(forms=("bmp",)),
    "WebP": Layout(forms=("webp",)),
    "JPEG 2000": Layout(forms=("jp2",), suffixes=(".jp2", ".j2k")),
    "every format": Layout(forms=("png", "jfif", "bmp", "webp", "tiff", "deep png")),
    "PNG without endings": Layout(suffixes=("",)),
    "endings of other formats": Layout(forms=("png", "jpeg"), suffixes=(".jpg", ".png")),
    "DICOM": Layout(forms=("dicom",), suffixes=(".dcm", ".dicom", ".IMA", ".DCM")),
    "DICOM without endings": Layout("{label}/IM{number:05d}", ("dicom",), ("",)),
    "a PACS export": Layout(
        "PAT{patient:0>5}/STU00001/SER00001/IM{number:05d}",
        ("dicom",),
        ("",),
        changes=(litter.dicomdir,),
        tables="must",
    ),
    # the set's own split
    "train, val, test above": Layout(f"chest_xray/{ABOVE}"),
    "train, valid, test above": Layout(ABOVE, parts=("train", "valid", "test")),
    "Training, Validation, Testing above": Layout(ABOVE, parts=("Training", "Validation", "Testing")),
    "Train, Test above": Layout(ABOVE, parts=("Train", "Train", "Test")),
    "a split below the class": Layout("{label}/{part}/{name}"),
    "a split above images/CLASS": Layout("{part}/images/{label}/{name}"),
    "a split below the class, with images/": Layout("{label}/{part}/images/{name}"),
    "a tree within its copy": Layout("chest_xray/{part}/{label}/{name}", changes=(litter.nested_copy,)),
    "lists of patient, file, class, source": Layout(
        "{part}/{name}", classes=("negative", "positive"), changes=(lists.patient_lists,), tables="own"
    ),
    "a table and lists of names": Layout(
        "images/{patient:0>8}_{follow:03d}", classes=NIH, changes=(lists.name_lists,), tables="must"
    ),
    # archives
    "zip": Layout(skins=("zip with folders",)),
    "zip with backslashes": Layout("data/{label}/{name}", skins=("zip with backslashes",)),
    "zip with mixed slashes": Layout("data/{label}/{name}", skins=("zip with mixed slashes",)),
    "zip in GBK": Layout(skins=("zip in GBK",), classes=CHINESE),
    "zip in Shift-JIS": Layout(skins=("zip in Shift-JIS",), classes=JAPANESE),
    "zip in UTF-8 without flag": Layout(skins=("zip in UTF-8 without flag",), classes=CHINESE),
    "zip with Unicode paths": Layout(skins=("zip with Unicode paths",), classes=CHINESE),
    "zip of macOS": Layout("set/{label}/{name}", skins=("zip of macOS",), classes=ACCENTED, changes=(litter.macos,)),
    "tar": Layout(skins=("tar with ./",)),
    "tar.gz": Layout(f"set/{ABOVE}", skins=("tar.gz",)),
    "tar.bz2": Layout(skins=("tar.bz2",)),
    "tar.xz": Layout(skins=("tar.xz",)),
    "several tar.gz": Layout(
        "images/{patient:0>8}_{follow:03d}", skins=("tar.gz", "tar.gz"), classes=NIH, tables="must"
    ),
    "a zip and a folder": Layout(skins=("zip", "folder")),
    # links
    "a class folder linked inside": Layout("raw/{label}/{name}", changes=(links.class_linked_inside,)),
    "a class folder linked outside": Layout(changes=(links.class_linked_outside,), tables="never"),
    "a class folder linked outside, followed": Layout(
        changes=(partial(links.class_linked_outside, is_followed=True),), tables="never"
    ),
    "linked films, followed": Layout(changes=(links.films_linked,), tables="never"),
    "a linked root": Layout(changes=(links.root_linked,)),
    # what other programs and this one leave behind
    "thumbnails of Synology": Layout(changes=(litter.synology,)),
    "files of macOS and Windows": Layout(changes=(litter.macos, litter.windows)),
    "checkpoints of Jupyter": Layout(changes=(litter.jupyter,)),
    "bins and versions": Layout(changes=(litter.bins, litter.versions)),
    "runs inside": Layout(changes=(litter.own_run,)),
    "maps and an index inside": Layout(changes=(litter.own_maps, litter.own_index)),
    # public sets
    "NIH": Layout(
        "images_{shard:03d}/images/{patient:0>8}_{follow:03d}", classes=NIH, changes=(lists.readme,), tables="must"
    ),
    "CheXpert": Layout(
        "train/patient{patient:0>5}/study{number}/view1_frontal",
        ("jpeg",),
        classes=("No Finding", "Edema"),
        tables="must",
    ),
    "MIMIC": Layout("files/p10/p10000{patient}/s50{number:06d}/{code}", ("jpeg",), tables="must"),
    "PadChest": Layout("{shard}/{code}_{number}", ("deep png",), classes=("normal", "pneumonia"), tables="must"),
    "VinDr": Layout("train/{code}", ("dicom",), (".dicom",), classes=VINDR, tables="must"),
    "RSNA": Layout("stage_2_train_images/{code}", ("dicom",), (".dcm",), classes=RSNA, tables="must"),
    # a table in place of the folder
    "a table as the source": Layout(IMAGES, changes=(lists.as_source,), tables="own"),
}
