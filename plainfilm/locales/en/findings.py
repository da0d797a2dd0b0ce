"""Findings in English: what people call them, and what is said of tables that state them."""

SENTENCES: dict[str, str] = {
    # NIH ChestX-ray14
    "finding.Atelectasis": "Atelectasis",
    "finding.Cardiomegaly": "Cardiomegaly",
    "finding.Effusion": "Pleural effusion",
    "finding.Infiltration": "Infiltration",
    "finding.Mass": "Mass",
    "finding.Nodule": "Nodule",
    "finding.Pneumonia": "Pneumonia",
    "finding.Pneumothorax": "Pneumothorax",
    "finding.Consolidation": "Consolidation",
    "finding.Edema": "Pulmonary edema",
    "finding.Emphysema": "Emphysema",
    "finding.Fibrosis": "Fibrosis",
    "finding.Pleural_Thickening": "Pleural thickening",
    "finding.Hernia": "Hernia",
    # NIH's films as Google's radiologists read them
    "finding.Fracture": "Fracture",
    "finding.Airspace_opacity": "Airspace opacity",
    # CheXpert, MIMIC-CXR, BRAX
    "finding.Enlarged_Cardiomediastinum": "Enlarged cardiomediastinum",
    "finding.Lung_Opacity": "Lung opacity",
    "finding.Lung_Lesion": "Lung lesion",
    "finding.Pleural_Other": "Other pleural abnormality",
    "finding.Support_Devices": "Support devices",
    # VinDr-CXR
    "finding.Aortic_enlargement": "Aortic enlargement",
    "finding.Calcification": "Calcification",
    "finding.Clavicle_fracture": "Clavicle fracture",
    "finding.Enlarged_PA": "Enlarged pulmonary artery",
    "finding.ILD": "Interstitial lung disease",
    "finding.Lung_cavity": "Lung cavity",
    "finding.Lung_cyst": "Lung cyst",
    "finding.Mediastinal_shift": "Mediastinal shift",
    "finding.Nodule_Mass": "Nodule or mass",
    "finding.Rib_fracture": "Rib fracture",
    "finding.Other_lesion": "Other lesion",
    "finding.COPD": "Chronic obstructive pulmonary disease",
    "finding.Lung_tumor": "Lung tumor",
    "finding.Tuberculosis": "Tuberculosis",
    "finding.Other_disease": "Other disease",
    # PadChest
    "finding.aortic_elongation": "Aortic elongation",
    "finding.scoliosis": "Scoliosis",
    "finding.chronic_changes": "Chronic changes",
    "finding.COPD_signs": "Signs of COPD",
    "finding.vertebral_degenerative_changes": "Vertebral degenerative changes",
    "finding.interstitial_pattern": "Interstitial pattern",
    "finding.air_trapping": "Air trapping",
    "finding.alveolar_pattern": "Alveolar pattern",
    "finding.costophrenic_angle_blunting": "Blunted costophrenic angle",
    "finding.laminar_atelectasis": "Laminar atelectasis",
    "finding.apical_pleural_thickening": "Apical pleural thickening",
    "finding.fibrotic_band": "Fibrotic band",
    "finding.kyphosis": "Kyphosis",
    "finding.volume_loss": "Volume loss",
    "finding.vascular_hilar_enlargement": "Enlarged hilar vessels",
    "finding.hilar_enlargement": "Hilar enlargement",
    "finding.hilar_congestion": "Hilar congestion",
    "finding.aortic_atheromatosis": "Aortic atheromatosis",
    "finding.increased_density": "Increased density",
    "finding.callus_rib_fracture": "Rib fracture with callus",
    "finding.pseudonodule": "Pseudonodule",
    "finding.calcified_granuloma": "Calcified granuloma",
    "finding.granuloma": "Granuloma",
    "finding.hiatal_hernia": "Hiatal hernia",
    "finding.diaphragmatic_eventration": "Diaphragmatic eventration",
    "finding.hemidiaphragm_elevation": "Elevated hemidiaphragm",
    "finding.bronchiectasis": "Bronchiectasis",
    "finding.heart_insufficiency": "Heart failure",
    "finding.tuberculosis_sequelae": "Sequelae of tuberculosis",
    "finding.hyperinflated_lung": "Hyperinflated lung",
    "finding.bullas": "Bullae",
    "finding.mediastinal_enlargement": "Mediastinal enlargement",
    "finding.ground_glass_pattern": "Ground-glass pattern",
    "finding.osteopenia": "Osteopenia",
    "finding.adenopathy": "Adenopathy",
    "finding.sternotomy": "Sternotomy",
    "finding.suture_material": "Suture material",
    "finding.pacemaker": "Pacemaker",
    "finding.dual_chamber_device": "Dual-chamber device",
    "finding.single_chamber_device": "Single-chamber device",
    "finding.NSG_tube": "Nasogastric tube",
    "finding.endotracheal_tube": "Endotracheal tube",
    "finding.central_venous_catheter": "Central venous catheter",
    "finding.metal": "Metal",
    # none of them
    "finding.No_Finding": "No finding",
    # what tables state of findings
    "finding-missing": "no table has the finding {findings}; there are: {known}; mend its name, leave it out, or add "
    "a table that states it",
    "finding-twice": "{first} and {second} are two names of one finding; ask for it once",
    "finding-no-name": "{name} is no name of a finding: that there is none follows from the findings, and a name has "
    "no |; leave it out",
    "findings-list-unread": "the list of findings of {film} cannot be read: {given}; expected names between | or ;, or "
    "in quotes as ['Mass', 'Edema']",
    "finding-cell-unknown": "{film} has {given} in the column {column}; expected 1, 0, -1 (uncertain), a probability, "
    "{expected}, or an empty cell",
    "findings-contradict": "the cells about {finding} of {film} contradict each other ({cells}); keep one of them, or "
    "name who read each row in a column rad_id",
    "findings-none-and-some": "{film} is said to have no finding, and to have {finding}; mend one of both cells",
    "findings-none": "no table states a finding of these films; expected a --table with a column for each finding "
    "(Effusion, Mass, ...) or one of lists (Finding Labels, labels, ...), whose rows name the films; name headings "
    "that are not known in data.classes",
    "table-boxes-alone": "every row of the table {path} has a box ({columns}): it says where findings are, and of no "
    "film that it has none; leave it out, and give the table that states the findings of each film",
    "findings.spelt": "Read as the finding {finding}: {spellings}",
    "findings.own": "Findings that are not in the table of findings, read as they are spelt: {findings}",
    "findings.joint": "Words of lists that look like several findings, and are read as one each: {words}; put | "
    "between findings",
    "findings.denied": "Words of lists that say that a finding is absent: {words}",
    "findings.no-findings": "Words of lists that are no findings, left out: {words}",
    "findings.ruled-out": "Blank cells that are absent, because the film has no finding: {cells}, of {films} films",
    "findings.votes": "Films whose readers disagree: {films}; most of them decide, and {cells} cells are uncertain",
    "findings.probabilities": "Cells that are probabilities: {cells} ({findings}); they go into the loss alone, and no "
    "decision or figure rests on them",
    "table.short-rows": "Rows of the table {table} with fewer cells than headings: {rows} (the first: row {first}); "
    "the cells that they lack are read as blank",
    "ages.no-years": "The ages of {films} films are from {lowest} to {highest}, which are hardly years; expected "
    "years, or a unit as in DICOM (045Y, 018M)",
    # how tables of some layouts are understood
    "layout.boxes": "Table {table}: a row is a box; the boxes that one reader drew on a film are one reading",
    "layout.mimic": "Table {table}: a row is a study, and that of every film in a folder s<study_id>",
    "layout.rsna": "Table {table}: patientId names a film, and not a patient; films of one patient may lie in "
    "different parts, as nothing here says whose they are",
    "layout.siim": "Table {table}: a film with a mask has Pneumothorax, one with -1 has none",
    "layout.indiana": "Table {table}: a row is a report, and that of every film whose name or folder begins with its "
    "uid; its findings are those of the column Problems",
    "findings.masked": "Findings that are not stated in every source, and are masked where they are not: {findings}",
}
