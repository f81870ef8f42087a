"""Why did it say that? For each photo that a network answered, a picture of the photo beside the heat map over it.

What belongs here: from a bundle and a photo to that picture, for whole photos and for faces. What does not: the heat itself
(`recognition.explaining`), how it is drawn (`photos.heat`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np

from whosthat.errors import NetworkError, PhotoError, UsageError, path_given, system_reason
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.plots.writing import LARGE_SIDE, keep_insight, shown_mistakes
from whosthat.library.store import outside_libraries
from whosthat.networks.onnx_parts import NetworkGraph
from whosthat.photos.drawing import save_image, thumbnail
from whosthat.photos.heat import draw_heat, explained
from whosthat.photos.maps import MAPS_IN_A_ROW, draw_filters, draw_layers
from whosthat.photos.preparing import Cropper, PrepareSpec, prepare
from whosthat.photos.reading import opened
from whosthat.recognition.bundle import Bundle, open_bundle
from whosthat.recognition.explaining import Activation, Explainer, activations
from whosthat.recognition.face_classifier import FaceClassifier
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.translation import N_, _, ngettext
from whosthat.types import FloatArray, Image, Sighting
from whosthat.workflow.drawn_copies import save_copy
from whosthat.workflow.prediction import Prediction
from whosthat.workflow.training_run import TrainingRun

_KINDS = {"convolution": N_("convolution"), "pooling": N_("pooling")}


def explain(predictions: Iterable[Prediction], bundle: Path, folder: Path) -> Iterator[Prediction]:
    """Save for each photo a picture that explains its answer, and pass its prediction on, unchanged and in order.

    A picture shows the photo beside its heat map for the class that was likeliest; of a network of faces, every face with its own. It
    replaces an earlier one of the same photo and nothing else. Photos without an answer, and videos, get none.

    The folder is made when it is not there. Raises UsageError when it cannot be written or lies in a library, or the bundle is a face
    recogniser, NetworkError when its network has no convolution, BundleError when the bundle cannot be used.
    """
    outside_libraries(folder)
    explaining = _Explaining(open_bundle(bundle))
    _checked = explaining.explainer  # whatever is wrong with the network is said before the first photo
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return _explained(predictions, explaining, folder)


def _explained(predictions: Iterable[Prediction], explaining: _Explaining, folder: Path) -> Iterator[Prediction]:
    for prediction in predictions:
        if prediction.sightings:
            path = prediction.path
            picture = explaining.picture(path, prediction.sightings)
            try:
                save_copy(picture, folder, f"{path.stem}.jpg", source=str(path.resolve()))
            except OSError as error:
                raise _cannot_write(folder, error) from error
        yield prediction


def draw_activations(bundle: str | Path, photo: str | Path, picture: Path) -> None:
    """Save a picture of what the layers of a network see in a photo, from the first to the last.

    A network that learnt from faces is shown the first face from the left. The suffix of the picture says its format, as in `save_image`.
    UsageError where the bundle is a face recogniser, the photo shows no face or the picture cannot be saved; PhotoError where the photo
    cannot be read, NetworkError where no layer gives maps, BundleError where the bundle cannot be used.
    """
    looking = _Explaining(open_bundle(bundle))
    with opened(path_given(photo, _("The photo"))) as decoded:
        views = looking.views(decoded.image)
        if not views:
            raise UsageError("There is no face in {photo}, so the network sees nothing of it. Choose another photo.", photo=photo)
        drawn = draw_layers(views[0], looking.layers(views[0]))
    try:
        save_image(drawn, picture)
    except OSError as error:
        raise UsageError(
            "{picture} cannot be written: {error}. Choose another place for the picture.", picture=picture, error=system_reason(error)
        ) from error


def keep_insight_of(run: TrainingRun, evaluation: Evaluation, classifier: ImageClassifier, graph: bytes, cropper: Cropper | None) -> None:
    """Keep for the report where a tested network looked in the mistakes that are shown, and the filters of its first layer.

    A network without convolutions has neither. RunError where the pictures cannot be written.
    """
    try:
        explainer = Explainer(graph, classifier.spec)
    except NetworkError:
        return
    heat = {}
    for answer in shown_mistakes(evaluation):
        name = answer.predicted or answer.best
        with suppress(PhotoError), opened(run.parts.parts["test"][answer.index].photo.path) as photo:
            view = photo.image if cropper is None else cropper.portrait(photo.image)
            if view is not None and name is not None:
                found = explainer.heat(prepare(view, classifier.spec), classifier.labels.index(name))
                heat[answer.index] = draw_heat(thumbnail(view, LARGE_SIDE), found, classifier.spec)
    filters = NetworkGraph(graph).first_filters()
    keep_insight(run.folder, heat, None if filters is None else draw_filters(filters))


class _Explaining:
    """A network that can say where it looked."""

    def __init__(self, bundle: Bundle) -> None:
        facts = bundle.facts
        if facts.has_gallery:
            raise UsageError(
                "A face recogniser compares faces with enrolled ones, so there is no heat map. Choose a network that was trained."
            )
        self._bundle = bundle
        with bundle.opening():
            self._spec = PrepareSpec.from_dict(facts.prepare)
            self._graph = bundle.graph()
        self._labels = facts.labels
        self._faces = FaceClassifier.open(bundle) if facts.crop is not None else None

    def picture(self, path: Path, sightings: tuple[Sighting, ...]) -> Image:
        """Return the picture of a photo's answers, of faces from left to right, one below the other."""
        with opened(path) as photo:
            views = self.views(photo.image)
            return np.concatenate([self._of_one(view, sighting) for view, sighting in zip(views, sightings, strict=True)])

    def views(self, image: Image) -> Sequence[Image]:
        """Return what the network looks at in a photo: all of it, or each face, from left to right."""
        return [image] if self._faces is None else list(self._faces.prepare(image).crops)

    def layers(self, view: Image) -> list[tuple[str, FloatArray]]:
        """Return what each layer is and the maps that it makes of a view."""
        with self._bundle.opening():
            found, n_layers = activations(self._graph, self._spec, prepare(view, self._spec))
        return [
            (_("Layer {place} of {n}, {description}", place=one.place, n=n_layers, description=_described(one)), one.maps) for one in found
        ]

    @cached_property
    def explainer(self) -> Explainer:
        """Draws the heat maps; NetworkError where the network cannot say where it looks."""
        with self._bundle.opening():
            return Explainer(self._graph, self._spec)

    def _of_one(self, view: Image, sighting: Sighting) -> Image:
        name = sighting.name or max(sighting.probabilities, key=sighting.probabilities.__getitem__)
        heat = self.explainer.heat(prepare(view, self._spec), self._labels.index(name))
        return explained(view, heat, self._spec, sighting)


def _described(layer: Activation) -> str:
    """Say of a layer what it is, how many maps it gives and how large they are."""
    channels, height, width = layer.maps.shape
    kind = _(_KINDS[layer.kind])
    if channels > MAPS_IN_A_ROW:
        return _(
            "{kind}: {n} maps of {width} x {height}, {shown} shown", kind=kind, n=channels, width=width, height=height, shown=MAPS_IN_A_ROW
        )
    return ngettext(
        "{kind}: {n} map of {width} x {height}",
        "{kind}: {n} maps of {width} x {height}",
        channels,
        kind=kind,
        width=width,
        height=height,
    )


def _cannot_write(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        "{folder} cannot be written: {error}. Choose another folder for the pictures that explain.",
        folder=folder,
        error=system_reason(error),
    )
