"""What the commands, the API and the DICOM node say, in English."""

SENTENCES: dict[str, str] = {
    "list.comma": ", ",
    "figure.percent-sign": " %",
    "class.NORMAL": "normal lungs",
    "class.Viral_Pneumonia": "viral pneumonia",
    "class.COVID": "COVID-19",
    "list.bar": " | ",
    "list.slash": "/",
    # one film
    "film-empty": "the file is empty; expected a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM image",
    "film-file-too-large": "the file has {size_bytes} bytes; at most {maximum_bytes} are read; save the image smaller",
    "film-other-format": "the file looks like {found}; expected a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM "
    "image; convert it",
    "film-is-text": "the file holds text; expected a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM image",
    "film-unknown-format": "the file is no image that is known here; expected PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or "
    "DICOM",
    "film-truncated": "the image is cut off: the end of the file is missing; copy or download it again",
    "film-unreadable": "the image is damaged or of a rare kind and cannot be read ({reason}); save it again as PNG",
    "film-checksum": "the image is damaged: a checksum in it does not fit its content; copy or download it again",
    "film-overloaded": "the file asks for more work than the largest film does (texts, scans, strips, layers or "
    "tiles); save it again as PNG",
    "film-too-small": "the image is {width}x{height} px; each side needs at least {minimum} px; use the original film",
    "film-too-large": "the image is {width}x{height} px; expected sides up to {maximum_side} px and at most "
    "{maximum_pixels} pixels; make it smaller",
    "film-several-images": "the file holds several images; expected one; save each film as a file of its own",
    "film-unsupported-mode": "the image is stored as {mode}; expected grey, palette or RGB; save it as grey PNG",
    "film-deep-colour": "the image has 16-bit samples and colour or transparency ({mode}); expected 16-bit grey or "
    "8-bit colour; save it as 16-bit grey PNG",
    "film-polarity-missing": "the TIFF does not say whether low values are black or white (PhotometricInterpretation); "
    "save it again with that tag",
    "film-negative": "the image has negative values (lowest {lowest:g}); expected values from 0; is it a CT slice?",
    "film-not-finite": "the image has values that are no numbers (NaN or infinite); expected values from 0",
    # one film of DICOM
    "film-dicom-extra": "reading DICOM needs the library {library}, which is not installed; install it with: pip "
    'install "plainfilm[dicom]"',
    "film-dicom-kind": "the DICOM header says that this is {kind_key}; expected a projection radiograph of the chest "
    "(modality CR or DX); if the header is wrong, save the film as PNG",
    "film-dicom-body-part": "the DICOM header says that this shows {part_key}; expected the chest; if the header is "
    "wrong, give --assume-chest or save the film as PNG",
    "film-dicom-view": "the DICOM header says that this film was taken from the side or obliquely; expected a frontal "
    "view (PA or AP); if the header is wrong, give --assume-chest or save the film as PNG",
    "film-dicom-no-pixels": "the DICOM file holds no pixels; export the film again",
    "film-dicom-colour": "the DICOM file holds a colour image; expected a grey one (MONOCHROME1 or MONOCHROME2)",
    "film-dicom-value": "the DICOM header has a missing or impossible value of {attribute}; export the film again",
    "film-dicom-syntax": "the DICOM file's pixels are compressed in a way that is not read here; expected none, "
    "deflate, RLE, JPEG (8 bits), JPEG lossless, JPEG-LS or JPEG 2000; export the film uncompressed",
    "film-dicom-codestream": "the compressed pixels contradict the DICOM header about size, channels or bits; export "
    "the film again",
    "film-dicom-damaged": "the DICOM file is damaged or of a rare kind; export the film again",
    "dicom.ct": "a CT",
    "dicom.mr": "a magnetic resonance image",
    "dicom.us": "an ultrasound image",
    "dicom.nm": "a nuclear medicine image",
    "dicom.mg": "a mammogram",
    "dicom.fluoroscopy": "fluoroscopy or angiography",
    "dicom.dental": "a dental radiograph",
    "dicom.photograph": "a photograph",
    "dicom.report": "a structured report",
    "dicom.document": "a document",
    "dicom.presentation": "a note about other images",
    "dicom.waveform": "a waveform such as an ECG",
    "dicom.segmentation": "a segmentation",
    "dicom.radiotherapy": "a radiotherapy object",
    "dicom.raw": "a raw detector image, not processed for viewing",
    "dicom.other": "of another kind",
    "dicom.part.breast": "the breast",
    "dicom.part.abdomen": "the abdomen",
    "dicom.part.spine": "the spine",
    "dicom.part.head": "the head",
    "dicom.part.jaw": "jaw or teeth",
    "dicom.part.neck": "the neck",
    "dicom.part.pelvis": "pelvis or hip",
    "dicom.part.shoulder": "the shoulder",
    "dicom.part.arm": "the arm",
    "dicom.part.hand": "hand or wrist",
    "dicom.part.leg": "leg or knee",
    "dicom.part.foot": "foot or ankle",
    "dicom.part.whole-body": "the whole body",
    "dicom.part.other": "another part of the body",
    # warnings about one film
    "film-body-part-near": "the DICOM header names ribs, heart or trunk; the film was read as one of the chest",
    "film-body-part-unknown": "the DICOM header names the body part in words that are not known here; the film was "
    "read as one of the chest",
    "film-view-decubitus": "the DICOM header says that the patient lay on one side (decubitus); the film was read as a "
    "frontal one; check that it is upright",
    "film-view-unknown": "the DICOM header does not name the view clearly; the film was read as a frontal one; check "
    "that it is no lateral one",
    "film-turned": "the film was turned as its orientation tag says",
    "film-transparent": "the film has transparent pixels; they were laid over black",
    "film-depth-guessed": "the file does not say how many bits its values use; the largest values were taken for white",
    "film-polarity-assumed": "the DICOM header does not say whether low values are black; they were taken for black",
    "film-window-ignored": "the DICOM header's window does not fit the pixels; it was set aside",
    "film-bits-ignored": "the bits a value that the file declares do not fit the pixels; black and white were taken "
    "from the pixels themselves",
    "film-padding-ignored": "what the DICOM header calls padding is the film itself; it was not blackened",
    "film-greys-doubted": "nearly all of the film lies within a few greys; was it exported with a wrong window or "
    "depth? Look at it, and export it again",
    "film-blank": "the film is blank: nearly all of it is one grey",
    # why the input check refuses a film
    "gate-colour": "the image is in colour; expected a grey radiograph; give the original film, not a photograph of it",
    "gate-small": "the image has too few pixels to be judged; give the original film",
    "gate-shape": "the image is more than twice as long as wide; expected a whole chest film",
    "gate-blank": "the image is blank: nearly all of it is one grey",
    "gate-low-contrast": "the image is too faint: nearly all of it lies within a few greys; export it with its "
    "window set",
    "gate-upside-down": "the film is upside down; turn it upright",
    "gate-turned": "the film lies on its side; turn it upright",
    "gate-inverted": "black and white are swapped; expected bone to be white and air to be black; invert the film",
    "gate-unlike-training": "the image is unlike the frontal chest films that the model was trained on; is it a whole "
    "frontal chest film, the right way up?",
    "gate.refused": "{about}: no answer: {reasons} (--override answers all the same)",
    "gate.overridden": "{about}: an answer only because of --override: {reasons}",
    "gate.and": "; ",
    # a figure with its interval
    "estimate.percent": "{value:.1f} % ({low:.1f} to {high:.1f}, n {n})",
    "estimate.decimal": "{value:.3f} ({low:.3f} to {high:.3f}, n {n})",
    "estimate.none": "not estimable (n {n})",
    # figures
    "figure.loss": "Loss",
    "figure.accuracy": "Accuracy",
    "figure.step": "Training step",
    "figure.training": "training, each step",
    "figure.running-mean": "training, mean of {count} steps",
    "figure.validation": "validation, each epoch",
    "figure.true-class": "True class",
    "figure.predicted-class": "Predicted class",
    "figure.sensitivity": "Sensitivity",
    "figure.false-positive-rate": "1 − specificity",
    "figure.auc": "Area under the curve (95 % interval)",
    "figure.auc-of-findings": "Area under the ROC curve of each finding (95 % interval)",
    "figure.predicted-probability": "Predicted probability",
    "figure.observed-share": "Observed share (95 % interval)",
    "figure.films": "Films",
    "figure.percent": "{value:.1f} %",
    "figure.class": "class {number}",
    "figure-font-missing": "the figures need characters that no installed font has, so they are in English and "
    "such class names are numbered; install a Chinese font such as Noto Sans CJK and make the report again",
    # the command line
    "error": "Error: {message}",
    "error.about": "Error: {about}: {message}",
    "folder-removed": "the folder in which this command was started does not exist any more; change to another one",
    "system-refused": "the system refused to read or write: {reason}; make room or give access, then try again",
    "warning": "Note: {about}: {message}",
    "extra-missing": "`{command}` needs the library {library}, which is not installed; install it with: pip "
    'install "plainfilm[{extra}]"',
    "sources-missing": "no SOURCE was given; expected a folder, zip, tar or table of films, or --resume RUN",
    "run-with-option": "{run} goes by the recipe, table and folder that it began with; leave out {option}. To train "
    "longer or otherwise, start a new run: `plainfilm train SOURCE --recipe FILE --init "
    "{run}/checkpoints/best.safetensors`",
    "resume-with-sources": "--resume {run} goes on with the films of that run; leave out the SOURCE",
    "output-exists": "{path} exists already; give a new or empty folder, or go on with the run there by --resume",
    "output-unwritable": "{path} cannot be written ({reason}); give a folder that can be written and has room",
    "output-full": "there is no room for {path}: {needed_bytes} bytes are needed, {free_bytes} are free ({reason}); "
    "make room and give the command again (a training that had begun: with --resume)",
    "output-too-large": "{path} needs {needed_bytes} bytes, and no file may be so large here (file-size limit, ulimit "
    "-f); raise the limit and give the command again (a training that had begun: with --resume)",
    "output-in-use": "{path} is in use: the process {process} on {host} is at work there; wait for its end or stop it, "
    "or give another folder",
    "recipe-edited": "{run}/recipe.toml is not the recipe that this run was trained with ({changes}); going on would "
    "mix two trainings. Put it back to go on, or train longer as a new run: `plainfilm train SOURCE --recipe FILE "
    "--init {weights} --out NEW`",
    "run-missing": "{path} is no run that could go on: it has no recipe.toml; expected a folder where `train` began "
    "to train; if it was stopped while it read the films, give that command again, else start anew with --out",
    "threads-other": "--threads {given}: the run {run} computes with {expected} threads, and another number would "
    "change its last bits; leave out --threads, or start a new run",
    # recipes
    "recipe-missing": "there is no recipe {given}; expected a TOML file or one of: {expected}",
    "recipe-not-toml": "the recipe is not valid TOML: {reason}",
    "recipe-unknown-key": "the recipe has an unknown entry {key} (did you mean {nearest}?); known are: {expected}",
    "expected.between": "{low} to {high}",
    "expected.list": "[{of}, ...]",
    "expected.names": "at least two different names",
    "expected.ties": "a class, and other classes that it cannot be told from",
    "expected.sources": "name, terms and citation of each source; name and terms as a text, or by language (en, zh)",
    "expected.display-names": "names by language (en, zh), or an English and a Chinese name",
    "expected.size": "{low} to {high}, a multiple of {of}",
    "expected.section": "a section",
    "expected.integer": "a whole number",
    "expected.number": "a number",
    "expected.text": "a text",
    "expected.table": "a table",
    "recipe-impossible": "the recipe gives {key} = {given}; expected {expected}",
    "sample-unknown": "there is no sample of that name; expected one of: {expected}",
    "depth-unknown": "there is no ResNet of depth {given}; expected one of {expected}",
    # sources and tables
    "source-missing": "{path} does not exist; expected a folder, zip, tar, CSV table or image",
    "source-unknown-kind": "{path} is no zip and no tar; expected a folder, zip, tar (plain, gz, bz2 or xz), CSV table "
    "or image",
    "source-other-archive": "{path} is packed by {kind}, which is not read here; expected a zip or a tar (plain, gz, "
    "bz2 or xz); unpack it, and give the folder",
    "source-joined": "{path} holds several archives one behind the other, and only one would be read; pack them into "
    "one, or give them one by one",
    "source-unreadable": "the folder {path} cannot be listed ({reason}); check its permissions",
    "encoding-unknown": "{encoding} is no encoding of file names; expected one such as {examples}",
    "encoding-unfit": "the names in {path} are not written in {encoding}; expected another, such as {examples}, or "
    "none, to have it found",
    "source-damaged": "the archive {path} is damaged ({reason}); copy or download it again",
    "source-too-many": "{path} holds more than {maximum} files; split it",
    "source-bomb": "{path} unpacks to more than {maximum} times its size, which no archive of films does; it is not "
    "read",
    "source-empty": "{path} holds no files; expected films (PNG, JPEG, TIFF, DICOM, BMP, WebP or JPEG 2000)",
    "source-no-films": "{path} holds no film that could be used: {files} other files ({reason_key}), for instance "
    "{example}",
    "source-all-unreadable": "not one of the {films} films can be read; the first, {example}: {problem_key}",
    "member-damaged": "{name} is damaged inside its archive ({reason}); make the archive again",
    "member-bomb": "{name} unpacks to more than {maximum} times its size, which no film does; it is not read",
    "member-encrypted": "{name} is encrypted, and no password is asked for; unpack the archive, and give the folder",
    "member-method": "{name} is compressed in a way that is not read here; expected stored or deflated (ordinary zip); "
    "make the archive again",
    "member-too-large": "{name} has {size_bytes} bytes; at most {maximum_bytes} are read",
    "member-outside": "{name} leads out of its folder; such links are not followed",
    "film-listed-unreadable": "{path} cannot be used: {problem_key}; leave it out, or mend the file",
    "film-missing": "the file is not there or cannot be opened",
    "film-changed": "{name} is no longer the film that index.csv describes, or is gone; put it back, give the new "
    "place of a run's films with --source, or make the index again",
    "source-moved": "the films are no longer at {path}, where index.csv says they are; give their new place with "
    "--source (audit RUN, train --resume RUN), or make the index again",
    "moved-count": "the run has {expected} sources and {given} new places were given; expected one --source for each, "
    "in this order: {sources}",
    "moved-other": "{path} does not hold the films of the run: of {films}, {missing} are not there and {changed} are "
    "other files, the first of them {name}; give what replaced the run's own source with --source",
    "source-without-run": "--source says where the films of a run are now; expected it with {option} alone",
    "table-missing": "the table {path} does not exist or cannot be opened",
    "table-not-text": "the table {path} is not UTF-8 text; save it as CSV (UTF-8), or name its encoding "
    "with --encoding",
    "table-other-format": "the table {path} is {kind}; expected a CSV with a row a film, a column path, and columns of "
    "what is said of the film; write it as such a table",
    "table-column-missing": "the table {path} has no column {column}; it has: {columns}; expected a heading such as "
    "{known}",
    "table-row-ragged": "row {row} of the table {path} has {cells} cells under {headings} headings; put cells that "
    "hold the separator in quotes",
    "table-truth-unknown": "row {row} of the table {path} has {given} in the column {column}; expected {expected}, or "
    "an empty cell",
    "table-row-ambiguous": "the table {path} does not say which film is meant: rows {rows}; films {films}; write the "
    "folders into its paths, too",
    "table-fits-none": "no row of the table {path} fits a film: its first row says {row}, the first film is {film}; "
    "make the paths alike",
    "tables-contradict": "the table {path} has another {column} for {name} than the table before it; keep one",
    "table-path-twice": "the table {path} names the film {name} twice and says different things of it; expected "
    "one row a film",
    "tables-too-many": "{tables} tables were given for {sources} sources; expected at most one a source, in order; "
    "one for all; or several for one source",
    "index-damaged": "the index {path} and its index.json do not fit together ({reason}); make it again with "
    "`plainfilm index --out`",
    "index-changed": "the index {path} was changed after it was written; make it again, or give the table as "
    "--table of the films",
    "index-key-damaged": "{path} is no key of an index; put the right one back, or give a new folder as --out",
    # splits
    "split-one-class": "the films have one class only ({given}); expected at least two, each a folder or a value "
    "of the column label; add films of another class, give the labels in a --table, or learn findings with "
    "--recipe findings",
    "split-class-too-small": "the class {label} has films of {groups} patients or groups; expected at least "
    "{minimum}, one for each part; it has {films} films, {largest} of them in one group, and films of one patient or "
    "copies of one film stay together; add films of other patients, mend the column patient if it names no patients, "
    "or leave the class out with data.classes",
    "split-part-empty": "the class {label} has no film in the part {part}: of its {groups} patients or groups, {free} "
    "may be outside training, and each stays in one part; add films of other patients, mark "
    "fewer films train_only, set split.{part} = 0, or leave the class out with data.classes",
    "split-fold-empty": "the class {label} cannot be in each of {folds} folds: {groups} of its patients or groups may "
    "be tested, and each stays in one fold; set split.folds to fewer (at least 3), add films of other patients, or "
    "leave the class out with data.classes",
    "split-leaks": "{count} groups (patients or copies of one film) have films in several parts, {films} films in "
    "all, for instance {example}; such a split leaks and is refused; mend the column split, or let the films be split "
    'anew with split.kind = "grouped"',
    "split-value-unknown": "the column split has the value {given}; expected {expected}, or an empty cell for a film "
    'that is to be left out; mend the table, or set split.kind = "grouped"',
    "split-column-empty": 'split.kind = "column" asks for the column split, but none of the {films} films has a value '
    'in it; give a --table with the column split, or set split.kind = "grouped"',
    "split-given-part-empty": "the set's own split has no film in the part {part}; it has: {counts}; name films of "
    'this part in the column split, or set split.kind = "grouped"',
    "split-given-class-missing": "the set's own split has no film of the class {label} in the part {part}; name some "
    'in the column split, leave the class out with data.classes, or set split.kind = "grouped"',
    "split-contradicts": "the recipe asks for {key} = {given}, but the index was split with {found}; use the "
    "same recipe, or make the index again",
    # the model file and checkpoints
    "model-missing": "the model file {path} does not exist or cannot be opened",
    "model-too-large": "{path} has more than {maximum_bytes} bytes; that is no model file",
    "model-foreign": "{path} is no model file of plainfilm, or is cut off; expected a model.onnx that `plainfilm "
    "train` wrote; copy it again",
    "model-damaged": "the model file {path} is damaged: its digest does not fit its content; copy it again",
    "model-version": "the model file {path} has format version {given}; this program reads versions up to {expected}",
    "model-card-damaged": "the description inside the model file {path} is incomplete or wrong ({reason})",
    "card.reason.object": "it is no JSON object",
    "card.reason.json": "it is no JSON: line {line}, column {column}",
    "card.reason.number": "{given} is no number of JSON",
    "card.reason.entry": "an entry is missing or of the wrong kind: {entry}",
    "card.reason.unknown": "format 1 has no section {name}",
    "card.reason.section": "{name}: an object is expected",
    "card.reason.classes": "classes: 1 to {maximum} are expected, each once",
    "card.reason.names": "classes: no name may be empty",
    "card.reason.size": "size: 1 to {maximum} is expected",
    "card.reason.one-of": "{name}: one of {expected} is expected",
    "card.reason.text": "{name}: a text is expected",
    "card.reason.truth": "{name}: true or false is expected",
    "card.reason.counts": "{name}: numbers of films are expected",
    "card.reason.range": "{name}: a number is outside its range",
    "card.reason.figure": "{name}: expected are value, low, high and n",
    "card.reason.lengths": "calibration: its lists have different lengths",
    "card.reason.calibration-classes": "calibration: it is not for {expected} classes",
    "card.reason.statistics": "{name}: its statistics are damaged or of another network",
    "card.reason.seen": "seen: expected are possible numbers of films",
    "card.reason.films-there": "the list of films that the model has seen contradicts the entry seen",
    "card.reason.films-bytes": "the list of films has {given} bytes, which is wrong for {films} films",
    "card.reason.films-rise": "the checksums in the list of films must rise",
    "card.reason.base64": "{name}: base64 is expected",
    "model-unusable": "the model file {path} cannot be run ({reason})",
    "model-card-lies": "the model file {path} contradicts itself about its {what}; its description says {expected}",
    "model-operator-unknown": "the model file {path} computes with {operator}, which no network of plainfilm does; "
    "expected a model.onnx that `plainfilm train` wrote",
    "model-too-costly": "the model file {path} takes more memory or time for a film than any network of plainfilm, in "
    "{operator}; expected a model.onnx that `plainfilm train` wrote",
    "model-weights-outside": "the model file {path} keeps its weights {name} in another file, which is not opened; "
    "expected one file that holds everything",
    "model-weights-absent": "the model file {path} announces weights {name} that it does not hold; copy it again",
    "model-parity": "the model file answers differently from the network: probabilities differ by {difference}, "
    "allowed are {maximum}; nothing was written",
    "checkpoint-missing": "the checkpoint {path} does not exist",
    "checkpoint-damaged": "the checkpoint {path} is damaged; the one before it is used",
    "checkpoint-lost": "{path} is damaged or missing, and the weights in it are nowhere else; start the training anew",
    "checkpoint-foreign": "a checkpoint in {path} is whole but none of this run: it has other tensors, or was written "
    "by another version; start the training anew",
    "checkpoint-none": "there is no usable checkpoint in {path}; start the training anew",
    # weights from elsewhere
    "init-saw-test": "of {films} test films, {count} are training or validation films of {run}, whose weights --init "
    "gives: they would test nothing. Keep its split: give {index} as SOURCE",
    "resume-with-init": "--resume {run} goes on with the weights of that run; leave out --init",
    "file-exists": "{path} exists already; give the name of a new file",
    "output-of-run": "{path} holds a run's own test, which figures of other films would replace; give another folder, "
    "for instance {instead}, which the run's report reads",
    "classes-missing": "the checkpoint has {outputs} outputs and does not name them; give --classes with "
    "{outputs} names, in the order of the outputs",
    "classes-other": "--classes gives {given}; expected {outputs} different names, as many as the checkpoint "
    "has outputs",
    "classes-one": "the checkpoint has {outputs} output; a model file needs at least 2, one for each class; as a start "
    "for training it will do: train --init",
    "init-missing": "the recipe starts from the weights {expected}; give their file with --init, or set "
    'model.init = "default"',
    "init-other": "the weights given with --init are {given}; the recipe asks for {expected}",
    "weights-missing": "the checkpoint {path} does not exist or is no file",
    "weights-unknown-kind": "{path} is no checkpoint that is known here; expected a .safetensors, a .pth or "
    ".pt of torch.save, or a .pdparams of paddle.save",
    "weights-foreign": "{path} is {what_key}; expected a .safetensors, a .pth or .pt of torch.save, or a .pdparams "
    "of paddle.save",
    "foreign.hdf5": "an HDF5 file, as Keras and TensorFlow write them, which name and arrange weights in another way",
    "foreign.lfs": "no checkpoint but a pointer of Git LFS to one (fetch the file itself: git lfs pull)",
    "foreign.page": "a web page, no checkpoint (the download did not get the file itself)",
    "foreign.packed": "a compressed file (unpack it first)",
    "weights-onnx": "{path} is an ONNX model. A model.onnx of plainfilm needs no import: predict, evaluate and serve "
    "take it as it is. No training can start from it, its batch-norms are folded into the convolutions; give "
    "checkpoints/best.safetensors of its run, or the weights that it was made of",
    "weights-torchscript": "{path} is a program of TorchScript, which is not run; save its tensors alone: "
    'torch.save(torch.jit.load("FILE").state_dict(), "weights.pth")',
    "weights-class": "the checkpoint {path} holds an object of the class {name}: a whole model, or settings beside "
    "the weights; building it would run code, so the file was not used. On a machine with that class installed, save "
    'the tensors alone: torch.save(model.state_dict(), "weights.pth")',
    "weights-architecture": "the checkpoint {path} holds another network ({given}); expected a ResNet-18, 34, 50, 101 "
    "or 152 in the layout of torchvision or the tutorial",
    "weights-headless": "the checkpoint {path} holds a ResNet-{depth} without a layer of classes: no fc.weight, and no "
    "single linear layer on its {features} features (other tensors: {left}). A model file needs one; train it on your "
    "films: plainfilm train SOURCE --init {path}",
    "weights-none": "the checkpoint {path} holds no state dict; expected tensors by name",
    "weights-code": "the checkpoint {path} asks for {name}, which no tensor needs; nothing was run and the "
    "file was not used; get the weights from a source that you trust, best as .safetensors",
    "weights-damaged": "the checkpoint {path} is damaged or forged: {reason_key}; nothing of it was used; "
    "download it again",
    "weights-header": "the checkpoint {path} says that its header has {given} bytes; at most {maximum} are "
    "read; it is damaged or forged",
    "weights-layout": "the checkpoint {path} is no ResNet in the layout of torchvision or the tutorial; "
    "compared with ResNet-{depth}, missing: {missing}; unknown: {foreign}",
    "weights-stem": "the first convolution in {path} has the shape {given}; expected "
    "8 to 128 filters of 1 or 3 channels",
    "weights-shape": "the tensor {name} in {path} has the shape {given}; expected {expected}",
    "weights-type": "the tensor {name} in {path} has the type {given}; expected floating-point numbers in "
    "little-endian order",
    "weights-not-finite": "the tensor {name} in {path} holds values that no trained network has (NaN, "
    "infinite, or a negative variance)",
    "weights-other": "the weights have {key} = {given}; the recipe asks for {expected}; give other weights, "
    "or change the recipe",
    "damage.cut-off": "a part is missing",
    "damage.operation": "it holds an operation that no tensor needs",
    "damage.arguments": "it describes something that is no tensor",
    "damage.budget": "the names, numbers and lists in it take more memory than those of any ResNet",
    "damage.header": "its header does not describe tensors",
    "damage.overlap": "its tensors overlap or leave gaps",
    "damage.twice": "a name is in it twice",
    "damage.too-large": "a tensor's size and the bytes that are stored for it differ",
    "damage.zip": "it is no whole zip",
    "damage.compressed": "it is compressed, which torch.save never does",
    "damage.checksum": "a checksum is wrong",
    "damage.byte-order": "its numbers are not in little-endian order",
    # training
    "precision-not-native": "this {device} has no arithmetic of its own for {wanted}; expected precision = "
    '"float32" or "auto"',
    "loss-not-finite": "the loss ({loss}), a weight or a moment of the optimiser is not finite at step {step} (epoch "
    "{epoch}, learning rate {rate:g}); the training stopped, and nothing of that step was kept. Go on from the last "
    "good checkpoint with: plainfilm train --resume {run}; if it stops there again, start anew with a lower learning "
    "rate. Images of the batch: {images}",
    "training-full": "there is no room for this training in {path}: checkpoints and model file need {needed_bytes} "
    "bytes more, {free_bytes} are free; make room and go on with: plainfilm train --resume {path}",
    "worker-killed": "one of the {workers} processes that make batches was killed by signal {signal_number}, perhaps "
    "because memory ran out; the training stopped; go on with --resume {run}, and with fewer --workers",
    "reading-stopped": "stopped after reading {done} of {total} films, before any training; give the same "
    "command again",
    "training-stopped": "stopped after step {step}; go on with: plainfilm train --resume {run}",
    "training-stopped-together": "stopped after step {step}; go on with: torchrun --standalone --nproc-per-node "
    "{processes} -m plainfilm train --resume {run}",
    "process-lost": "another of the {processes} processes of this training ended or hangs, so this one ends too; "
    "unless torchrun starts them again, go on with: torchrun --standalone --nproc-per-node {processes} -m plainfilm "
    "train --resume RUN",
    "processes-other": "this run was started with {expected} process(es), and {given} would not compute the same bits; "
    "go on with: torchrun --standalone --nproc-per-node {expected} -m plainfilm train --resume RUN",
    "processes-too-many": "{processes} processes cannot share a batch of {groups} group(s) of films; set norm_group in "
    "[training] of the recipe to a divisor of batch_size ({batch_size}), at most {maximum}, or start fewer processes",
    "evaluation-no-films": "no film of a class that the model knows ({classes}); found: {found}",
    # problems of films in an index
    "problem.label-missing": "Without a class, left out",
    "problem.label-several": "Several labels in one cell, left out",
    "problem.class-unknown": "Of a class that the recipe does not name, left out",
    "problem.split-missing": "Without a part in the set's own split, left out",
    "problem.patient-placeholder": "Of an unknown patient: the entry names nobody",
    "problem.label-conflict": "Copies of one film under different classes, left out",
    "problem.film-empty": "Unreadable, empty",
    "problem.film-missing": "Unreadable, not there or not to be opened",
    "problem.film-is-text": "Unreadable, text and no image",
    "problem.film-other-format": "Unreadable, no PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM",
    "problem.film-unknown-format": "Unreadable, no image that is known here",
    "problem.film-truncated": "Unreadable, cut off at the end",
    "problem.film-unreadable": "Unreadable, damaged or of a rare kind",
    "problem.film-checksum": "Unreadable, damaged",
    "problem.film-overloaded": "Unreadable, asks for more work than any film",
    "problem.film-file-too-large": "Unreadable, too many bytes",
    "problem.film-too-small": "Unreadable, too few pixels",
    "problem.film-too-large": "Unreadable, too many pixels",
    "problem.film-several-images": "Unreadable, several images in one file",
    "problem.film-unsupported-mode": "Unreadable, neither grey, palette nor RGB",
    "problem.film-deep-colour": "Unreadable, 16-bit with colour or transparency",
    "problem.film-polarity-missing": "Unreadable, no word whether low values are black",
    "problem.film-negative": "Unreadable, negative values",
    "problem.film-not-finite": "Unreadable, values that are no numbers",
    "problem.film-dicom-extra": "Unreadable, DICOM without the libraries for it",
    "problem.film-dicom-kind": "Unreadable, DICOM of something else than a radiograph",
    "problem.film-dicom-body-part": "Unreadable, DICOM of another part of the body",
    "problem.film-dicom-view": "DICOM of a lateral or oblique view",
    "problem.film-dicom-no-pixels": "Unreadable, DICOM without pixels",
    "problem.film-dicom-colour": "Unreadable, DICOM in colour",
    "problem.film-dicom-value": "Unreadable, DICOM with an impossible header",
    "problem.film-dicom-syntax": "Unreadable, DICOM compressed in a way that is not read here",
    "problem.film-dicom-codestream": "Unreadable, DICOM whose pixels contradict its header",
    "problem.film-dicom-damaged": "Unreadable, DICOM damaged or of a rare kind",
    "problem.member-damaged": "Unreadable, damaged inside the archive",
    "problem.member-bomb": "Unreadable, unpacks to more than a film does",
    "problem.member-encrypted": "Unreadable, encrypted",
    "problem.member-method": "Unreadable, compressed in a way that is not read here",
    "problem.member-too-large": "Unreadable, too many bytes",
    "problem.member-outside": "Unreadable, a link out of the folder",
    "problem.film-body-part-near": "DICOM of ribs, heart or trunk, read as chest",
    "problem.film-body-part-unknown": "DICOM with unknown words for the body part, read as chest",
    "problem.film-view-decubitus": "DICOM of a patient who lay on one side (decubitus), read as frontal",
    "problem.film-view-unknown": "DICOM that does not name the view clearly, read as frontal",
    "problem.film-turned": "Turned as the orientation tag says",
    "problem.film-transparent": "Transparent pixels, laid over black",
    "problem.film-depth-guessed": "Bits a value guessed from the largest value",
    "problem.film-polarity-assumed": "Black and white not given by the DICOM header, low values taken for black",
    "problem.film-window-ignored": "Window of the DICOM header set aside: it does not fit the pixels",
    "problem.film-bits-ignored": "Declared bits a value set aside: they do not fit the pixels",
    "problem.film-padding-ignored": "Padding of the DICOM header set aside: it is the film itself",
    "problem.film-greys-doubted": "Nearly all within a few greys: wrong window or depth?",
    "problem.film-blank": "Blank: nearly all of it one grey, paired with no other film",
    "problem.duplicate-exact": "Exact copies of another film",
    "problem.duplicate-near": "Near copies of another film",
    # the balance of files and rows
    "balance.warning": "WARNING: {message}",
    "balance.lost": "not used: {films} of {of} films ({reason_key})",
    "balance.lost-class": "no film of {names} is used ({films} files: {reason_key})",
    "balance.lost-folder": "no film in {names} is used ({films} files in {count} folder(s): {reason_key})",
    "balance.table-few": "only {films} of {of} films have a row in the table {table}; compare its paths with those of "
    "the films",
    "balance.files": "Files: {files} seen = {used} used + {left_out} left out",
    "balance.reason": "Not used because",
    "balance.count": "Files",
    "balance.endings": "Endings",
    "balance.example": "For instance",
    "balance.rows": "Table {table}: {rows} rows = {fit} fit one film + {unfit} fit none + {twice} given twice",
    "balance.without-row": "Table {table}: {films} of {of} films have no row in it",
    "balance.columns": "  columns used: {used}; not used: {unused}",
    "balance.column": "{name} (here {heading})",
    "balance.no-column": "none",
    "balance.label-spelt": "One label under several spellings: {spellings} is taken for {label}",
    "balance.train-only": "{films} films have {column} {value}: a split that is drawn here keeps them out of "
    "validation and test; a column train_only in the table (yes or no) decides otherwise",
    "balance.encoding": "The names in {source} are not marked as UTF-8; they are read as {encoding} (the first: "
    "{example}); if they look wrong, give --encoding",
    "balance.reason.unreadable": "unreadable",
    "balance.reason.missing": "not there: named by a table, or a link that leads nowhere",
    "balance.reason.copy-conflict": "copy under another class",
    "balance.reason.no-label": "no label",
    "balance.reason.several-labels": "several labels in one cell",
    "balance.reason.class-unknown": "not of the model's or recipe's classes",
    "balance.reason.no-part": "the set's own split names no part",
    "balance.reason.seen": "the model has seen it, or another film of its patient",
    "balance.reason.refused": "refused by the input check",
    "balance.reason.link": "link not followed (--follow-links follows it)",
    "balance.reason.other-image": "image of another kind; convert it to PNG",
    "balance.reason.hidden": "hidden or system file",
    "balance.reason.own-output": "output of plainfilm",
    "balance.reason.mask": "mask",
    "balance.reason.text": "table or text",
    "balance.reason.no-image": "no image by its content",
    "balance.reason.special": "pipe, socket or device",
    "balance.reason.unsafe": "name that leads out of the archive",
    "balance.reason.unreadable-folder": "folder that cannot be opened",
    "balance.reason.double": "link to a file that is counted already",
    # what the commands print
    "progress.scan": "Reading films",
    "progress.train": "Training",
    "progress.note": "loss {loss:.4f}  accuracy {accuracy:.0f} %  {speed:.1f} images/s",
    "index.class": "Class",
    "index.source": "Site",
    "index.films": "Films",
    "index.groups": "Groups",
    "index.train": "Train",
    "index.validation": "Validation",
    "index.test": "Test",
    "index.predict": "Predict",
    "index.left-out": "Left out",
    "index.total": "All",
    "index.part": "{part} {films}",
    "index.of-class": "{label} {films}",
    "index.none-present": "none of them present",
    "index.films-by-class": "{films} ({classes})",
    "index.counts": "{films} films: {counts} ({classes})",
    "index.problem": "{what}: {films}",
    "index.more": "    ... and {films} more",
    "index.leaking": "This split LEAKS: {shared} of {tested} test films share a patient with films in other parts, or "
    "are copies of them.",
    "index.split": "Split by {method}",
    "index.split-asked": "Split by {method}; {parts} asked: {asked} %, reached: {reached}",
    "index.split-missed": "Farther from a share than a fifth of it, as patients and copies stay together: {missed}",
    "index.split-miss": "{label} {part} {films} of {total}, asked {asked} %",
    "index.own-split": "The set has a split of its own, which is not used ({counts}; without a part {without}); "
    '{torn} patients or groups have films in several of its parts; split.kind = "column" uses it',
    "index.own-split-unknown": "The column split has values that name no part, and it is not used: {unknown}",
    "index.method.shuffled groups": "shuffled groups",
    "index.method.iterative stratification": "iterative stratification",
    "index.method.every tenth film": "every tenth film",
    "index.method.column split": "the set's own split",
    "index.method.column split, validation by shuffled groups": "the set's own split, with validation films drawn "
    "from its training films by shuffled groups",
    "index.method.column split, validation by iterative stratification": "the set's own split, with validation films "
    "drawn from its training films by iterative stratification",
    "patients.nobody": "{films} films have an entry as patient that names nobody (unknown, ANONYMOUS, 0, ...), for "
    "instance {example}; they count as films of unknown patients, so of these only copies are kept together",
    "patients.holding": "one patient has {films} of the {total} films of the class {label}, for instance {example}; "
    "they stay together in one part; if the entry names no patient, mend the column patient",
    "index.written": "Written: {path}",
    "audit-model-other": "the model was trained {what_key}; give the films of its training, with table and recipe, "
    "or the folder of its run",
    "audit.data_sha256": "on other films than these",
    "audit.split_sha256": "with another split of these films",
    "audit.written": "audit.json, pairs.html, clusters.csv and shortcuts.png are in {folder}",
    "leaks.splits": "Parts",
    "leaks.sources": "Sites",
    "leaks.also-exact": "{films} films in clusters of near copies are exact copies of another "
    "film, too, and count in both.",
    "leaks.clusters-of": "{label}: {films} films in {clusters} clusters, the largest of {largest}",
    "leaks.no-conflicts": "No film has two classes.",
    "leaks.patients-unknown": "No film has a known patient: whether patients are in several parts cannot be said.",
    "leaks.naive": "Were every tenth film tested, as in the tutorial: test films with their patient or a copy in "
    "training",
    "leaks.reader.nearest": "Nearest film, 32 x 32 pixels",
    "leaks.reader.logistic": "Logistic regression, 16 x 16 pixels",
    "leaks.naive-note": "Accuracy with 95 % interval; each of {films} films read once under "
    "both splits ({folds} folds), differences in percentage points, paired.",
    "pairs.title": "Suspicious pairs",
    "pairs.about": "One exposure that is in the data more than once. Under each film: its class, site, part of the "
    "split and image_id; paths are in clusters.csv. This page holds the films themselves: do not publish it where "
    "they must not be.",
    "pairs.conflicts": "One exposure, two classes (label conflicts)",
    "pairs.splits": "One exposure in two parts of the split",
    "pairs.sources": "One exposure from two sites",
    "pairs.clusters": "The largest clusters",
    "pairs.none": "None.",
    "pairs.count": "{shown} of {total} shown.",
    "pairs.exact": "The same pixels",
    "pairs.near": "Near copy, correlation of fine structures {score:.3f}",
    "pairs.near-mirrored": "Near copy, mirrored, correlation of fine structures {score:.3f}",
    "pairs.cluster": "Cluster {number}: {films} films",
    "pairs.more": "... and {films} more in clusters.csv",
    "pairs.alt": "Film {image_id}, class {label}",
    "evaluation.most-left-out": "MOST FILMS ARE LEFT OUT: {left_out} of {films}; the figures are those of the other "
    "{used} alone",
    "evaluation.title": "Evaluation on {films}: {n} films (95 % intervals)",
    "evaluation.leaking": "LEAKING SPLIT: films of one patient are in training and in test; these figures are too "
    "good.",
    "evaluation.class": "Class",
    "evaluation.figure": "Figure",
    "evaluation.confusion": "True / predicted",
    "evaluation.auc": "AUC",
    "evaluation.missed": "{mark} Read this interval as too narrow: of simulated test sets of about this size and value "
    "as few as {coverage:.0f} % gave one that holds the truth (docs/intervals.md).",
    "evaluation.gate": "The input check would refuse {refused} of these films; the figures count them all the same.",
    "evaluation.gate-rules": "This model's input check has no fitted statistics; its rules alone would refuse "
    "{refused} of these films; the figures count them all the same.",
    "evaluation.left-out": "Left out (unreadable, no class of the model, copies under different classes): {left_out}",
    "figure.balanced_accuracy": "Balanced accuracy",
    "figure.mcc": "Matthews correlation coefficient",
    "figure.macro_auc": "Macro AUC",
    "figure.log_loss": "Log loss",
    "figure.calibration": "Expected calibration error",
    "figure.brier": "Brier score",
    "figure.aurc": "Errors over coverage (AURC)",
    "figure.coverage": "Share of films kept, the surest first",
    "figure.kept-accuracy": "Accuracy among them (95 % interval)",
    "figure.all-films": "all films",
    "figure.specificity": "Specificity",
    "figure.ppv": "Positive predictive value",
    "figure.npv": "Negative predictive value",
    "sets.coverage": "Prediction set holds the true class (asked for: {asked:g} %)",
    "sets.single": "One class: an answer",
    "sets.several": "Several classes: not decided",
    "sets.none": "No class: not decided",
    "sets.size": "Classes in a prediction set, mean",
    "sets.all": "All films",
    "sets.undecided": "{names}: not decided",
    "sets.or": "{first} or {second}",
    "sets.any": "no class ruled out: not decided",
    "sets.empty": "not sure enough of any class: not decided",
    "prevalence.title": "Predictive values if {prevalence:g} % of the films are {name}, and all are like those of the "
    "validation",
    "prevalence.unproven": "Whether these films are like those, no one knows.",
    "prevalence.abroad": "No predictive values: they would hold for films like those of the validation, and these are "
    "not.",
    "prevalence.threshold": "Threshold of the probability",
    "prevalence.none": "{name}: no operating point; there was no validation film of this class.",
    "prevalence-malformed": "--prevalence {given} cannot be read; expected CLASS=SHARE with a share between 0 and 1, "
    "for instance {example}=0.02",
    "prevalence-class-unknown": "--prevalence names the class {given}; the model knows {expected}",
    "prevalence-not-calibrated": "--prevalence needs the operating points of a calibrated model; this one was trained "
    "without a validation part; train it with one",
    "figure.precision": "Precision",
    "figure.f1": "F1",
    "predict-no-films": "there is no film to answer; given was the model {path} alone; expected: plainfilm predict "
    "[MODEL] FILM...",
    "prediction.table": "The most probable class of each film, and the probability of every class",
    "prediction.number": "No.",
    "prediction.film": "Film",
    "prediction.label": "Prediction",
    "prediction.set": "Film {number}, {coverage:g} % prediction set: {words}",
    "prediction.set-unproven": "Film {number}, {coverage:g} % prediction set if the film is like those of the test: "
    "{words}",
    "prediction.sentence": "Film {number}: true label: {truth}, prediction: {predicted}",
    "prediction.set-unpromised": "Film {number}, prediction set, which promises nothing here: {words}",
    "prediction.doubted": "{names} ({doubts})",
    "doubt.undecided": "not decided",
    "doubt.refused": "refused",
    "doubt.abroad": "not like the test",
    "doubt.unproven": "if like the test",
    "prediction.maps": "Class activation maps are in {folder}: {cells}x{cells} cells over a film of {size}x{size} "
    "px; orange speaks for the predicted class.",
    "guess.no-record": "What accuracy is to be expected here is not guessed: nobody has tested such guesses of this "
    "model on films of other places.",
    "guess.shown": "Accuracy to be expected on these films, guessed from how sure the model is: {accuracy}. On films "
    "of {sites} other places such a guess was off by up to {off:.1f} points.",
    "guess.bad-record": "What accuracy is to be expected here is not guessed: on films of {sites} other places such "
    "a guess was off by up to {off:.1f} points.",
    "headline.refused": "Refused. Not reliable: {name}",
    "headline.abroad": "The films here are not like those of the test. Not reliable: {name}",
    "headline.unlike": "Not like the films of the test. Not reliable: {name}",
    "headline.unproven": "{name}, if this film is like those of the test",
    "headline.uncalibrated": "Most probable: {name}",
    "shift.home": "Nothing says that these {films} films are unlike those that the model was tested on "
    "(distance {distance:.2f}; unlike above 1). A few from elsewhere among many would not be noticed.",
    "shift.abroad": "These {films} films are not like those that this model was tested on (distance {distance:.2f}; "
    "unlike above 1; what differs: {moved}). Its probabilities, prediction sets and thresholds promise nothing here. "
    "Test it on films from here whose class you know: plainfilm evaluate.",
    "shift.served-home": "Nothing says that the {films} films that this server last looked at together, whoever sent "
    "them, are unlike those that the model was tested on (distance {distance:.2f}; unlike above 1). A few from "
    "elsewhere among many would not be noticed.",
    "shift.served-abroad": "The {films} films that this server last looked at together, whoever sent them, are not "
    "like those that this model was tested on (distance {distance:.2f}; unlike above 1; what differs: {moved}). Its "
    "probabilities, prediction sets and thresholds promise nothing here. Test it on films from here whose class you "
    "know: plainfilm evaluate.",
    "shift.too-few": "Too few films to tell whether they are like those that the model was tested on: {films}; "
    "{minimum} are needed.",
    "shift.features": "what the network sees",
    "shift.layout": "the layout",
    "shift.greys": "the greys",
    "shift.sharpness": "the sharpness",
    "shift.together": "a little of everything",
    "shift.stream": "The films that come here are not like those that the model was tested on. Its probabilities and "
    "sets promise nothing here.",
    "shift.film": "This film is unlike nearly all films that the model was tested on.",
    "shift.at-home": "Nothing says that the films that come here are unlike those that the model was tested on. That "
    "proves nothing about this one.",
    "shift.unknown": "Too few films have come here to tell whether they are like those that the model was tested on. "
    "If this one is not, nothing said of it holds.",
    "shift.unlike": "{about}: unlike the films that the model was tested on; do not rely on its answer",
    "drift-missing": "{path} cannot be read ({reason}); expected a file that `plainfilm serve --watch FILE` keeps",
    "drift-too-large": "{path} is too large: at most {maximum_bytes} bytes are read; give a part of its lines",
    "drift-damaged": "{path}, line {line}, is no window as `plainfilm serve --watch FILE` keeps it; remove the line "
    "if it is damaged",
    "drift-empty": "{path} is empty; a server that watches adds a line for every 50 films",
    "drift.windows": "{windows} windows with {films} films, from {first} to {last}.",
    "drift.restarts": "Starts of the server after the first: {restarts}. Its bound on false alarms holds for each "
    "start.",
    "drift.alarms": "Abroad: {abroad} of {windows} windows. First alarm: {time}.",
    "drift.no-alarm": "No window was abroad: there was no alarm.",
    "drift.too-few": "Too few windows to say since when: {windows}; at least {minimum} are needed.",
    "drift.steady": "Nothing says that the films moved within these windows (p {p:.3f}).",
    "drift.away": "The films moved away from home, most likely since the window that was full at {time}: mean "
    "distance {before:.2f} before ({left} windows), {after:.2f} after ({right} windows), p {p:.3f}.",
    "drift.back": "The films moved nearer to home, most likely since the window that was full at {time}: mean "
    "distance {before:.2f} before ({left} windows), {after:.2f} after ({right} windows), p {p:.3f}.",
    "drift.blocks": "What moved: {names} (p corrected for all blocks, Holm).",
    "drift.no-block": "No block surely moved by itself (p corrected for all blocks, Holm).",
    "drift.table": "Geometric mean of the distance before and after the best cut in two; above 1 is rare at home",
    "drift.what": "What",
    "drift.before": "Before",
    "drift.after": "After",
    "drift.p": "p",
    "drift.since": "Since, if sure",
    "drift.together": "all together",
    "drift.written": "Page: {path}",
    "drift.title": "Are the films that come here still like those at home?",
    "drift.about": "Made of the counters that `plainfilm serve --watch` keeps. They hold no film and nothing of a "
    "patient.",
    "drift.found": "What was found",
    "drift.charts": "The windows",
    "drift.axis": "window ({first} to {last})",
    "drift.about-chart": "Distance from home over the windows: {name}",
    "drift.chart": "Distance from home in each window. Dotted: 1, which {share:g} % of windows at home exceed. "
    "Upright line: the move, if it is sure; dashed: the mean before and after it. Circle: the first alarm. In a long "
    "stream neighbours are averaged.",
    "drift.chart-blocks": "The same for each block alone. A move is marked if the stream surely moved, and the "
    "block, too.",
    "drift.method": "How this is judged",
    "drift.method.distance": "A window is a number of films that were judged together. Its distance says how far "
    "their mean is from that of home films with the same answers. It is divided by what {share:g} % of windows at "
    "home exceed.",
    "drift.method.alarm": "The server alarms at a higher limit, which rises with every window, so that watching "
    "without end hardly ever alarms by chance. So a window above 1 need not be an alarm.",
    "drift.method.move": "A move is where one cut parts the logarithms of the distances best in two. p is the share "
    "of {reorderings} reorderings of the windows that part no worse; up to {sure:g} counts as sure. Blocks are named "
    "only if all together surely moved, with p corrected for {blocks} blocks (Holm). Fewer than {minimum} windows "
    "say nothing.",
    "drift.method.chance": "p takes windows for independent. If similar films come in spells, for instance by day or "
    "by ward, it is too small. A move says that the films changed, not why, and not that the answers are wrong.",
    "card.not-tested": "This model was not tested.",
    "card.tested": "This model's accuracy on its own test films, which come from where its training films come from: "
    "{accuracy}. On films from elsewhere expect less, perhaps far less.",
    "card.base-unknown": "Its training began with given weights. Which films those had seen, nobody can say; if its "
    "test films were among them, its figures are too good.",
    "card.not-calibrated": "This model is not calibrated: its probabilities are not frequencies.",
    "card.calibrated": "Calibrated on {films} validation films. Among films like those a prediction set holds the "
    "true class in at least {coverage:g} % of cases; it holds no class if each is less probable than in all but a few "
    "of its own films.",
    "card.maps-faithful": "This model's class activation maps passed their check on {n} validation films: taken "
    "together, its answers depend on the cells that they mark more than on random or central ones, and random "
    "weights give other maps.",
    "card.maps-not-faithful": "Do not rely on this model's class activation maps: checked on validation films, its "
    "answers did not depend on the cells that they mark more than on random or central ones, or random weights gave "
    "similar maps.",
    "card.maps-doubted": "Do not rely on this model's class activation maps of {names}: among validation films that "
    "it calls so, its answers depend on random or central cells more than on those that the maps mark.",
    "card.maps-not-checked": "This model's class activation maps were not checked: it is not known whether its "
    "answers depend on the cells that they mark.",
    "card.no-gate": "This model has no fitted input check: only colour, size, shape and contrast are checked before "
    "it answers.",
    "card.no-shift": "This model cannot say whether films are like those that it was tested on.",
    "card.not-audited": "Nobody has looked whether it lives on what is beside the lungs: plainfilm audit has not "
    "been run on it.",
    "card.audited": "It may recognise where a film comes from instead of a disease: on its test films a probe that "
    "sees no lung ({view}) gets {share} of what this model adds over chance. Accuracy of the probe: {accuracy}; of "
    "chance: {chance}; of this model: {model}.",
    "card.audited-no-share": "A probe that sees no lung ({view}) tells the classes of its test films with an "
    "accuracy of {accuracy}; chance: {chance}; this model: {model}.",
    "card.tied": "It has learned {lone} from one place alone, and cannot tell it from {others} elsewhere. If it "
    "cannot rule one of them out it names both, however improbable one is, unless the film is called {lone} and is "
    "like those of the test.",
    "card.knows": "It knows {classes}, and nothing else. A film with any other disease is called one of these all the "
    "same.",
    "card.knows-findings": "It looks for {count} findings, and mentions nothing else that a film shows.",
    "card.source": "Trained on films of {name}. Terms: {terms}. Citation: {citation}.",
    "card.not-for-diagnosis": "For research and teaching; not for diagnosis.",
    "profile.stages": "Where the time went",
    "profile.stage": "Stage",
    "profile.seconds": "Seconds",
    "profile.cpu-seconds": "Processor seconds",
    "profile.stage.index": "index: films decoded, copies found, split",
    "profile.stage.sizes": "films at the sizes of the training",
    "profile.stage.training": "training",
    "profile.stage.fit": "calibration, input check, map check",
    "profile.stage.test": "test",
    "profile.stage.model-file": "model file written and compared",
    "profile.stage.report": "figures, audit, report",
    "profile.steps": "A step at {size} px, on average over {steps} steps",
    "profile.cause": "Cause",
    "profile.milliseconds": "Milliseconds",
    "profile.share": "Share",
    "profile.cause.batches": "batches: augmentation, or waiting for it",
    "profile.cause.convolution-forward": "convolutions, forward",
    "profile.cause.convolution-backward": "convolutions, backward",
    "profile.cause.matrices": "convolutions as products of matrices, both ways",
    "profile.cause.batch-norm": "batch-norm",
    "profile.cause.activation": "activations",
    "profile.cause.pooling": "pooling",
    "profile.cause.sum": "sums of shortcuts",
    "profile.cause.cast": "copies and casts",
    "profile.cause.optimiser": "optimiser",
    "profile.cause.average": "moving average of the weights",
    "profile.cause.finite": "look for numbers that are not finite",
    "profile.cause.validation": "validation",
    "profile.cause.checkpoint": "checkpoints",
    "profile.cause.other": "everything else",
    "profile.cost": "Measuring takes some microseconds for each operation of the network.",
    "train.start": "Training: {steps} steps, {threads} threads, {precision} on {device}",
    "train.resume": "Going on after step {step} of {steps}, {threads} threads, {precision} on {device}",
    "train.epoch": "Epoch {epoch} ({epochs} in all, {size} px): validation loss {loss:.4f}, accuracy {accuracy:.1f} %",
    "train.kept": "Kept: epoch {epoch}, validation accuracy {accuracy} %",
    "train.kept-last": "Kept: the last epoch, {epoch} (no validation part)",
    "train.parity": "The model file answers like the network: probabilities differ by at most {difference}",
    "train.int8": "{name} is written; on the validation films its accuracy differs by {value:+.1f} points "
    "({low:+.1f} to {high:+.1f}, n {n})",
    "train.int8-refused": "{name} is not written: on the validation films its accuracy differs by {value:+.1f} points "
    "({low:+.1f} to {high:+.1f}, n {n}); at most 0.5 may be lost",
    "int8-no-validation": "--int8 compares the two models on validation films, and this run has none; use a recipe "
    "with a validation part",
    "train.done": "The run is in {run}",
    "taken.count": "Weights taken: {taken} of the {expected} tensors of a ResNet-{depth}",
    "taken.entry": "  from the entry {entry} of the file",
    "taken.prefix": "  {prefix} was taken off their names",
    "taken.sequential": "  named by their positions in a list of layers (0 is conv1, 1 is bn1, 4 to 7 are the stages)",
    "taken.head": "  the layer of classes is {head} ({outputs} outputs)",
    "taken.head-kept": "  the layer of classes too: its {outputs} outputs are taken for the classes in their order: "
    "{classes}",
    "taken.head-new": "  the layer of classes has {outputs} outputs, these films {classes} classes: it is drawn anew",
    "taken.no-head": "  there is no layer of classes among them: it is drawn anew",
    "taken.cast": "  stored as {types}, used as float32",
    "taken.stem": "  the first convolution was trained on {given} channels; for films of {channels} they are summed",
    "taken.others": "  not taken, though as complete: {names}",
    "taken.left": "  left, beside them in the same entry: {count} ({names})",
    "taken.beside": "  left, other entries of the file: {count} ({names})",
    "import.done": "Written: {path} (ResNet-{depth}, {channels} channels, {size} px; classes: {classes})",
    # external tests
    "evaluation-all-seen": "the model has seen all films that it could be tested on ({count} of the {films} films are "
    "among its training and validation films, or belong to a patient or group with one); give films from elsewhere",
    "seen.counts": "Seen by the model, and left out: {count} of {films} films ({exact} with the same pixels, {near} "
    "copies in disguise, {related} more of a patient or group with one of these). It was trained on {train} films and "
    "validated on {validation}.",
    "seen.exact-alone": "The model file knows its films by the checksums of their pixels alone: copies in disguise are "
    "not found.",
    "seen.base-unknown": "Its training began with weights from elsewhere; which films these have seen, nobody can say.",
    "seen.cannot-say": "Which of these {films} films the model has seen, its file cannot say: it has no list of its "
    "training films. If there are some among them, the figures are too good.",
    "fall.title": "The generalisation gap: from the model's own test films to these (95 % intervals)",
    "fall.internal": "Own test films",
    "fall.external": "These films",
    "fall.difference": "Gap, points of 100",
    "fall.worse": "On these films the model is worse: its balanced accuracy is {low:.1f} to {high:.1f} points lower.",
    "fall.better": "On these films the model is better: its balanced accuracy is {low:.1f} to {high:.1f} points "
    "higher.",
    "fall.unclear": "It is not certain whether the model is worse on these films: the generalisation gap of its "
    "balanced accuracy is {low:.1f} to {high:.1f} points (below 0: it is better here).",
    "fall.not-estimable": "The generalisation gap of the balanced accuracy is not estimable: these films or the "
    "model's own test films lack a class. The accuracy alone depends on how many films of each class there are.",
    "fall.leaking": "The split of the model's own test leaks: its figures are too good, and so part of the "
    "generalisation gap only corrects them.",
    "fall.not-tested": "This model was not tested on films of its own: its generalisation gap is not known.",
    # recalibrating
    "recalibration-too-few": "{films} of the {found} films can be used to recalibrate ({count} are left out because "
    "the model has seen them); expected at least {minimum} films labelled for {classes}, better {better}; give more "
    "labelled films of this place",
    "recalibration-none-known": "no label of the {films} films says anything of what the model knows: {classes}; give "
    "films of this place that are labelled for it, or the table that labels them with --table",
    "recalibration-few-groups": "the {films} films are of {groups} patients or groups of copies, and these are not "
    "to be torn apart; expected at least {minimum}, half of them for the test; give films of more patients",
    "recalibration.advised": "Recalibrate the model for these films: plainfilm recalibrate MODEL SOURCE --out FILE "
    "takes at least {minimum} labelled films of the place, better {better}; here are {films}.",
    "recalibration.halves": "Of {films} labelled films {fitted} were for fitting (temperature, prediction sets, "
    "thresholds, input check); the other {tested}, of other patients, were for the test before and after.",
    "recalibration.missing": "Without a film to fit on: {names}. The prediction sets use what was fitted on the "
    "other classes, and promise nothing for these.",
    "recalibration.pooled": "Too few films for a limit of their own in the prediction sets, so that of all classes "
    "together is used: {counts}.",
    "recalibration.films-of": "{name} {films}",
    "recalibration.title": "The local test films before and after recalibrating (95 % intervals)",
    "recalibration.before": "Before",
    "recalibration.after": "After",
    "recalibration.refused": "Refused by the input check",
    "recalibration.written": "Model file: {path}. Its class activation maps were not checked on these films.",
    "card.recalibrated": "This model was recalibrated for a place other than that of its training. Its accuracy on "
    "test films from there: {accuracy}. On films from elsewhere expect less, perhaps far less.",
    "card.recalibrated-on": "Recalibrated on {films} films of that place. Among films like those a prediction set "
    "holds the true class in at least {coverage:g} % of cases; it holds no class if each is less probable than in all "
    "but a few of its own films.",
    # comparing and cross-validating
    "compare.title": "Compared on {films} films in {groups} groups; left out, having no answer of the other: {first} "
    "of the first, {second} of the second.",
    "compare.model": "Model",
    "compare.first": "First",
    "compare.second": "Second",
    "compare.difference": "Second minus first",
    "compare.mcnemar": "Only the first is right on {only_first} films, only the second on {only_second}: McNemar's "
    "exact test, p = {p:.3g}",
    "compare.grouped": "The test takes films for independent, and here groups have several: believe the interval.",
    "compare-classes": "the two tables have different classes: {first} and {second}; compare models of the "
    "same classes",
    "compare-no-films": "no film has an answer of both models ({first} films in the first table, {second} in the "
    "second); evaluate both on the same films",
    "compare-labels": "{films} films have another label in the second table, for instance {example}; evaluate both "
    "models with the same labels",
    "predictions-missing": "there is no predictions.csv at {path}; give that file, or the folder of an evaluation or "
    "run",
    "predictions-damaged": "{path} is no predictions.csv that `evaluate` or `train` wrote",
    "cross.run": "Run {number} of {total}: {name}",
    "cross.found": "Run {number} of {total}: {name} is finished",
    "cross.spread": "Mean and spread over the runs",
    "cross.mean": "Mean",
    "cross.sd": "SD",
    "cross.min": "Lowest",
    "cross.max": "Highest",
    "cross.runs": "Runs",
    "cross.seed": "Seed",
    "cross.pooled": "All films together, each answered by the model that was trained without its group",
    "cross.done": "{runs} runs and cross-validation.json are in {folder}",
    "cross-validate-init": "model.init = {given} names weights from a file, which cross-validate does not take; use "
    "default or tutorial",
    "cross-validate-other": "{path} holds a cross-validation of other films or tables, or with another recipe or "
    "number of folds; give another --out",
    "seeds-malformed": "--seeds {given} cannot be read; expected whole numbers from 0, for instance 0,1,2",
    # the doctor
    "runtime-broken": "ONNX Runtime is installed but does not work ({reason}); install it again: pip install "
    "--force-reinstall onnxruntime",
    "doctor.install": "This install",
    "doctor.severity.ok": "[ok]     ",
    "doctor.severity.note": "[note]   ",
    "doctor.severity.problem": "[PROBLEM]",
    "doctor.finding": "  {severity}  {message}",
    "doctor.well": "No fault was found.",
    "doctor.ill": "Problems: {problems}",
    "doctor.python": "Python {version} on {system} {machine}",
    "doctor.python-old": "Python {version} is too old; expected at least {minimum}",
    "doctor.core": "installed: {packages}",
    "doctor.core-missing": "without {packages} nothing works; install it again: pip install plainfilm",
    "doctor.extra": "the extra {extra} is installed: {packages}",
    "doctor.extra-missing": 'the extra {extra} lacks {packages}; who needs it: pip install "plainfilm[{extra}]"',
    "doctor.runtime": "ONNX Runtime runs a small model",
    "doctor.runtime-import": "ONNX Runtime cannot be loaded ({reason}); install it again: pip install "
    "--force-reinstall onnxruntime",
    "doctor.processor": "{cores} of {present} cores may be used; features: {features}",
    "doctor.quota": "this container gets the time of {quota:.1f} cores while {cores} are seen; give --threads "
    "accordingly",
    "doctor.precision": 'precision = "auto" trains in {precision} on {device}',
    "doctor.memory": "{free:.1f} GiB of memory are free",
    "doctor.memory-little": "only {free:.1f} GiB of memory are free; training wants {wanted:.0f} GiB; close other "
    "programs",
    "doctor.disk": "{free:.1f} GiB are free in this folder",
    "doctor.disk-little": "only {free:.1f} GiB are free in this folder; a run wants {wanted:.0f} GiB; make room",
    "doctor.temporary": "the temporary folder {path} can be written",
    "doctor.temporary-unwritable": "no temporary folder can be written; set TMPDIR to one that can",
    "doctor.home": "the home folder {path} can be written",
    "doctor.home-unwritable": "the home folder cannot be written or is not set; set HOME to one that can",
    "doctor.font": "a Chinese font for figures is installed",
    "doctor.no-font": "no Chinese font is installed, so that figures are labelled in English; install one such as Noto "
    "Sans CJK",
    "doctor.left-out": "files not used: {files}, {reason_key} ({endings}), for instance {example}",
    "doctor.film": "an image of {width}x{height} px, stored as {mode}, {bits} bits used, colour {chroma:.1f} of 255; "
    "whether it shows a chest from the front is not looked at here",
    "doctor.film-coloured": "the film has colours ({chroma:.1f} of 255); a radiograph has none: is it a photograph or "
    "a marked copy?",
    "doctor.film-shape": "{width}x{height} px is narrower or wider than a chest film usually is; was it cropped?",
    "doctor.film-blank": "every pixel has the value {value}; the film is blank",
    "doctor.data": "{films} films can be read, {groups} patients or groups: {classes}",
    "doctor.data-films": "{what_key}: {films}, for instance {example}",
    "doctor.data-told": "every film of class {label} has a {column} that no other class has ({values}): a model can "
    "tell this class without looking at a lung; add films of other classes with the same {column}, or test elsewhere",
    "doctor.data-no-sources": "nothing says where the films come from; whether the site tells the class cannot be "
    "checked; give a --table with the column source",
    "doctor.data-no-patients": "nothing says whose the films are; only copies are kept together; give a --table with "
    "the column patient",
    "doctor.data-quality": "{films} films are not as they came ({found}); a column train_only in the table keeps films "
    "out of validation and test",
    "doctor.data-sizes": "the longer sides go from {smallest} to {largest} px; if sizes differ by class, they tell it",
    "doctor.data-modes": "the films are stored in several ways: {modes}; if these differ by class, they tell it",
    "doctor.data-odd": "{films} films are narrower or wider than chest films usually are, for instance {example} "
    "({width}x{height} px)",
    "doctor.data-split": "the films can be split: {parts}",
    "doctor.data-own-split": "the set has a split of its own ({parts}; without a part {without}); {torn} patients or "
    'groups have films in several of its parts; split.kind = "column" uses it',
    "doctor.data-leaking": "the split LEAKS: {groups} patients or groups have films in several parts",
    "doctor.model": "the digest is right; format version {version}, weights {weights}",
    "doctor.model-classes": "classes: {classes}",
    "doctor.model-pixels": "it takes films of {size}x{size} px, {channels} channels, {fit}",
    "doctor.model-not-finite": "it answers a black film with numbers that are not finite; train it again",
    "doctor.model-packages": "made with {packages}",
    "doctor.model-no-packages": "it does not say which packages it was made with",
    "doctor.model-tested": "accuracy on its own test films {value:.1f} % ({low:.1f} to {high:.1f}, n {n})",
    "doctor.model-calibrated": "it is calibrated",
    "doctor.shift": "{words}",
    "doctor.films": "{films} films, of which {refused} are refused and {unreadable} cannot be read",
    "doctor.model-shift": "it can say whether films are like those that it was tested on (home: {films} films)",
    "doctor.model-gate": "it refuses most of what is no chest film from the front",
    # the shortcut audit
    "view.chance": "chance (commonest class)",
    "view.model": "the model",
    "view.file": "file facts",
    "view.border": "border ring",
    "view.corners": "four corners",
    "view.blanked": "lungs blanked",
    "view.statistics": "grey-value statistics",
    "view.spectrum": "spectrum and sharpness",
    "view.thumbnail": "16 x 16 thumbnail",
    "view.lungs": "lung field alone",
    "shortcuts.split.test": "learnt on the training part, judged on the test part",
    "shortcuts.split.folds": "five grouped folds",
    "shortcuts.split.fold": "one of five grouped folds",
    "shortcuts.lung": "Sees lung",
    "shortcuts.accuracy": "Accuracy (95 % interval)",
    "shortcuts.source": "The site, predicted from the model's features: among all films, and within a class",
    "shortcuts.source-chance": "by chance: from the class alone; within a class, the commonest site",
    "shortcuts.left-out": "Site left out",
    "shortcuts.sensitivity": "Sensitivity there",
    "shortcuts.usual": "with the site in training",
    "shortcuts.lost": "classes it had alone",
    "shortcuts.unanswered.class-within-source.no-source-holds-both": "Not estimable: {label} against the rest within "
    "one site, because no site holds both ({label}: {source})",
    "shortcuts.unanswered.class-within-source.source-unknown": "Not estimable: {label} against the rest within one "
    "site, because nothing says where its films come from",
    "shortcuts.unanswered.source-left-out.one-source": "Not estimable: {label} in a site that was not trained on, "
    "because all its films come from {source}",
    "shortcuts.unanswered.source-left-out.source-unknown": "Not estimable: {label} in a site that was not trained "
    "on, because nothing says where its films come from",
    "shortcuts.verdict.untrusted": "Verdict: a probe that sees nothing but one view, {view}, gets {share:.0f} % of "
    "what the model adds over chance ({low:.0f} to {high:.0f}, n {n}). This score cannot be trusted as medicine.",
    "shortcuts.verdict.doubted": "Verdict: a probe that sees nothing but one view, {view}, gets {share:.0f} % of "
    "what the model adds over chance ({low:.0f} to {high:.0f}, n {n}). Part of this score may not be medicine.",
    "shortcuts.verdict.model-adds-nothing": "Verdict: the model adds nothing measurable over chance, while a probe "
    "beats it from this view: {view}, accuracy {accuracy}.",
    "shortcuts.verdict.data-untrusted": "Verdict: a probe tells the classes from a view without lungs: {view}, "
    "accuracy {accuracy}, chance {chance}. No score on these films can be trusted as medicine.",
    "shortcuts.verdict.data-doubted": "Verdict: a probe beats chance from a view without lungs: {view}, accuracy "
    "{accuracy}, chance {chance}. Part of any score on these films may not be medicine.",
    "shortcuts.verdict.clear": "Verdict: no view without lungs beats chance (the best: {view}, accuracy "
    "{accuracy}, chance {chance}). These views show no shortcut; another kind may exist.",
    "figure.shortcut-lungless": "sees no lung",
    "figure.shortcut-lung": "sees lung",
    "course.written": "{count} notebooks and their phantoms are in {folder}; open them with Jupyter, {first} first",
    "course.solution": "A solution",
    "course.language": "results speak English",
    "demo.start": "Drawing synthetic radiographs (phantoms) into {folder}",
    # serve
    "serve.listens": "Page and API: {address} (Ctrl-C stops)",
    "predict.packaged-model": "No model was named: the packaged one answers. It is for research and teaching, not "
    "for diagnosis. Your own: name its file first, model.onnx.",
    "serve.follows": "The training: {address}",
    "serve.dicom": "DICOM node: {title}, port {port}; reports go to {destination}",
    "dicom-destination-missing": "a DICOM node needs somewhere to send its reports; expected --dicom-to "
    "TITLE@HOST:PORT",
    "serve.assumes-chest": "DICOM films are taken for frontal chest films, whatever body part and view their headers "
    "name (--assume-chest).",
    "serve.no-tls": "Everything goes over plain HTTP: beyond a trusted network put a proxy with TLS in front.",
    "serve-address": "cannot listen on {host}, port {port} ({reason}); is another server running there? Choose a free "
    "port with --port, or 0 for any",
    "serve-root-path": "{given} is no sub path; expected a path such as /films: it begins with /, does not end with "
    "it, and holds letters, digits, . _ ~ - alone, no ..",
    "serve-token-missing": "other machines would reach this address; expected a token that clients must show: make one "
    "with `python -c 'import secrets; print(secrets.token_urlsafe(32))' > token.txt` and give --token-file token.txt",
    "serve-token-unreadable": "{path} cannot be read as a token; expected a text file with one line of ASCII",
    "serve-token-weak": "{path} holds no usable token; expected at least {minimum} characters on one line, without "
    "spaces",
    # requests over HTTP
    "http.400": "Request not understood",
    "http.401": "Token needed",
    "http.403": "Not from another site",
    "http.404": "Not found",
    "http.405": "Method not allowed",
    "http.408": "Too slow",
    "http.413": "Too large",
    "http.415": "Not an image",
    "http.421": "Wrong name of the server",
    "http.422": "Cannot be judged",
    "http.500": "Failed",
    "http.503": "Busy",
    "request-not-http": "what was sent is no HTTP/1.1 that can be read; expected a request as a browser sends it",
    "request-malformed": "the request's form is malformed or cut off; expected multipart/form-data with closed parts "
    "named films, or one film as the body",
    "request-field-unknown": "the form has another field than {expected}; expected parts named {expected} alone, a "
    "film in each",
    "request-no-film": "the form holds no film; expected one or more parts named films",
    "request-too-many-films": "the form holds more than {maximum} films; send fewer at once",
    "request-parameter-none": "the request has a query parameter, and this address takes none; leave it out",
    "request-parameter-unknown": "the request has a query parameter that this address does not know; expected "
    "{expected} alone",
    "request-parameter-twice": "the request has the query parameter {names} more than once; expected it once",
    "request-parameter": "the request has an impossible value of {names}; /openapi.json lists what is possible",
    "request-cross-site": "the request comes from a page of another site; expected the page of this server, or a "
    "program",
    "request-too-large": "the request has more than {maximum_bytes} bytes; send fewer or smaller films",
    "request-slow": "the body of the request came too slowly; send it again over a faster connection",
    "token-missing": "no token was given; expected the header `Authorization: Bearer TOKEN`",
    "token-wrong": "the token is not the one of this server; ask who runs it",
    "host-unknown": "this server answers as localhost or 127.0.0.1 alone; use one of these addresses",
    "model-unknown": "no such model is served; expected one of {expected}",
    "page-unknown": "there is nothing at this address; / is the page, /openapi.json describes the API",
    "method-unknown": "this address does not take this method; /openapi.json lists what is possible",
    "run-not-there": "the folder that this server follows holds no training; start the server again with --run and the "
    "folder of a run",
    "run-damaged": "the history of the training that this server follows cannot be read; was a file "
    "of the run changed by hand?",
    "film-refused": "no answer: {reasons}",
    "server-busy": "too many films are under way; send this one again in a moment",
    "server-deadline": "no answer within {seconds:g} seconds; send the film again later",
    "server-failed": "an unexpected fault; the log of the server says where; the server goes on",
    # the DICOM node
    "dicom.map": "Evidence for {name}, in orange.",
    "dicom.map-empty": "No place in the film speaks for {name}: the map is empty.",
    "dicom.dropped": "DICOM: a result could not be delivered and is dropped (film: {film}; {sop_class})",
    "dicom.failed": "DICOM: a film could not be answered, an unexpected fault: {kind}",
    "dicom-address": "cannot listen for DICOM on {host}, port {port} ({reason}); is another node running there? Choose "
    "a free port",
    "dicom-callers-missing": "other machines would reach the DICOM node; expected the AE titles that may call it",
    "dicom-destination": "{given} is no DICOM node that results could be sent to; expected TITLE@HOST:PORT, for "
    "instance ORTHANC@127.0.0.1:4242",
    "dicom-title": "{given} is no AE title; expected 1 to 16 printable ASCII characters without a backslash",
    "dicom-port": "{given} is no port; expected a number up to 65535",
    "card.reason.calibration-findings": "calibration: it is not for {expected} findings",
    "card.reason.too-few": "{name}: at least {expected} are needed for it, and {given} are said to have been there",
}
