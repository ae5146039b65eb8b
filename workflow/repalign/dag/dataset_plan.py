"""What a run of BOLD5000 and of THINGS covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from repalign.dag.recorded import RecordedPlan
from repalign.settings.datasets import BETA_NAMES, Bold5000Settings, ThingsSettings


@dataclass(frozen=True)
class Bold5000Plan(RecordedPlan):
    """What a run of BOLD5000 covers."""

    name = "bold5000"
    title = "BOLD5000"
    published_sessions = {1: 15, 2: 15, 3: 15, 4: 9}  # noqa: RUF012 - a constant
    n_images = 4916
    id_column = "bold_position"
    partners_are_alike = False

    @property
    def bold5000(self) -> Bold5000Settings:
        """Return the settings of the dataset."""
        return self.settings.bold5000

    @property
    def n_repetitions(self) -> int:
        """Return how often a subject is shown an image at most: 5, in a simulation 2."""
        if self.bold5000.repetitions is not None:
            return self.bold5000.repetitions
        return 2 if self.source == "simulated" else 5

    def trial_order(self) -> dict[str, Any]:
        """Return the files that say what was shown when: lists or events."""
        files = self.bold5000.files
        if self.bold5000.trial_order == "lists":
            return {"lists": [self.raw(files.lists)], "events": []}
        pattern = "sub-*/ses-*/func/*_task-5000scenes_run-*_events.tsv"
        return {"lists": [], "events": self.find(files.events, pattern)}

    def betas(self, subject: int, session: int) -> str:
        """Return the file of a session's betas."""
        return self.raw(
            self.bold5000.files.betas,
            subject=subject,
            session=session,
            betas=BETA_NAMES[self.bold5000.beta_type],
        )

    def has_recordings(self) -> bool:
        """Say whether there are betas, of the first session at least."""
        if not self.raw_folder.exists:
            return False
        return (self.root / self.betas(self.subjects[0], 1)).is_file()

    def can_index(self) -> bool:
        """Say whether there is what the index files are made from."""
        files, place = self.bold5000.files, self.root / self.own.raw
        order = files.lists if self.bold5000.trial_order == "lists" else files.events
        return (place / order).is_dir() and (place / files.images).is_dir()


@dataclass(frozen=True)
class ThingsPlan(RecordedPlan):
    """What a run of THINGS covers."""

    name = "things"
    title = "THINGS"
    published_sessions = {1: 12, 2: 12, 3: 12}  # noqa: RUF012 - a constant
    n_images = 26_107
    id_column = "things_id"
    partners_are_alike = True

    @property
    def things(self) -> ThingsSettings:
        """Return the settings of the dataset."""
        return self.settings.things

    @property
    def n_repetitions(self) -> int:
        """Return how often a subject is shown an image at most: test images once a session."""
        return max(self.sessions.values())

    def trial_order(self) -> dict[str, Any]:
        """Return the files that say what was shown when: stimulus metadata or events."""
        files = self.things.files
        if self.things.trial_order == "metadata":
            tables = [self.raw(files.stimulus_metadata, subject=s) for s in self.subjects]
            return {"metadata": tables, "events": []}
        pattern = "sub-*/ses-*/func/*_task-things_run-*_events.tsv"
        return {"metadata": [], "events": self.find(files.events, pattern)}

    def midline(self, subject: int) -> float:
        """Return the first `voxel_x` of the upper side in a subject's volume."""
        given = self.things.midline
        return float(given[subject] if isinstance(given, dict) else given)

    def has_recordings(self) -> bool:
        """Say whether there are responses, of the first subject at least."""
        if not self.raw_folder.exists:
            return False
        path = self.raw(self.things.files.responses, subject=self.subjects[0])
        return (self.root / path).is_file()

    def can_index(self) -> bool:
        """Say whether there is what the index files are made from."""
        files, place = self.things.files, self.root / self.own.raw
        tables = (files.concepts, files.memberships, files.tags)
        if not (place / files.images).is_dir() or not all((place / t).is_file() for t in tables):
            return False
        if self.things.trial_order == "metadata":
            return (place / files.stimulus_metadata.format(subject=self.subjects[0])).is_file()
        return (place / files.events).is_dir()
