"""Run the suite, show what it found, and fail on anything unexpected."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.conformance import report, suite
from tests.node import NoNode, node

PAGE = suite.ROOT / "docs" / "conformance.md"


async def run(folder: Path, write: bool) -> list[str]:
    """Shows the tables. What was unexpected, a line each."""
    log = folder / "hub.log"
    async with suite.serving(log) as url:
        checks, scenarios = await asyncio.gather(suite.checks(url, folder), suite.scenarios())
    page = report.document(checks, suite.version())
    print(page)
    if write:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page)
    found = [*report.unexpected(checks), *report.unknown(checks, scenarios)]
    if "Traceback" in (said := log.read_text()):
        found.append(f"The hub logged an error: {said[said.index('Traceback') :][:2000]}")
    if not found and (not PAGE.exists() or PAGE.read_text() != page):
        found.append(f"docs/{PAGE.name} says something else. Look at it, and write it anew: python -m tests.conformance --write")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/conformance.md")
    parser.add_argument("-o", metavar="DIR", type=Path, help="keep the suite's results there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trivium-conformance-") as temporary:
        folder: Path = given.o or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            sys.exit(f"{folder} is not empty.")
        try:
            node()
            found = asyncio.run(run(folder, given.write))
        except (NoNode, suite.SuiteError) as error:
            sys.exit(f"The conformance suite cannot be run. {error}")
    if found:
        sys.exit("Unexpected:\n" + "\n".join(found))


if __name__ == "__main__":
    main()
