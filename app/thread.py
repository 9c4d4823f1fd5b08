"""The conversation as the page shows it: events come in, HTML comes out.

`log` is what is settled, `now` the answer that is being made: only that part of the page is
drawn anew at every step. A plan of several steps stands in the log, above its answers.
"""

from app import cards
from app.events import (
    Asked,
    Drawn,
    Event,
    Failed,
    Loading,
    Noted,
    Progress,
    Queued,
    Received,
    Routed,
    Said,
    Stopped,
)
from app.turns import Picture, Turn


class Thread:
    """The messages so far. `say` adds the person's, `apply` draws one event."""

    def __init__(self) -> None:
        self._settled: list[str] = []
        self._words: str | None = None  # the person's last message, while uploads may join it
        self._pictures: tuple[Picture, ...] = ()
        self._now = ""
        self._route = ""  # the chip above what is being made
        self._notes = ""  # the lines that go with it
        self._above = ""  # and what was said before it
        self._drawn: tuple[Picture, ...] = ()  # the pictures of this step
        self._count = 1  # of them, when all are there
        self._plan: tuple[int, Turn, int] | None = None  # its place in the log, turn and step

    @property
    def log(self) -> str:
        """The settled part: every message but the answer being made."""
        return "".join(self._settled) + self._said()

    @property
    def now(self) -> str:
        """The answer that is being made, or was made last."""
        return cards.article("bot", self._now) if self._now else ""

    @property
    def empty(self) -> bool:
        """True before the first message."""
        return not (self._settled or self._now or self._words)

    def say(self, text: str, painted: bool = False) -> None:
        """Add what the person wrote."""
        self._settle()
        self._words = cards.plain(text)
        if painted:
            self._words += ' <span class="ob-note">with a painted area</span>'

    def apply(self, event: Event) -> None:
        """Show one event of the running turn."""
        match event:
            case Received():
                self._pictures = event.pictures
            case Loading():
                self._now = cards.waiting("Warming up, the model is loading")
            case Routed():
                if self._route:  # the step before left a picture
                    self._settled_answer()
                self._mark_plan(event.turn, event.index)
                self._route, self._notes = cards.route(event.turn, event.index), ""
                self._drawn, self._count = (), event.count
                self._show(cards.waiting("Starting"))
            case Noted() if not self._route:
                self._above = cards.note(event.text, small=True)
                self._show(cards.waiting("Starting"))
            case Noted():
                self._notes = cards.note(event.text, small=True)
                self._show(cards.waiting("Starting"))
            case Queued():
                self._show(self._made() + cards.waiting(_ahead(event.ahead)))
            case Progress() if self._count > 1:
                self._show(cards.gallery(self._drawn, self._count, event))
            case Progress():
                self._show(cards.progress(event))
            case Drawn():
                self._drawn += (event.picture,)
                if len(self._drawn) == self._count:
                    self._mark("done")
                self._show(self._made())
            case Said() | Asked():
                self._now = cards.note(event.text)
            case Failed():
                self._mark("failed")
                self._show(self._made() + cards.note(event.text))
            case Stopped():
                self._mark("stopped")
                self._show(self._made() + cards.note(_stopped(event)))

    def cut(self) -> None:
        """The page went away while the answer was being made, and it will not be."""
        self._mark("stopped")
        self._show(self._made() + cards.note("Stopped when the page was left."))

    def _show(self, body: str) -> None:
        self._now = self._above + self._route + body + self._notes

    def _made(self) -> str:
        """The pictures of this step so far."""
        if self._count > 1 and self._drawn:
            return cards.gallery(self._drawn, self._count)
        return "".join(map(cards.picture_tag, self._drawn))

    def _mark_plan(self, turn: Turn, index: int) -> None:
        """A step begins: its plan comes into the log with the first one."""
        if len(turn.plan) < 2:
            return
        if self._plan is None:
            self._settle_words()
            if self._above:
                self._settled.append(cards.article("bot", self._above))
                self._above = ""
            self._settled.append("")
        place = self._plan[0] if self._plan else len(self._settled) - 1
        self._plan = (place, turn, index)
        self._mark("running")

    def _mark(self, state: str) -> None:
        if self._plan is not None:
            place, turn, index = self._plan
            self._settled[place] = cards.article("bot", cards.plan(turn, index, state))

    def _said(self) -> str:
        tags = "".join(cards.picture_tag(picture, "ob-upload") for picture in self._pictures)
        return cards.article("user", tags + (self._words or "")) if tags or self._words else ""

    def _settled_answer(self) -> None:
        self._settle_words()
        if self._now:
            self._settled.append(self.now)
        self._now = ""

    def _settle_words(self) -> None:
        if self._said():
            self._settled.append(self._said())
        self._words, self._pictures = None, ()

    def _settle(self) -> None:
        """The turn is over: everything becomes part of the log."""
        self._settled_answer()
        self._route = self._notes = self._above = ""
        self._plan, self._drawn, self._count = None, (), 1


def _ahead(count: int) -> str:
    if count == 0:
        return "Starting"
    return f"Waiting, {count} ahead of you" if count > 1 else "Waiting, one ahead of you"


def _stopped(event: Stopped) -> str:
    if event.step == 0:
        return "Stopped before the first step."
    return f"Stopped after step {event.step} of {event.of}."
