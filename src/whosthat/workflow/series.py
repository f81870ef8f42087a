"""A series of trainings that each change something: train what is not trained yet, and set all side by side.

What belongs here: which runs of a series exist already, going on with those that were stopped, one page for all. What does not: what a
series means (`training.experiments`), the choice and the page (`evaluation.experiments`), models compared by one test (`compare`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from whosthat.cluster import LOCAL, Cluster, check_engine
from whosthat.cluster import engine as opened_engine
from whosthat.dataset.audit import Audit, audit_folder
from whosthat.dataset.split import Split, split_table
from whosthat.errors import ClusterError, RecipeError, RunError, TrainingInterruptedError, UsageError, path_given
from whosthat.evaluation.experiments import JSON_FILE, Experiments, Row, read_trial, side_by_side, write_page, write_series
from whosthat.networks.ends import keeping_backbones
from whosthat.photos.storage import fetched_once, place
from whosthat.progress import SILENT, Progress
from whosthat.runs.files import ENVIRONMENT, SPLIT, flat
from whosthat.runs.folders import existing_run, list_runs, new_run, set_latest
from whosthat.training.experiments import Step
from whosthat.training.recipe import AnyRecipe, read_recipe
from whosthat.training.search import AT_ONCE, Search, hopeless
from whosthat.translation import N_, _
from whosthat.wording import counted, percent
from whosthat.workflow.choosing import photo_folder
from whosthat.workflow.compare import NOT_THIS_MODEL
from whosthat.workflow.expected_time import WORTH_SAYING, expected_seconds
from whosthat.workflow.strangers import stranger_photos
from whosthat.workflow.train import begun, check_recipe, resume, settled, split_of, start, tell_what_is_left_out
from whosthat.workflow.training_run import TrainingRun
from whosthat.workflow.workers import ClusterWorkers, Workers, at_once, result_of

MOST_REPEATS = 1000

_TRAINED = ("not tested", "finished")  # not translated: states
"""States of a run that is not trained again; what is tested is not tested again."""

GO_ON = N_("The series goes on where it was when the same command is given again.")


@dataclass(frozen=True)
class SeriesResult:
    """A series, and where it lies.

    Attributes:
        folder: Holds ``series.json`` and the page.
        report: The page.
        experiments: The settings side by side, and the choice.
    """

    folder: Path
    report: Path
    experiments: Experiments


@dataclass
class _Series:
    """A series on its way: what it trains on, where, and what has come of it.

    ``rows`` has one for each step, ``known`` every run on these photos with its state, by the key of its recipe. Where several are trained
    at once, by ``workers``, ``pending`` has what will be the run of each recipe.
    """

    root: Path
    audit: Audit
    strangers: Path | None
    runs: Path
    folder: Path
    key: str
    rows: dict[str, Row]
    known: dict[str, tuple[Path, str]] = field(default_factory=dict)
    workers: Workers | None = None
    pending: dict[str, Future[Path]] = field(default_factory=dict)

    @property
    def features(self) -> Path:
        return self.folder / "features"

    def write(self) -> SeriesResult:
        experiments = side_by_side(self.root.resolve().name, list(self.rows.values()))
        return SeriesResult(self.folder, write_series(self.folder, experiments, self.key), experiments)


@fetched_once()
def run_series(
    photos: str | Path,
    steps: Sequence[Step] | Search,
    *,
    repeat: int = 1,
    runs: str | Path = "runs",
    strangers: str | Path | None = None,
    engine: str = LOCAL,
    progress: Progress = SILENT,
) -> SeriesResult:
    """Train every step, choose among them by validation accuracy, and test the chosen run alone; ``runs/latest`` then points at it.

    A run that is there already, by the same recipe on the same photos, is not trained again, and one that was stopped goes on: the same
    call after a stop goes on with the series. A run that fails does not stop the others.

    Args:
        photos: The folder, with one sub-folder per class, or ``dataset.h5`` as in `train`.
        steps: What to train, from `training.experiments`, or a search that asks for a few steps at a time.
        repeat: How often each step is trained, with another seed each time on the same split; a search trains each once.
        runs: Where the runs are made, and beside them ``<photos>-compare-<n>`` with the page.
        strangers: A folder with photos of people who are in none of the folders; None when there is none.
        engine: Where runs are trained: ``"local"``, on this computer, or ``"ray"``, on a Ray cluster as in `whosthat.load`.
        progress: Hears what is being done.

    Raises:
        ClusterError: The cluster cannot be reached, or its workers cannot do the work.
        UsageError: The engine cannot be used, ``repeat`` is not 1 to 1000, ``photos`` is no path, or some steps learn from clips and others
            from photos.
        RecipeError: A recipe asks for what its network does not offer; the step is named, and nothing was begun.
        DatasetError: The photos cannot be used.
        RunError: No run could be trained, or a folder cannot be written.
        TrainingInterruptedError: Ctrl-C or SIGTERM came.
    """
    check_engine(engine)
    root = photo_folder(path_given(photos, _("The folder of photos")), progress=progress)
    others = None if strangers is None else place(path_given(strangers, _("The folder of strangers")))
    fixed = () if isinstance(steps, Search) else steps
    plan = _plan(steps.corners if isinstance(steps, Search) else steps, repeat)
    frames = sorted({getattr(recipe, "frames", None) or 1 for _, recipe in plan})
    if frames[0] == 1 < frames[-1]:
        raise UsageError(_("Some of these steps learn from clips and others from photos. Train steps that learn from the same."))
    if others is not None:
        stranger_photos(others, clips=frames[-1] > 1)
    audit = audit_folder(root, frames=frames[-1], progress=progress)
    tell_what_is_left_out(audit, root, progress)
    key = hashlib.sha256(
        " ".join([str(root.resolve()), str(others), "search" * isinstance(steps, Search), *(recipe.key() for _, recipe in plan)]).encode()
    ).hexdigest()
    folder = _folder(Path(runs), root.resolve().name, key)
    rows = {step.name: Row(step.name, _settings(step.recipe), step.why, waiting=True) for step in fixed}
    series = _Series(root, audit, others, Path(runs), folder, key, rows)
    series.known = _known_runs(series)
    series.write()
    try:
        new = {} if isinstance(steps, Search) else _not_trained(series, plan)
        recipes = [recipe for _step, recipe in new.values()]
        if isinstance(steps, Search) and engine != LOCAL:
            recipes = [plan[0][1]] * AT_ONCE  # those that come are alike
        with keeping_backbones(), opened_engine(engine, progress) as cluster, _workers(recipes, cluster) as series.workers:
            if isinstance(steps, Search):
                _search(series, steps, progress)
            else:
                _train_all(series, plan, new, progress)
            _test_choice(series, progress)
    except (ClusterError, RunError, TrainingInterruptedError, KeyboardInterrupt) as stop:
        stop.add_note(_(GO_ON))
        with contextlib.suppress(RunError):  # a full disk has been told
            series.write()
        raise
    result = series.write()
    if result.experiments.best is None:
        raise RunError(_("No run could be trained. {reason}", reason=result.experiments.sentences[-1]))
    shutil.rmtree(series.features, ignore_errors=True)
    set_latest(result.experiments.best.run)
    return result


def write_diary(runs: Sequence[Path], page: Path) -> Experiments:
    """Set runs that exist side by side on a page, the oldest first, with their notes.

    Raises:
        UsageError: Fewer than two runs, or one that is not there.
        RunError: A run is damaged, or the page cannot be written.
    """
    if len(runs) < 2:
        raise UsageError(_("Comparing needs two or more runs, got {n}.", n=len(runs)))
    trials = sorted((read_trial(existing_run(run)) for run in runs), key=lambda trial: (trial.started, trial.run.name))
    rows = [Row(trial.run.name, trial.settings, trial.note, (trial,)) for trial in trials]
    diary = side_by_side(_("A diary of runs"), rows)
    write_page(page, diary)
    return diary


def _plan(steps: Sequence[Step], repeat: int) -> list[tuple[Step, AnyRecipe]]:
    """Return every run of a series, having made sure that each can begin."""
    if not 1 <= repeat <= MOST_REPEATS:
        raise UsageError(_("A step is trained 1 to {most} times, got {n}.", most=MOST_REPEATS, n=repeat))
    for step in steps:
        try:
            check_recipe(step.recipe)
        except RecipeError as error:
            raise RecipeError(_("{step}: {error}", step=step.name, error=error)) from error
    return [(step, settled(recipe)) for step in steps for recipe in step.repeated(repeat)]


def _settings(recipe: AnyRecipe) -> dict[str, object]:
    return flat(recipe.model_dump(mode="json", exclude_none=True))


def _folder(runs: Path, photos_name: str, key: str) -> Path:
    """Return the folder of this very series, if it was begun before, or a new one."""
    for file in sorted(runs.glob(f"*/{JSON_FILE}")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if json.loads(file.read_bytes())["key"] == key:
                return file.parent
    return new_run(runs, photos_name, "compare")


def _not_trained(series: _Series, plan: Sequence[tuple[Step, AnyRecipe]]) -> dict[str, tuple[Step, AnyRecipe]]:
    """Return what is still to be trained, each recipe once, by its key."""
    new: dict[str, tuple[Step, AnyRecipe]] = {}
    for step, recipe in plan:
        if series.known.get(recipe.key(), (None, ""))[1] not in _TRAINED:
            new.setdefault(recipe.key(), (step, recipe))
    return new


def _train_all(
    series: _Series, plan: Sequence[tuple[Step, AnyRecipe]], new: Mapping[str, tuple[Step, AnyRecipe]], progress: Progress
) -> None:
    """Train what is ``new``, several at once where there are workers, and note what came of it in the order of the plan."""
    _announce(sum(expected_seconds(recipe, series.audit.counts()) for _step, recipe in new.values()), progress)
    if series.workers is not None:
        progress.say(_("As many as {n} runs are trained at once.", n=series.workers.n))
        for key, (step, recipe) in new.items():
            series.pending[key] = series.workers.submit(partial(_trained, series, step, recipe, (), SILENT))
    left = {name: sum(step.name == name for step, _recipe in plan) for name in series.rows}
    for number, (step, recipe) in enumerate(plan, start=1):
        progress.say(_("Run {number} of {n}: {step}, seed {seed}.", number=number, n=len(plan), step=step.name, seed=recipe.seed))
        left[step.name] -= 1
        _train_one(series, step, recipe, progress)
        series.rows[step.name] = replace(series.rows[step.name], waiting=left[step.name] > 0)


def _search(series: _Series, search: Search, progress: Progress) -> None:
    """Train what a search asks for, several steps at once where there are workers."""
    for first in range(0, search.n_steps, AT_ONCE):
        steps = [search.ask() for _ in range(first, min(first + AT_ONCE, search.n_steps))]
        wave, bars = [(step, settled(step.recipe)) for step in steps], search.bars()
        if first == 0:
            _announce(search.n_steps * expected_seconds(wave[0][1], series.audit.counts()), progress)
        if series.workers is not None:
            for key, (step, recipe) in _not_trained(series, wave).items():
                series.pending[key] = series.workers.submit(partial(_trained, series, step, recipe, bars, SILENT))
        for number, (step, recipe) in enumerate(wave, start=first + 1):
            progress.say(_("Run {number} of {n}: {step}, seed {seed}.", number=number, n=search.n_steps, step=step.name, seed=recipe.seed))
            before = series.rows.setdefault(step.name, Row(step.name, _settings(step.recipe)))
            row = before if before.trials else _train_one(series, step, recipe, progress, bars)
            search.tell([epoch["val_accuracy"] for trial in row.trials for epoch in trial.history])


def _announce(seconds: float, progress: Progress) -> None:
    if seconds > WORTH_SAYING:
        progress.say(_("This takes up to about {minutes}.", minutes=counted(round(seconds / 60), "minute")))


def _train_one(series: _Series, step: Step, recipe: AnyRecipe, progress: Progress, bars: Sequence[float] = ()) -> Row:
    """Train a recipe, where that is still to be done, and return its step's row with what came of it."""
    row = series.rows[step.name]
    try:
        future = series.pending.get(recipe.key())
        run = _trained(series, step, recipe, bars, progress) if future is None else result_of(future)
        series.known[recipe.key()] = (run, _TRAINED[0])  # a later step may be the same
        trial = read_trial(run)
        row = replace(row, trials=(*row.trials, trial))
        if future is not None and trial.accuracy is not None:  # nothing else was said of it
            progress.say(_("{run}: {share} of the validation photos correct.", run=run.name, share=percent(trial.accuracy)))
    except NOT_THIS_MODEL as error:
        progress.say(_("{step} could not be trained: {error}", step=step.name, error=error))
        row = replace(row, failures=(*row.failures, str(error)))
    series.rows[step.name] = row
    return row


def _trained(series: _Series, step: Step, recipe: AnyRecipe, bars: Sequence[float], progress: Progress) -> Path:
    """Return the run of a recipe: the one that is there, gone on with where it was stopped, or a new one, given up below ``bars``."""
    rule = partial(hopeless, bars) if bars else None
    parts = split_of(series.audit, recipe)
    run, state = series.known.get(recipe.key(), (None, ""))
    if run is not None and _split_is(run, parts):
        if state in _TRAINED:
            progress.say(_("{run} was trained before.", run=run))
        elif series.workers is not None:
            series.workers.resume(run, features=series.features, tested=False, bars=bars)
        else:
            resume(run, features=series.features, tested=False, hopeless=rule, progress=progress)
        return run
    folder = new_run(series.runs, series.root.resolve().name, recipe.model)
    training = TrainingRun(
        folder, series.root, series.audit, parts, series.strangers, step.why, series.features, tested=False, hopeless=rule
    )
    if series.workers is None:
        start(training, recipe, progress)
    else:
        with begun(training, recipe):
            series.workers.resume(folder, features=series.features, tested=False, bars=bars)
    return folder


def _rank(state: str) -> int:
    return _TRAINED.index(state) if state in _TRAINED else -1


def _workers(recipes: Sequence[AnyRecipe], cluster: Cluster | None) -> AbstractContextManager[Workers | None]:
    """What trains runs at once; None where they are trained here, one after the other."""
    if cluster is not None:
        return ClusterWorkers(cluster, recipes)
    n = at_once(recipes)
    return Workers(n) if n > 1 else contextlib.nullcontext()


def _test_choice(series: _Series, progress: Progress) -> None:
    """Test the run that the validation photos choose, and no other; where that fails, the next."""
    while (best := side_by_side("", list(series.rows.values())).best) is not None and best.state != "finished":
        row = next(row for row in series.rows.values() if best in row.trials)
        progress.say(_("The validation photos choose {run}.", run=best.run.name))
        try:
            if series.workers is None:
                resume(best.run, features=series.features, progress=progress)
            else:
                test = partial(series.workers.resume, best.run, features=series.features, tested=True, progress=progress)
                result_of(series.workers.submit(test))
            trials, failures = tuple(read_trial(one.run) for one in row.trials), row.failures
        except NOT_THIS_MODEL as error:
            progress.say(_("{run} could not be tested: {error}", run=best.run.name, error=error))
            trials, failures = tuple(one for one in row.trials if one is not best), (*row.failures, str(error))
        series.rows[row.name] = replace(row, trials=trials, failures=failures)


def _known_runs(series: _Series) -> dict[str, tuple[Path, str]]:
    """Find the runs on these photos by the keys of their recipes, with the state of each; of several, the newest that is finished."""
    known: dict[str, tuple[Path, str]] = {}
    expected = (str(series.root.resolve()), None if series.strangers is None else str(series.strangers.resolve()))
    for run in list_runs(series.runs):
        try:
            environment = json.loads((run.path / ENVIRONMENT).read_bytes())
            key = read_recipe(run.path / "recipe.toml", complete=True).key()
            photos = (environment["photos"], environment.get("strangers"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecipeError):
            continue  # of another version, or damaged: it is trained anew
        if photos == expected and (_rank(run.state) >= _rank(known.get(key, (None, ""))[1])):
            known[key] = (run.path, run.state)
    return known


def _split_is(run: Path, parts: Split) -> bool:
    """Whether a run was trained on these very photos."""
    table = run / SPLIT
    return table.is_file() and table.read_bytes() == split_table(parts)
