"""The same simulated experiment in the two further spaces of NSD: 1.8 mm, and MNI 1 mm."""

from __future__ import annotations

from pathlib import Path

from repalign.simulate.design import make_design
from repalign.simulate.functional import write_functional
from repalign.simulate.mni import write_mni
from repalign.simulate.read_back import read_content
from repalign.simulate.settings import NsdSimulation


def simulate_spaces(folder: Path | str, settings: NsdSimulation) -> None:
    """Add the volumes of the further spaces to a simulated dataset.

    Parameters
    ----------
    folder : Path or str
        Root of a dataset that `simulate_nsd` has finished. Added are ``subj*/func1pt8mm/``,
        ``1mm/``, and in ``truth/`` the voxels of the 1.8 mm volumes (``func1pt8mm.tsv``, written
        last) and the regions of the MNI volumes (``mni_regions.nii.gz``). Subjects, sessions,
        trials and images are those of the dataset.
    settings : NsdSimulation
        The settings that made the dataset. Equal settings give equal bytes.

    Raises
    ------
    RepalignError
        If the folder is no finished simulation, or was made with other settings.
    """
    root = Path(folder)
    content = read_content(root, settings)
    design = make_design(settings)
    planned = design.images[:, design.order].reshape(
        settings.n_subjects, settings.n_planned_sessions, -1
    )
    shown = [own[:done] for own, done in zip(planned, settings.sessions, strict=True)]
    write_mni(root, settings, content, shown)
    write_functional(root, settings, content, shown)
