"""The shapes of the API's answers, for its OpenAPI document; `plainfilm.serving.api.wire` makes them.

A test holds each answer against its shape.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """An object with these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Figure(Shape):
    """A figure with its 95 % interval and n; null where it cannot be estimated."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Remark(Shape):
    """A code and its sentence."""

    code: str = Field(examples=["gate-unlike-training"])
    message: str


class Gate(Shape):
    """Whether this is a frontal chest film near to those of the training."""

    passed: bool
    overridden: bool = Field(description="Refused, and answered all the same because `override` was asked for.")
    distance: float = Field(description="From the training films; above 1 a film is refused.")
    reasons: list[Remark]


class Called(Shape):
    """Whether a film is called positive for a class, against the rest, or for a finding, at an operating point."""

    asked: float = Field(description="Sensitivity that the point was fitted for.")
    threshold: float
    positive: bool
    predictive_value: Figure | None = Field(
        description="How likely that is right at the prevalence given to `predict --prevalence`; null: none was given."
    )


class Finding(Shape):
    """What the model says of one finding of a film. A null threshold: too few films were there to fit it on."""

    name: str = Field(examples=["Effusion"])
    shown: str = Field(examples=["Pleural effusion"])
    probability: float
    calibrated: bool = Field(description="Whether there were films enough to calibrate the probability.")
    state: Literal["present", "absent", "undecided", "too-few"] | None = Field(
        description="What it is called; null: the model is not calibrated."
    )
    state_words: str
    threshold: float | None = Field(description="Above it the finding is called present.")
    absent_below: float | None = Field(description="Below it the finding is called absent.")
    excess: float = Field(description="Log-odds of the probability above those of the threshold: the order.")
    too_few: bool = Field(description="Undecided, as too few films had the finding, or were without it.")
    tested: bool | None = Field(
        description="Whether enough films of the model's test had it for its figures to say much; null: nobody knows."
    )
    prevalence: float | None = Field(description="Share of the films that the decisions were fitted on.")
    positives: int | None = Field(description="Patients (groups) of these films who have it.")
    negatives: int | None = Field(description="Those who are without it, on some film.")


class Drawn(Shape):
    """One map over the film: of the predicted class, of the finding that comes first, or of `map_of`."""

    of_class: str = Field(alias="class", description="Name of the class or finding.")
    png: str = Field(description="PNG, base64.")


class Cells(Shape):
    """The map of every class or finding: rows of cells. Their mean plus a bias is the logit; above 0 speaks for it."""

    maps: dict[str, list[list[float]]]


class FilmPicture(Shape):
    """The decoded film, 8 bits grey, low is black."""

    png: str = Field(description="PNG, base64.")
    width: int
    height: int


class FilmShift(Shape):
    """Where a film lies beside those that the model was tested on, its home."""

    distance: float = Field(description="Above 1 the film is unlike home: 1 of 100 films at home is.")
    unlike: bool
    abroad: bool | None = Field(
        description="Whether it came with films that are together unlike those at home; null: too few to tell."
    )


class Watched(Shape):
    """What the films that the server sees say together, window by window."""

    verdict: Literal["home", "abroad", "too-few"]
    films: int = Field(description="Of the window that was judged last.")
    distance: float | None = Field(description="Of that window; above 1: abroad.")
    unlike: int = Field(description="Films of it that are unlike home one by one.")
    moved: list[Literal["features", "layout", "greys", "sharpness"]]
    films_seen: int
    windows: int
    first_alarm: str | None = Field(description="When a window was first abroad.")
    message: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:plainfilm:film-truncated"])
    title: str
    status: int = Field(examples=[422])
    detail: str = Field(description="What was given, what was expected, what to do; in the language asked for.")
    code: str = Field(examples=["film-truncated"])


class Prediction(Shape):
    """What the model says of one film, here and in `predict --json`. What is not known is null."""

    path: str | None = Field(description="As `predict` was given it; null over HTTP, where a film has no path.")
    truth: str | None = Field(description="The class that `predict` knows of a table or folder; null over HTTP.")
    image_id: str | None = Field(
        description="First 16 hex digits of the SHA-256 of the decoded pixels and their shape."
    )
    width: int | None
    height: int | None
    predicted: str | None = Field(examples=["COVID"], description="null also where a film may have several findings.")
    probabilities: dict[str, float] | None = Field(examples=[{"NORMAL": 0.02, "Viral_Pneumonia": 0.03, "COVID": 0.95}])
    set: list[str] | None = Field(
        description="Classes that the film may well be of; null: the model is not calibrated, or it is of findings."
    )
    set_words: str | None = Field(examples=["viral pneumonia or COVID-19: not decided"])
    called: dict[str, list[Called]] | None
    findings: list[Finding] | None = Field(
        default=None, description="In the order in which they are shown; a model of classes leaves the entry out."
    )
    stance: Literal["home", "unproven", "undecided", "abroad", "refused"] | None = Field(
        description="What stands behind the answer; null: there is none."
    )
    headline: str | None = Field(description="What may be said first of all: never surer than what stands behind it.")
    promised: bool | None = Field(
        description="Whether set and thresholds promise here what they do at home; null: nobody knows."
    )
    shift: FilmShift | None = Field(description="null: there is no answer, or the model cannot say.")
    gate: Gate | None
    warnings: list[Remark]
    map: Drawn | Cells | None
    map_warning: str | None
    film: FilmPicture | None
    error: Problem | None


class Preprocessing(Shape):
    """How films are prepared."""

    size: int = Field(description="Side of the square film, px.")
    channels: int
    fit: Literal["squash", "letterbox"]
    sha256: str = Field(description="Of what the preprocessing makes of a fixed pattern.")


class ModelBrief(Shape):
    """Which model answered."""

    id: str = Field(description="Beginning of the digest of the model file.", examples=["3f2a91c0d4e7"])
    weights_sha256: str
    preprocessing: Preprocessing


class Predictions(Shape):
    """The answer for all films of a request, in their order."""

    model: ModelBrief
    time_ms: float
    watched: Watched | None = Field(description="null: the model cannot say.")
    predictions: list[Prediction]


class ClassName(Shape):
    """A class: its name in the data, and its display names."""

    name: str
    names: dict[str, str] = Field(description="By language.")
    en: str = Field(description="As in `names`, which takes its place.", deprecated=True)
    zh: str = Field(description="As in `names`, which takes its place.", deprecated=True)


class Audited(Shape):
    """What a probe that sees no lung reaches on the test films; of findings, a table without films."""

    view: str = Field(description="What the probe sees.")
    accuracy: Figure = Field(description="Of the probe; of findings, its macro AUC.")
    chance: Figure
    model: Figure
    share: Figure = Field(
        description="Of what the model adds over chance; of findings, by how much the model is better."
    )


class Model(ModelBrief):
    """What a model is, and what it is worth."""

    is_default: bool
    task: str = Field(description="What a film's answer is: exactly one class, or any number of findings.")
    headline: str = Field(description="The figure of `evaluation` that the model is first named by.")
    is_sample_model: bool = Field(description="The packaged model, trained on drawn phantoms; it knows no real film.")
    classes: list[ClassName] = Field(description="Or findings.")
    map_side: int
    evaluation: dict[str, Figure] | None
    macro_over: list[str] | None = Field(
        description="Findings that enough test films have: means over findings are over these. Null for classes."
    )
    is_leaking: bool
    audited: Audited | None
    ties: dict[str, list[str]] = Field(
        description="Classes known from one place alone, and those that they are named with away from home."
    )
    coverage: float | None
    has_gate: bool
    has_shift: bool = Field(description="Whether it can say that films are unlike those of its test.")
    num_seen: int | None = Field(description="Films that it was trained and validated on.")
    statements: list[str]


class Models(Shape):
    """All models that are served."""

    models: list[Model]


class Sample(Shape):
    """A drawn phantom to try the page with."""

    id: str = Field(examples=["covid-1"])
    label: str = Field(examples=["COVID"])


class Samples(Shape):
    """All samples."""

    samples: list[Sample]


class RunStep(Shape):
    """One step of a training, counted from 0, as its epoch is."""

    step: int
    epoch: int
    loss: float | None
    accuracy: float | None = Field(description="Share of the batch's films that were right.")
    learning_rate: float | None
    validation_loss: float | None
    validation_accuracy: float | None = Field(description="At the last step of an epoch; null elsewhere.")


class Stage(Shape):
    """Where the films of a training change their size."""

    first_step: int
    size_px: int


class Run(Shape):
    """How far a training is. What is not known is null."""

    steps: list[RunStep]
    every: int = Field(description="1, or k where about every k-th step was chosen.")
    next: int = Field(description="Steps done: `after` of the next request.")
    total_steps: int | None
    epochs: int | None
    size_px: int | None = Field(description="Side of the films of the last step.")
    stages: list[Stage]
    state: Literal["waiting", "running", "stalled", "testing", "finished"]
    is_finished: bool
    seconds_left: float | None = Field(description="To the last step; testing the model comes after it.")
    updated_s_ago: float | None
    last_validation_accuracy: float | None
    best_validation_accuracy: float | None = Field(description="Chooses the epoch that is kept: no test figure.")
    best_epoch: int | None
    is_best_kept: bool | None = Field(description="Only epochs at the full size are kept.")
    num_validation: int | None = Field(description="Films that the validation figures rest on.")


class State(Shape):
    """Whether the server lives, or is ready to answer."""

    status: Literal["alive", "ready"]
