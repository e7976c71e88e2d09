"""python -m gradtest

PYTEST_DONT_REWRITE
"""

from __future__ import annotations


def main() -> None:
    """Run the command."""
    from gradtest.surfaces.cli import command

    command()


if __name__ == "__main__":
    main()
