"""Sections as one page that asks nothing of any network, in every language.

- Every sentence stands in the page in every language; a switch without JavaScript shows one of them.
- Everything is escaped by default; what is marked as HTML was made of numbers and escaped words.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from plainfilm.locales import name_of, tag_of
from plainfilm.messages import LANGUAGES, Text, say, shown
from plainfilm.present.blocks import Bar, Block, Lines, Link, Reliability, Section, Trend
from plainfilm.present.charts import bar, reliability_chart, trend_chart
from plainfilm.present.markup import in_all, markup


def in_html(sections: Sequence[Section], title: Text, about: Text, authors: str | None, *, language: str) -> str:
    """The page.

    Args:
        sections: in order.
        title: of the page.
        about: what it is about, in a line.
        authors: as the recipe names them.
        language: the one that is shown first.
    """
    return (
        environment(drawn, autoescape=True)
        .get_template("report.html")
        .render(
            sections=sections,
            title=title,
            about=about,
            authors=authors,
            language=language,
            languages=LANGUAGES,
            tag_of=tag_of,
            name_of=name_of,
            in_all=in_all,
            shown=shown,
            say=say,
        )
    )


def fragment(blocks: Iterable[Block], language: str) -> str:
    """Blocks in one language, to stand in a page of others: a notebook's, whose colours they take."""
    template = environment(partial(drawn, languages=(language,)), autoescape=True).get_template("fragment.html")
    return template.render(blocks=list(blocks), in_all=partial(in_all, languages=(language,)), say=say)


def drawn(value: object, languages: Sequence[str] = LANGUAGES) -> object:
    """A cell or a drawing as HTML."""
    if isinstance(value, Bar):
        return bar(value)
    if isinstance(value, Reliability):
        return reliability_chart(value, languages)
    if isinstance(value, Trend):
        return trend_chart(value, languages)
    if isinstance(value, Link):
        return Markup('<a href="#{}">{}</a>').format(value.section, markup(value.words, languages))
    if isinstance(value, Lines):
        return Markup("<br>").join(Markup("{}").format(drawn(cell, languages)) for cell in value.cells)
    return markup(value, languages)


def environment(finalize: Callable[[object], object], *, autoescape: bool) -> Environment:
    """Where the templates are, of which a value is shown by `finalize`."""
    return Environment(
        loader=PackageLoader("plainfilm.present"),
        autoescape=autoescape,  # noqa: S701 - off for Markdown alone, which escapes by itself
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=finalize,
    )
