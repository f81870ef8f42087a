"""``whosthat evaluate``: the honest test of a saved recogniser on other photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whosthat.cli import options
from whosthat.cli.output import say, show, show_first, show_json, show_text
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import QualityError
from whosthat.translation import N_, _
from whosthat.wording import confidence_text, counted, percent, percent_range

if TYPE_CHECKING:
    from whosthat.evaluation.metrics import Evaluation
    from whosthat.workflow.evaluate import StrangerTest

app = options.new_app()

SHOWN_MISTAKES = 5
"""Mistakes that the text lists, the most confident first; the JSON lists every answer."""


@app.command(
    help=N_("The folders must bear names that the recogniser knows. Photos that it was trained on are left out."),
    epilog=options.examples("""
        evaluate runs/latest other-photos
        evaluate bundle photos --strangers others --min-accuracy 0.9
    """),  # not translated: command lines
)
def evaluate(
    bundle: options.BundleArgument,
    photos: options.PhotosArgument,
    strangers: options.StrangersOption = None,
    device: options.DeviceOption = None,
    min_accuracy: options.MinAccuracyOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Answer ``whosthat evaluate``."""
    say(_("Testing {bundle} on the photos in {photos}.", bundle=bundle, photos=photos))
    from whosthat.workflow.evaluate import count_strangers
    from whosthat.workflow.evaluate import evaluate as evaluate_bundle

    with terminal_progress() as progress:
        evaluation = evaluate_bundle(bundle, photos, progress=progress)
        others = None if strangers is None else count_strangers(bundle, strangers, progress=progress)
    if as_json:
        show_json({**evaluation.to_dict(), "strangers": others})
    else:
        _show_evaluation(evaluation)
        if others is not None:
            _show_strangers(others)
    require_accuracy(evaluation, min_accuracy)


def _show_strangers(others: StrangerTest) -> None:
    show("")
    show_text(
        _(
            "Of {photos} of strangers, {named:,} got a name: {share} ({level} interval {interval}).",
            photos=counted(others.n, "photo"),
            named=others.named,
            share=percent(others.share),
            level=percent(0.95),
            interval=percent_range(others.interval.low, others.interval.high),
        )
    )


def _show_evaluation(evaluation: Evaluation) -> None:
    """Write accuracy, the figures of each class, and the worst mistakes."""
    show_text(
        _(
            "Of {photos}, {outcomes}. {accuracy}",
            photos=counted(evaluation.n, "photo"),
            outcomes=evaluation.outcomes.sentence(),
            accuracy=accuracy_sentence(evaluation, baseline=True),
        )
    )
    show("")
    show_classes(evaluation)
    if evaluation.mistakes:
        show("", _("Mistakes:"))
    for mistake in evaluation.mistakes[:SHOWN_MISTAKES]:
        answer = mistake.words
        if mistake.predicted is not None:
            answer = _("{answer} (confidence {confidence})", answer=answer, confidence=confidence_text(mistake.confidence))
        show("  " + _("{path}: {answer}, is {truth}", path=mistake.path, answer=answer, truth=mistake.truth))
    if len(evaluation.mistakes) > SHOWN_MISTAKES:
        show("  " + _("and {n:,} more (--json shows all)", n=len(evaluation.mistakes) - SHOWN_MISTAKES))


def show_classes(evaluation: Evaluation) -> None:
    """Write the figures of each class as a table; where there is one class, they are those of the whole."""
    if len(evaluation.labels) == 1:
        return
    columns = (_("class"), _("photos"), _("precision"), _("recall"), _("F1"))
    rows = [(one.name, f"{one.n:,}", f"{one.precision:.3f}", f"{one.recall:.3f}", f"{one.f1:.3f}") for one in evaluation.per_class]
    show_first(columns, rows, right=columns[1:])


def accuracy_sentence(evaluation: Evaluation, *, baseline: bool = False) -> str:
    """Return the accuracy with its interval, the baseline where it is wanted and known, and the closed-set accuracy."""
    values = {
        "accuracy": percent(evaluation.accuracy),
        "level": percent(0.95),
        "interval": percent_range(evaluation.interval.low, evaluation.interval.high),
        "closed_set": percent(evaluation.closed_set),
    }
    if len(evaluation.labels) == 1:
        return _("Accuracy: {accuracy} ({level} interval {interval}).", **values)
    if not baseline or not evaluation.baseline:
        return _("Accuracy: {accuracy} ({level} interval {interval}). Closed set (threshold off): {closed_set}.", **values)
    return _(
        "Accuracy: {accuracy} ({level} interval {interval}). Baseline (always the most frequent class): {baseline}. "
        "Closed set (threshold off): {closed_set}.",
        **values,
        baseline=percent(evaluation.baseline),
    )


def require_accuracy(evaluation: Evaluation, minimum: float | None) -> None:
    """Raise `QualityError` where the accuracy is below ``minimum`` (0 to 1)."""
    if minimum is not None and evaluation.accuracy < minimum:
        raise QualityError(
            "The accuracy is {accuracy:.4f}; --min-accuracy asks for {minimum:g}.", accuracy=evaluation.accuracy, minimum=minimum
        )
