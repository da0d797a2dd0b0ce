"""The sections of a report and of a model card, in order, for each kind of label."""

from plainfilm.present.sections import findings
from plainfilm.present.sections.calibration import calibration
from plainfilm.present.sections.claim import claim
from plainfilm.present.sections.data import data
from plainfilm.present.sections.decisions import decisions
from plainfilm.present.sections.elsewhere import external, external_findings
from plainfilm.present.sections.films import films
from plainfilm.present.sections.headline import headline
from plainfilm.present.sections.leaks_and_shortcuts import audit
from plainfilm.present.sections.origin import limits, limits_of_findings, origin
from plainfilm.present.sections.results import results
from plainfilm.present.sections.subgroups import subgroups
from plainfilm.present.sections.training import training

CLASS_PAGE = (
    *(headline, limits, data, audit, training, results, calibration, decisions, films, external, subgroups),
    *(origin, claim),
)
CLASS_CARD = (headline, limits, data, training, results, external, origin)
FINDINGS_PAGE = (
    *(findings.headline, limits_of_findings, data, audit, training, findings.results, findings.decisions),
    *(external_findings, findings.subgroups, origin, claim),
)
FINDINGS_CARD = (
    *(findings.headline, limits_of_findings, data, training, findings.results, findings.decisions, external_findings),
    origin,
)
