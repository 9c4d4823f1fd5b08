"""How much work a picture gets: a model's best way, or its fast one.

A model says in its settings what its fast way is, task by task; a task it does not list has one
way only (an enlargement of two steps needs no faster one):

    "fast": {"t2i": {"steps": 8, "solver": "DPMSolverMultistepScheduler", "time_shift": 1.0,
                     "guided": [0.3, 1.0]}}

What makes it fast: fewer steps; a multistep solver of second order, which keeps the path of many
Euler steps with few (DPM-Solver++ 2M, Lu et al. 2022; UniPC, Zhao et al. 2023), so that they can be
spent nearer to the end by a smaller time shift; and guidance only where it matters, between two
shares of noise, which spares the further rows of the other steps (Kynkäänniemi et al. 2024,
"Applying guidance in a limited interval").
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import diffusers

from .sampling import is_flow

SPEEDS = ("best", "fast")
SOLVERS = ("DPMSolverMultistepScheduler", "UniPCMultistepScheduler")
WHOLE = (0.0, 1.0)
MAX_STEPS = 1000


@dataclass(frozen=True)
class Pace:
    """steps: of the loop. solver: one of SOLVERS, None for the pipeline's own scheduler.
    time_shift: of flow matching, None for the pipeline's own. guided: the least and the largest
    share of noise (timestep over all timesteps) that is guided; beyond them the conditional row
    alone is computed."""

    steps: int
    solver: str | None = None
    time_shift: float | None = None
    guided: tuple[float, float] = WHOLE

    def guides(self, timestep: float, of: int) -> bool:
        """True if the step at `timestep` of `of` training timesteps is a guided one."""
        return self.guided[0] <= timestep / of <= self.guided[1]


def pace_of(settings, task: str, speed: str) -> Pace:
    """The pace of a task. settings: an MTUPipeline's config. ValueError in one sentence for a
    speed that there is not, or that this model does not have."""
    if speed not in SPEEDS:
        raise ValueError(f"speed must be one of {', '.join(SPEEDS)}, not {speed!r}.")
    if speed == "fast" and not settings.fast:
        raise ValueError("This model has no fast setting: its model_index.json names none.")
    if speed == "fast" and task in settings.fast:
        return _pace(settings.fast[task])
    default = settings.default_steps
    return Pace(default[task] if isinstance(default, Mapping) else default)


def check_fast(fast: dict, tasks) -> dict[str, dict]:
    """The fast way of each task as it is saved; ValueError in one sentence if it cannot be."""
    for task, entry in fast.items():
        if task not in tasks:
            raise ValueError(f"fast names {task!r}, which this model cannot do.")
        known = [field.name for field in fields(Pace)]
        if "steps" not in entry or not set(entry) <= set(known):
            raise ValueError(f"fast[{task!r}] holds steps, and may hold {', '.join(known[1:])}.")
        pace, steps = _pace(entry), entry["steps"]
        if not isinstance(steps, int) or isinstance(steps, bool) or not 1 <= steps <= MAX_STEPS:
            raise ValueError(f"fast[{task!r}] must have 1 to {MAX_STEPS} steps, not {steps!r}.")
        if pace.solver not in (None, *SOLVERS):
            raise ValueError(f"The solver of fast[{task!r}] must be one of {', '.join(SOLVERS)}.")
        if pace.time_shift is not None and not pace.time_shift > 0:
            raise ValueError(f"time_shift of fast[{task!r}] must be above 0.")
        if len(pace.guided) != 2 or not 0 <= pace.guided[0] <= pace.guided[1] <= 1:
            raise ValueError(f"guided of fast[{task!r}] must be two shares of noise, 0 to 1.")
    return dict(fast)


def solver_of(scheduler, name: str | None, time_shift: float | None = None):
    """A fresh scheduler of the solver `name` for what `scheduler` (of diffusers) was made for, or
    `scheduler` itself where there is no name. time_shift: overrides a flow scheduler's own."""
    if name is None:
        return scheduler
    kind = getattr(diffusers, name)
    if not is_flow(scheduler):
        return kind.from_config(scheduler.config, solver_order=2)
    shift = scheduler.config.get("shift", scheduler.config.get("flow_shift", 1.0))
    return kind(
        num_train_timesteps=scheduler.config.num_train_timesteps, solver_order=2,
        prediction_type="flow_prediction", use_flow_sigmas=True,
        flow_shift=shift if time_shift is None else time_shift,
    )  # fmt: skip


def _pace(entry: Mapping) -> Pace:
    return Pace(**dict(entry) | {"guided": tuple(entry.get("guided", WHOLE))})
