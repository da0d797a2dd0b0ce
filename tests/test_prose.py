"""How the pages are written: short lines, short sentences, few semicolons, the words of the field.

Each rule is a function that returns what breaks it, with the number of the line; the tests at the end plant a fault for
each. What a machine cannot judge (steps before reasons, one idea in a sentence) is for the reader of a change.
"""

import re
from dataclasses import dataclass

import pytest
from pages import CHINESE, ENGLISH, ROOT, Paragraph, name, paragraphs

MOST_CHARACTERS = 120
MOST_CHARACTERS_CHINESE = 60
MOST_WORDS = 40
MOST_SEMICOLONS = 6  # in 1,000 words
MOST_LINES_README = 150
MOST_WORDS_README = 1100

SENTENCE_END = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(`]*[A-Z`0-9])")
CHINESE_PAGES = [pytest.param(path, id=name(path)) for path in CHINESE]
ENGLISH_PAGES = [pytest.param(path, id=name(path)) for path in ENGLISH]


@dataclass(frozen=True)
class Word:
    """A word that the pages do not use."""

    pattern: str  # a regular expression; a whole word, any case
    write: str  # what to write instead
    caught: str  # a sentence that it catches
    fair: str  # a sentence that it leaves
    most: int = 0  # how often a page may use it


DIALECT = (
    Word(
        r"\b(stands?|stood) (in|on|at|above|below|beside|behind|before|after|there|everywhere)\b",
        "is, is shown, is written",
        "The result stands in the model file.",
        "SR stands for Structured Report.",
    ),
    Word(r"\btold\b(?! apart)", "said, given", "The server is told where.", "The two can be told apart."),
    Word(r"\btells\b", "says, shows", "The card tells which.", "The two are hard to tell apart."),
    Word(r"\bnobody\b", "no one, not ... by anyone", "Nobody can say.", "No one can say."),
    Word(r"\bby name\b", "with the reason", "It is refused by name.", "Sort the files by their names."),
    Word(r"\basks? nothing\b", "needs no", "It asks nothing of the network.", "It asks for a token."),
    Word(r"\bwhat became of\b", "what happened to", "It says what became of each row.", "It became a hash."),
    Word(r"\bin words\b", "as a sentence, in plain text", "It answers in words.", "It answers in plain words."),
    Word(r"\bloses? nothing\b", "keeps everything", "A crash loses nothing.", "A crash loses one step."),
    Word(r"\bnone of\b", "no, not one of", "None of it is kept.", 'The answer is "none".'),
    Word(r"\bfor want of\b", "because there are too few", "It stops, for want of films.", "What you want of it."),
    Word(r"\banew\b", "again, from the start", "It is drawn anew.", "It draws a new one."),
    Word(r"\bbut for\b", "except", "All of it, but for one part.", "Not for diagnosis but, for instance, teaching."),
    Word(r"\bspeaks? of\b", "is about, mentions", "The film it speaks of.", "The people who speak Chinese."),
    Word(
        r"((^|[.!?] )(?-i:W)|[:;] w)here\b[^.?]*,",
        "if, when",
        "It runs. Where a film is missing, it stops.",
        "Say where the films are, then go on.",
    ),
    Word(
        r"\bwhere (\w+ ){0,4}(is|are) (missing|absent|known|unknown|null|true|false|on|off)\b",
        "if, when",
        "Take `en` where a language is missing.",
        "It stops where the page ends.",
    ),
    Word(r"(^|[.!?;:] )who \w+[^?]*\.", "whoever, anyone who", "Who has the film can see it.", "Who is it for?"),
    Word(r"\bone that\b", "a film (file, model) that", "Take one that fits.", "That one fits.", most=1),
    Word(r"\bof (its|their) own\b", "its, separate", "It has a folder of its own.", "It has its folder.", most=1),
)

# The words of plainfilm/locales/zh: what to write, and what not to write for it.
CHINESE_TERMS = {
    "胶片": r"影像(?!学|检查|识别》)|片子|底片",  # the title of the tutorial stays as it is
    "患者": r"病人|病患",
    "机构": r"站点|医学中心",
    "组": r"群组|分组单元",
    "预测集": r"预测集合|预测区域",
    "输入检查": r"输入检验|输入校验|门控",
    "类激活图": r"类别激活图|热力图|注意力图|类激活映射",
    "泛化差距": r"泛化误差|泛化间隙|泛化鸿沟",
    "探针模型": r"探测模型|探针(?!模型)",
    "捷径": r"快捷方式|近路",
    "泄漏": r"渗漏|数据泄露",
    "副本": r"拷贝|复本",
    "配方": r"食谱|菜谱|方案文件",
    "模型文件": r"模型档案",
    "检查点": r"存档点|检验点",
    "校准": r"标定|校正概率",
    "工作点": r"操作点|运行点",
    "灵敏度": r"敏感度|敏感性|召回率",
    "特异度": r"特异性|特异率",
    "准确率": r"准确度|正确率|精确率",
    "区间": r"置信范围|信赖区间",
    "未定": r"不确定类|悬而未决",
    "划分": r"切分|数据分割",
    "验证集": r"校验集|开发集",
    "测试集": r"检验集|测验集",
    "阈值": r"门槛值|临界值|域值",
    "审计": r"审查|稽核",
    "轮": r"世代|纪元|历元",
    "权重": r"权值",
    "类别": r"类目|种类标签",
    "校验和": r"检查和|校验码",
    "仿体": r"假体|体模|假片",
    "令牌": r"口令|凭证令",
    "压缩包": r"归档文件|档案文件",
    "您": r"你",
}


def long_lines(text: str, most: int) -> list[str]:
    """Lines of prose that are too long; the targets of links do not count."""
    return [
        f"line {paragraph.first + number}: {len(line)} characters"
        for paragraph in paragraphs(text)
        for number, line in enumerate(paragraph.lines)
        if len(line) > most
    ]


def sentences(paragraph: Paragraph) -> list[str]:
    """The sentences of a paragraph: cut after . ! ? where a space and a capital, a digit or code follow.

    >>> sentences(Paragraph(1, (), "Version 1.2 is out. Take `code`, i.e. this one! It works."))
    ['Version 1.2 is out.', 'Take `code`, i.e. this one!', 'It works.']
    """
    return SENTENCE_END.split(paragraph.text)


def long_sentences(text: str) -> list[str]:
    """Sentences of too many words."""
    return [
        f"line {paragraph.first}: {len(sentence.split())} words: {' '.join(sentence.split()[:8])} ..."
        for paragraph in paragraphs(text)
        for sentence in sentences(paragraph)
        if len(sentence.split()) > MOST_WORDS
    ]


def semicolons(text: str) -> list[str]:
    """Too many semicolons for a page of so many words."""
    prose = " ".join(paragraph.text for paragraph in paragraphs(text))
    count, words = prose.count(";"), len(prose.split())
    return [f"{count} semicolons in {words} words"] if 1000 * count > MOST_SEMICOLONS * words else []


def dialect(text: str) -> list[str]:
    """Words that only this project would use so."""
    found = []
    for word in DIALECT:
        places = [
            f'line {paragraph.first}: "{hit[0].strip()[:30]}": write {word.write}'
            for paragraph in paragraphs(text)
            for hit in re.finditer(word.pattern, paragraph.text, re.IGNORECASE)
        ]
        found += places if len(places) > word.most else []
    return found


def other_terms(text: str) -> list[str]:
    """Chinese words for which the program says another."""
    return [
        f"line {paragraph.first}: {hit[0]}: write {term}"
        for paragraph in paragraphs(text)
        for term, pattern in CHINESE_TERMS.items()
        for hit in re.finditer(pattern, paragraph.text)
    ]


@pytest.mark.parametrize("path", ENGLISH_PAGES)
def test_an_english_page_is_plain(path):
    text = path.read_text(encoding="utf-8")
    broken = [*long_lines(text, MOST_CHARACTERS), *long_sentences(text), *semicolons(text), *dialect(text)]
    assert not broken, "\n".join(broken)


def test_the_readme_is_short():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES_README
    assert len(text.split()) <= MOST_WORDS_README


@pytest.mark.parametrize("path", CHINESE_PAGES)
def test_a_chinese_page_is_plain(path):
    text = path.read_text(encoding="utf-8")
    broken = [*long_lines(text, MOST_CHARACTERS_CHINESE), *other_terms(text)]
    assert not broken, "\n".join(broken)


def test_a_long_line_is_noticed_and_what_is_no_prose_is_not():
    line = "word " * 30
    assert long_lines(f"# Title\n\nShort.\n{line}.\n", 120) == ["line 4: 151 characters"]
    assert long_lines(f"Short.\n\n- {line}.\n", 120) == ["line 3: 153 characters"]
    link = f"[here](https://example.org/{'x' * 200})"
    assert long_lines(f"# {line}\n\n```\n{line}\n```\n\n| a |\n|---|\n| {line} |\n\n{link}\n", 120) == []


def test_a_long_sentence_is_noticed_and_long_code_is_one_word():
    shown = "line 1: 41 words: Word word word word word word word word ..."
    assert long_sentences(f"A short one. Word {'word ' * 39}end.") == [shown]
    assert long_sentences(f"Call `{'word ' * 60}`. {'Two words. ' * 30}") == []


def test_semicolons_are_counted_in_prose_alone():
    assert semicolons("One; two; three.") == ["2 semicolons in 3 words"]
    assert semicolons("One two.\n\n| a; b; c |\n|---|\n\n```\na; b\n```\n\nCall `a; b; c`.") == []


@pytest.mark.parametrize("word", DIALECT, ids=lambda word: word.write)
def test_a_word_of_the_dialect_is_noticed_and_fair_uses_are_not(word):
    assert len(re.findall(word.pattern, word.caught, re.IGNORECASE)) == 1
    assert re.findall(word.pattern, word.fair, re.IGNORECASE) == []
    assert dialect(" ".join([word.caught] * (word.most + 1))) != []


def test_the_chinese_terms_are_those_of_the_program():
    catalogue = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "plainfilm/locales/zh").glob("*.py"))
    assert [term for term in CHINESE_TERMS if term not in catalogue] == []
    assert other_terms("教程《肺炎CT影像识别》，影像学。") == []
    assert other_terms("病人的影像学报告。") == ["line 1: 病人: write 患者"]
    assert other_terms("患者的影像，敏感度。") == ["line 1: 影像: write 胶片", "line 1: 敏感度: write 灵敏度"]
