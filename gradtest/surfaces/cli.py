"""The command: what it offers, and what it says to the shell.  A verb is imported when it is called.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import click

from gradtest import __version__
from gradtest.errors import Misuse, nearest

from .exit_codes import ExitCode
from .terminal import tolerant

__all__ = ["command"]

#: Verb -> module of this package, and what `--help` says of it.
VERBS = {
    "check": ("check_command", "Check derivatives over generated inputs."),
    "fuzz": ("fuzz_command", "Look farther out than check, for as long as there is time."),
    "merge": ("merge_command", "Say what the shards of a run came to together."),
    "report": ("report_command", "Make reports of a run that is over, from its JSON."),
    "replay": ("replay_command", "Judge failures of earlier runs again: FIXED or FAILED."),
    "explain": ("explain_command", "Say what a code or a word of a report means."),
    "write": ("write_command", "Write a test file for a module."),
    "laws": ("laws_command", "List what a derivative is held to."),
    "env": ("env_command", "Print versions, for bug reports."),
}


class _Verbs(click.Group):
    """Sub-commands that are imported when met, and exit codes that are pytest's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"gradtest.surfaces.{VERBS[cmd_name][0]}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}; {nearest(args[0], VERBS)}")
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and leave with the exit code; or return it, where click is told not to stand alone."""
        tolerant(sys.stdout)
        tolerant(sys.stderr)
        standalone_mode = extra.pop("standalone_mode", True)
        run = functools.partial(super().main, *args, standalone_mode=False, **extra)
        code = _guarded(run)
        if standalone_mode:
            sys.exit(code)
        return code


def _guarded(run: Callable[[], Any]) -> int:
    """Return the exit code of what may end in many ways."""
    try:
        return int(run() or 0)
    except click.Abort:  # click's word for Ctrl-C
        return _said("gradtest: interrupted before anything was decided", ExitCode.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return ExitCode.MISUSE
    except Misuse as misuse:
        return _said(f"gradtest: {misuse}", ExitCode.MISUSE)
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has gone.  Click would leave with 1, as if something disagreed; and
        # nothing may be written at exit, either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.INTERRUPTED
    except Exception:
        traceback.print_exc()
        return _said(
            "gradtest: this is a fault of gradtest itself, not of what it checks; please report it, with the "
            "lines above and what `python -m gradtest env` prints",
            ExitCode.INTERNAL,
        )


def _said(sentence: str, code: ExitCode) -> ExitCode:
    print(sentence, file=sys.stderr)
    return code


@click.group(
    cls=_Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="gradtest", message="%(prog)s %(version)s")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Property-based testing of hand-written derivatives.

    \b
    python -m gradtest check reference             a module
    python -m gradtest check layers.py::affine     one function of a file
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
