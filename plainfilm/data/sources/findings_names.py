"""The table of findings: how each is spelt in the field, as data and nothing else.

A finding has NIH's name where NIH has it, else that of the set that made it known. Spellings are joined only if they
mean the same: CheXpert's `Lung Opacity` holds more than `Consolidation`, PadChest's `laminar atelectasis` is one kind
of `Atelectasis`, and `hiatal hernia` one kind of `Hernia`, so each of them is a finding of its own.

Sources: the tables of NIH ChestX-ray14, its readings by Google, CheXpert, MIMIC-CXR, BRAX, VinDr-CXR and PadChest (its
commonest findings) as they are published.
"""

import re

from plainfilm.data.sources.names import name_key

NIH: dict[str, tuple[str, ...]] = {  # in NIH's order
    "Atelectasis": ("肺不张",),
    "Cardiomegaly": ("心影增大", "心脏增大"),
    "Effusion": ("pleural effusion", "胸腔积液", "胸水"),
    "Infiltration": ("infiltrate", "infiltrates", "浸润", "浸润影"),
    "Mass": ("lung mass", "pulmonary mass", "肿块"),
    "Nodule": ("lung nodule", "pulmonary nodule", "结节"),
    "Pneumonia": ("肺炎",),
    "Pneumothorax": ("气胸",),
    "Consolidation": ("lung consolidation", "实变", "肺实变"),
    "Edema": ("oedema", "lung edema", "pulmonary edema", "pulmonary oedema", "水肿", "肺水肿"),
    "Emphysema": ("lung emphysema", "pulmonary emphysema", "肺气肿"),
    "Fibrosis": ("lung fibrosis", "pulmonary fibrosis", "纤维化", "肺纤维化"),
    "Pleural_Thickening": ("pleural thickening", "胸膜增厚"),
    "Hernia": ("疝",),
}
GOOGLE: dict[str, tuple[str, ...]] = {"Fracture": ("骨折",), "Airspace opacity": ()}
CHEXPERT: dict[str, tuple[str, ...]] = {
    "Enlarged Cardiomediastinum": (),
    "Lung Opacity": (),
    "Lung Lesion": (),
    "Pleural Other": (),
    "Support Devices": (),
}
VINDR: dict[str, tuple[str, ...]] = {
    "Aortic enlargement": (),
    "Calcification": ("钙化",),
    "Clavicle fracture": ("锁骨骨折",),
    "Enlarged PA": ("enlarged pulmonary artery",),
    "ILD": ("interstitial lung disease",),
    "Lung cavity": (),
    "Lung cyst": (),
    "Mediastinal shift": ("纵隔移位",),
    "Nodule/Mass": ("nodule or mass",),
    "Rib fracture": ("肋骨骨折",),
    "Other lesion": ("other lesions",),
    "COPD": ("chronic obstructive pulmonary disease",),
    "Lung tumor": ("lung tumour",),
    "Tuberculosis": ("pulmonary tuberculosis", "肺结核"),
    "Other disease": ("other diseases",),
}
PADCHEST: dict[str, tuple[str, ...]] = dict.fromkeys(
    (
        *("aortic elongation", "scoliosis", "chronic changes", "COPD signs", "vertebral degenerative changes"),
        *("interstitial pattern", "air trapping", "alveolar pattern", "costophrenic angle blunting"),
        *("laminar atelectasis", "apical pleural thickening", "fibrotic band", "kyphosis", "volume loss"),
        *("vascular hilar enlargement", "hilar enlargement", "hilar congestion", "aortic atheromatosis"),
        *("increased density", "callus rib fracture", "pseudonodule", "calcified granuloma", "granuloma"),
        *("hiatal hernia", "diaphragmatic eventration", "hemidiaphragm elevation", "bronchiectasis"),
        *("heart insufficiency", "tuberculosis sequelae", "hyperinflated lung", "bullas", "mediastinal enlargement"),
        *("ground glass pattern", "osteopenia", "adenopathy", "sternotomy", "suture material", "pacemaker"),
        *("dual chamber device", "single chamber device", "NSG tube", "endotracheal tube"),
        *("central venous catheter", "metal"),
    ),
    (),
)
FINDINGS = NIH | GOOGLE | CHEXPERT | VINDR | PADCHEST

NO_FINDING = "No Finding"
NO_FINDINGS = (NO_FINDING, "no findings", "none", "normal", "未见异常", "正常")
NON_FINDINGS = (  # words of lists that say something of the study, not of the chest
    *("unchanged", "exclude", "suboptimal study"),  # PadChest
    *("no indexing", "technical quality of image unsatisfactory"),  # Open-i
)
BESIDE_NO_FINDING = ("Support Devices",)  # CheXpert's: a tube in a chest that shows nothing else
NEGATIONS = ("no ", "无", "未见")  # before a finding in a list: it is absent
DENIALS: dict[str, tuple[str, ...]] = {"Lung Opacity": ("No Lung Opacity / Not Normal",)}  # RSNA's
STATED: dict[str, tuple[str, ...]] = {
    "1": ("yes", "true", "present", "positive", "是", "有", "阳性"),
    "0": ("no", "false", "absent", "negative", "否", "无", "阴性"),
    "-1": ("uncertain", "不确定"),
}
READERS = ("rad id", "radiologist", "radiologist id", "reader", "reader id", "阅片者")


def display_key(name: str) -> str | None:
    """The key of what people call a finding, in any of its spellings; None if the table does not have it.

    >>> display_key("Pleural Effusion"), display_key("No_Finding"), display_key("Rash")
    ('finding.Effusion', 'finding.No_Finding', None)
    """
    key = name_key(name)
    spelt = FINDINGS | {NO_FINDING: NO_FINDINGS}
    for finding, spellings in spelt.items():
        if key in map(name_key, (finding, *spellings)):
            return f"finding.{re.sub('[^0-9A-Za-z]', '_', finding)}"
    return None
