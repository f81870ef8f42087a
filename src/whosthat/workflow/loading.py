"""Opening a recogniser for a program: one whose people can be changed as well.

What belongs here: joining a recogniser with its bundle. What does not: opening bundles (`recognition`), changing people (`people`), which
is loaded when it is asked for: answers must not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from whosthat import recognition
from whosthat.cluster import LOCAL, Cluster, check_engine
from whosthat.recognition.bundle import find_bundle, open_bundle
from whosthat.recognition.recogniser import Recogniser
from whosthat.types import Added, Enrolled


def load(path: str | Path, *, engine: str = LOCAL) -> Recogniser:
    """Open a saved recogniser.

    Args:
        path: A bundle, a run folder or ``runs/latest``.
        engine: Where faces of many photos are found (`whosthat.predict`): ``"local"`` in this process, or ``"ray"`` on the cluster that
            ``RAY_ADDRESS`` names, else on one that this process starts on this computer's cores and keeps.

    Returns:
        A recogniser; its ``identify(photo)`` answers. Everything it needs to answer is in memory from now on.

    Raises:
        UsageError: ``path`` is no path, there is no such engine, Ray is not installed, or it is asked for and this is no face recogniser.
        ClusterError: The cluster cannot be reached.
        BundleError: There is no bundle, it is damaged, newer than this whosthat, of an unknown kind, or it has a class whose name is the
            answer for strangers.
    """
    check_engine(engine)
    if engine == LOCAL:
        recogniser = recognition.load(path)
    else:
        from whosthat.workflow.cluster_predict import load_on

        recogniser = load_on(Cluster(), path)
    recogniser.people = _People(recogniser, find_bundle(Path(path)).resolve())  # runs/latest may come to mean another run
    return recogniser


class _People:
    """Changes the bundle, then lets the recogniser answer by it; see `recognition.recogniser.People`."""

    def __init__(self, recogniser: Recogniser, bundle: Path) -> None:
        self._recogniser = recogniser
        self._bundle = bundle

    def list(self) -> Sequence[Enrolled]:
        from whosthat.workflow.people import list_people

        return list_people(self._bundle)

    def add(self, name: str, photos: str | Path | Sequence[str | Path], *, face: int | None = None, anyway: bool = False) -> Added:
        from whosthat.workflow.people import add_person

        added = add_person(self._bundle, name, photos, face=face, anyway=anyway)
        self._take_over()
        return added

    def remove(self, name: str) -> Path:
        from whosthat.workflow.removing import remove_person

        removed = remove_person(self._bundle, name)
        self._take_over()
        return removed.file

    def rename(self, name: str, new_name: str) -> None:
        from whosthat.workflow.people import rename_person

        rename_person(self._bundle, name, new_name)
        self._take_over()

    def rule_out(self, name: str, photo: str | Path) -> None:
        from whosthat.workflow.people import rule_out

        rule_out(self._bundle, name, photo)
        self._take_over()

    def _take_over(self) -> None:
        self._recogniser.take_people(open_bundle(self._bundle))
