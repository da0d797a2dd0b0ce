"""Films with the model's maps: the worst errors, and correct answers that are typical."""

from plainfilm.messages import say
from plainfilm.present.blocks import Block, Note, Pictures, Section
from plainfilm.present.gather import Gathered
from plainfilm.present.maps import pictures, typical_answers, worst_errors


def films(found: Gathered) -> Section:
    """The section of maps."""
    card = found.card
    if card is None or not found.predictions:
        return Section("maps", say("report.maps"), (Note(say("report.maps.missing"), "missing"),))
    blocks: list[Block] = [Note(say("report.maps.how"))]
    if card.map_health != "card.maps-faithful":
        blocks.append(Note(card.map_warning, "alarm"))
    elif card.maps is not None:
        blocks.append(Note(say("card.maps-faithful", n=card.maps.n)))
    if card.maps is not None and (lungs := card.maps.lungs) is not None:
        evidence, area = lungs.evidence.in_percent(), lungs.area.in_percent()
        blocks.append(Note(say("report.maps.lungs", evidence=evidence, area=area)))
    wrong = worst_errors(found.predictions)
    typical = typical_answers(found.predictions, card.class_names)
    shown = pictures(found, [*wrong, *typical])
    if not shown:
        blocks.append(Note(say("report.maps.no-pixels"), "missing"))
        return Section("maps", say("report.maps"), tuple(blocks))
    ids = {answer["image_id"] for answer in wrong}
    of_wrong = tuple(picture for picture in shown if picture.lines[0] in ids)
    total = sum(answer["label"] != answer["predicted"] for answer in found.predictions)
    if of_wrong:
        key = say("report.maps.worst", shown=len(of_wrong), errors=total, films=len(found.predictions))
        blocks.append(Pictures(key, of_wrong))
    else:
        blocks.append(Note(say("report.maps.no-errors", films=len(found.predictions))))
    blocks.append(
        Pictures(say("report.maps.typical"), tuple(picture for picture in shown if picture.lines[0] not in ids))
    )
    return Section("maps", say("report.maps"), tuple(blocks))
