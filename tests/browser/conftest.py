"""A Chromium, driven; and the pages that a hub serves to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.browser.chromium import executable
from tests.cli.conftest import trivium

__all__ = ["trivium"]

PAGE = Path(__file__).parent / "page"
"""Laid out as a Next static export is."""
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
"""It calls nobody by itself."""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """The machine's own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), headless=True, args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """Somebody's browser: its tabs share what is kept."""
    context = await browser.new_context()
    context.set_default_timeout(10_000)
    yield context
    await context.close()
