"""`shopace dlq`: messages that were given up: which, why, and again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from shopace.core.errors import NotFoundError, Problem, ServerError, did_you_mean
from shopace.service.cli.session import Branch, session
from shopace.service.figures import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from shopace.core.records.job import Job
    from shopace.workers.deadletters import DeadLetter, Replayed, Wanted
    from shopace.workers.settings import Settings

REASONS = ("undecodable", "refused", "failed", "kills_its_process", "expired")
"""As the queue has them; here once more, so that the help needs no client of the server."""
QUEUES = ("shops", "blocks")
LISTED = 50
SHOWN_BYTES = 4096
ERROR_SHOWN = 100
"""Characters of an error in a list; `show` has all of it."""

_Decorator = Callable[[Callable[..., None]], Callable[..., None]]


@click.group(cls=Branch)
def command() -> None:
    """List, show, replay or purge dead letters.

    A dead letter is a message that was given up: it could not be read, was refused, failed after
    all retries, ended its process each time, or was too old. It stays for a week, with its bytes
    and the reason.
    """


def _selecting() -> _Decorator:
    """The options that say which dead letters are meant."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        options: tuple[_Decorator, ...] = (
            click.option("--reason", type=click.Choice(REASONS), help="Given up for this reason."),
            click.option("--plugin", metavar="NAME", help="Whose code ran in a process that died."),
            click.option("--run", metavar="RUN", help="Of this run."),
            click.option("--queue", type=click.Choice(QUEUES), help="Of this queue."),
        )
        for option in reversed(options):
            function = option(function)
        return click.argument("ids", nargs=-1, metavar="[ID]…")(function)

    return add


@command.command(
    name="list",
    examples=("shopace dlq list", "shopace dlq list --reason failed --run RUN --json"),
)
@_selecting()
@click.option("--limit", type=click.IntRange(1), default=LISTED, show_default=True,
              help="So many are shown, the latest; --json lists all.")  # fmt: skip
def list_letters(*, limit: int, **which: Any) -> None:  # noqa: ANN401
    """List dead letters, the oldest first."""
    with _queue() as servers:
        letters = _find(servers, which)
    if session().json:
        session().emit({"dead_letters": [_told(letter) for letter in letters]})
        return
    if not letters:
        click.echo(_none(which))
        return
    _print_list(letters[-limit:])
    reasons = Counter(letter.reason for letter in letters)
    click.echo(f"\n{counted(len(letters), 'dead letter')}: {_counts(reasons)}")
    if len(letters) > limit:
        click.echo(f"{len(letters) - limit:,} older ones are not shown; --limit shows more")


@command.command(
    examples=("shopace dlq show ID", "shopace dlq show ID --raw"),
)
@click.argument("identity", metavar="ID")
@click.option("--queue", type=click.Choice(QUEUES), help="Where both have one of that id.")
@click.option("--raw", is_flag=True, help="The bytes as they came, alone, for a file.")
def show(identity: str, queue: str | None, raw: bool) -> None:
    """Show a dead letter: what it was about, why it was given up, and its bytes."""
    from shopace.workers.deadletters import content_of
    from shopace.workers.settings import answered

    if raw and sys.stdout.isatty():
        raise click.UsageError("--raw is for a file or a pipe: what came may steer a terminal")
    with _queue() as servers:
        letters = _find(servers, {"ids": (identity,), "queue": queue})
        if len(letters) > 1:
            raise click.UsageError(f"both queues have a dead letter {identity}: say which, --queue")
        (letter,) = letters
        with answered("broker"):
            content = content_of(servers.broker, letter)
    if raw:
        click.echo(content, nl=False)
        return
    told = _told(letter)
    start = content[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    if session().json:
        session().emit(told | {"content": start, "content_cut": len(content) > SHOWN_BYTES})
        return
    _print_letter(letter, start)
    if len(content) > SHOWN_BYTES:
        click.echo(f"… {len(content) - SHOWN_BYTES:,} bytes more; --raw writes all of them")


@command.command(
    examples=(
        "shopace dlq replay ID",
        "shopace dlq replay --reason failed --run RUN --dry-run",
        "shopace dlq replay --all",
    ),
)
@_selecting()
@click.option("--all", "everything", is_flag=True, help="Every dead letter there is.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")
def replay(*, everything: bool, dry_run: bool, **which: Any) -> None:  # noqa: ANN401
    """Put dead letters back on their queue.

    Each takes a new fence, so it stands above what was published of its date so far, and counts as
    enqueued now; run, date, snapshot and block stay. When it succeeds, its run no longer counts it
    as failed. What cannot be read cannot be replayed: "dlq show --raw" saves its bytes.
    """
    _require_choice(which, everything)
    with _queue() as servers:
        letters = _find(servers, which)
        able = [letter for letter in letters if letter.job is not None]
        unable = [letter for letter in letters if letter.job is None]
        replayed = _replay(servers, able) if able and not dry_run else []
    if session().json:
        session().emit(
            {
                "dry_run": dry_run,
                "replayed": [
                    {"id": each.dead, "queue": each.queue, "message": each.message,
                     "fence": each.fence}
                    for each in replayed
                ],
                "would_be_replayed": [letter.id for letter in able] if dry_run else [],
                "cannot_be_replayed": [
                    {"id": letter.id, "queue": letter.queue, "why": letter.refusal}
                    for letter in unable
                ],
            }
        )  # fmt: skip
        return
    if not letters:
        click.echo(_none(which))
        return
    if dry_run:
        number = counted(len(able), "dead letter")
        click.echo(f"{number} would be replayed" + (":" if able else ""))
        _print_list(able[:LISTED])
    elif able:
        click.echo(f"{counted(len(replayed), 'dead letter')} replayed; see shopace status")
        gone = len(able) - len(replayed)
        if gone:
            click.echo(f"{gone:,} were gone by then: replayed or purged by somebody else")
    _print_unable(unable)


@command.command(
    examples=("shopace dlq purge --reason undecodable", "shopace dlq purge ID --yes"),
)
@_selecting()
@click.option("--all", "everything", is_flag=True, help="Every dead letter there is.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(*, everything: bool, dry_run: bool, yes: bool, **which: Any) -> None:  # noqa: ANN401
    """Drop dead letters for good.

    Their shops keep the diagnoses they had. Asks first.
    """
    from shopace.workers import deadletters
    from shopace.workers.queue import Queue
    from shopace.workers.settings import answered

    _require_choice(which, everything)
    if session().json and not (yes or dry_run):
        raise click.UsageError("with --json nobody can be asked: --yes, or --dry-run")
    with _queue() as servers:
        letters = _find(servers, which)
        number = counted(len(letters), "dead letter")
        purged = 0
        if not dry_run and letters:
            if not yes:
                _print_list(letters[-LISTED:])
                click.confirm(f"Drop {number} for good?", abort=True)
            with answered("broker"):
                purged = deadletters.purge(Queue(servers.broker), letters)
    if session().json:
        ids = [{"id": letter.id, "queue": letter.queue} for letter in letters]
        session().emit({"dry_run": dry_run, "purged": purged, "dead_letters": ids})
    elif not letters:
        click.echo(_none(which))
    elif dry_run:
        click.echo(f"{number} would be dropped")
        _print_list(letters[:LISTED])
    else:
        click.echo(f"{counted(purged, 'dead letter')} dropped")


class _Opened(NamedTuple):
    """The broker, and the results server when it is needed."""

    settings: Settings
    broker: redis.Redis

    def results(self) -> redis.Redis:
        from shopace.workers.settings import connect_briefly

        return connect_briefly(self.settings.results_url, "results")


@contextmanager
def _queue() -> Iterator[_Opened]:
    from shopace.workers.settings import connect_briefly, settings_from_environment

    settings = settings_from_environment(data=session().data)
    broker = connect_briefly(settings.broker_url, "broker")
    try:
        yield _Opened(settings, broker)
    finally:
        broker.close()


def _find(servers: _Opened, which: dict[str, Any]) -> list[DeadLetter]:
    """The dead letters that are meant. Raises NotFoundError with every id that is none."""
    from shopace.workers.deadletters import Wanted, dead_letters
    from shopace.workers.settings import answered

    wanted = Wanted(**{name: value for name, value in which.items() if value})
    with answered("broker"):
        letters = dead_letters(servers.broker, wanted)
        if wanted.ids:
            _require_known(servers.broker, wanted, letters)
    return letters


def _require_known(broker: redis.Redis, wanted: Wanted, letters: Sequence[DeadLetter]) -> None:
    from shopace.workers.deadletters import dead_letters

    known = {letter.id for letter in letters}
    absent = [each for each in wanted.ids if each not in known]
    if not absent:
        return
    others = [letter.id for letter in dead_letters(broker, wanted._replace(ids=()))]
    raise NotFoundError(
        "no dead letter has that id; nothing was done"
        if len(absent) == 1
        else "no dead letters have those ids; nothing was done",
        problems=[
            Problem(where=each, what="is no dead letter", hint=did_you_mean(each, others))
            for each in absent
        ],
    )


def _replay(servers: _Opened, letters: Sequence[DeadLetter]) -> list[Replayed]:
    """Raises ServerError with how many are replayed; the others are dead letters still."""
    from shopace.core.results.store import ResultStore
    from shopace.workers import deadletters
    from shopace.workers.queue import Queue

    replayed: list[Replayed] = []
    store = ResultStore(servers.results())
    try:
        for each in deadletters.replay(Queue(servers.broker), store, letters):
            replayed.append(each)  # noqa: PERF402  # those before an error are kept
    except ServerError as error:
        many = f"{len(replayed):,} of {counted(len(letters), 'dead letter')}"
        raise ServerError(f"{error.message}; {many} replayed", hint=error.hint) from error
    return replayed


def _none(which: dict[str, Any]) -> str:
    return "There is no such dead letter." if any(which.values()) else "There is no dead letter."


def _require_choice(which: dict[str, Any], everything: bool) -> None:
    if everything == any(which.values()):
        raise click.UsageError(
            "--all, or which ones, not both"
            if everything
            else "which ones? Ids, --reason, --plugin, --run or --queue; or else --all"
        )


def _told(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter for programs."""
    return {
        "id": letter.id,
        "queue": letter.queue,
        "reason": letter.reason,
        "error": letter.error,
        "plugins": letter.plugins,
        "starts": letter.starts,
        "at": letter.at,
        "bytes": letter.bytes,
        "run": letter.job.run if letter.job is not None else None,
        "job": letter.job,
        "can_be_replayed": letter.job is not None,
        "cannot_be_replayed_because": letter.refusal or None,
    }


def _about(job: Job | None) -> str:
    """`block 3`, `block 3, shops 16 to 31`, `shop 10023`."""
    if job is None:
        return "–"
    if job.shop is not None:
        return f"shop {job.shop}"
    if job.count is None:
        return f"block {job.block}"
    return f"block {job.block}, shops {job.first} to {job.first + job.count - 1}"


def _print_list(letters: Sequence[DeadLetter]) -> None:
    """An id per line, whole, to be copied; below it what it was about and why it was given up."""
    from shopace.service.clean import clean

    for letter in letters:
        about = _about(letter.job)
        if letter.job is not None and not letter.id.startswith(f"{letter.job.run}:"):
            about += f" of {letter.job.run}"
        error = letter.error
        if len(error) > ERROR_SHOWN:
            error = f"{error[:ERROR_SHOWN]}…"
        if letter.plugins:
            error += f" (suspected: {', '.join(letter.plugins)})"
        reason = letter.reason.replace("_", " ")
        facts = f"{letter.queue}, {reason}, {about}, begun {counted(letter.starts, 'time')}"
        click.echo(clean(letter.id))
        click.echo(clean(f"  {letter.at:%m-%d %H:%M} UTC: {facts}"))
        if error:
            click.echo(clean(f"  {error}"))


def _print_letter(letter: DeadLetter, content: str) -> None:
    from shopace.service.clean import clean

    job = letter.job
    lines = {
        "id": letter.id,
        "queue": letter.queue,
        "when": f"{letter.at:%Y-%m-%d %H:%M:%S} UTC by the broker's clock",
        "reason": letter.reason.replace("_", " "),
        "error": letter.error or "–",
        "plugins": ", ".join(letter.plugins) or "none is suspected",
        "starts": f"{letter.starts:,}",
        "run": job.run if job is not None else "–",
        "about": _about(job) + (f" as of {job.as_of}" if job is not None else ""),
        "snapshot": job.snapshot if job is not None else "–",
        "replay": f"not possible: {letter.refusal}" if letter.refusal else "shopace dlq replay ID",
    }
    for name, value in lines.items():
        click.echo(clean(f"{name:9} {value}"))
    click.echo(f"\n{letter.bytes:,} bytes:")
    click.echo(clean(content))


def _print_unable(unable: Sequence[DeadLetter]) -> None:
    from shopace.service.clean import clean

    if not unable:
        return
    click.echo(f"{counted(len(unable), 'dead letter')} cannot be replayed:")
    for letter in unable[:LISTED]:
        click.echo(clean(f"  - {letter.id}: {letter.refusal}"))
    if len(unable) > LISTED:
        click.echo(f"  and {len(unable) - LISTED:,} more; --json lists them all")
    click.echo("their bytes can be saved: shopace dlq show ID --raw > FILE")


def _counts(reasons: Counter[str]) -> str:
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in reasons.most_common())
