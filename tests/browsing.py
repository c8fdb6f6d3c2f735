"""The browser of the tests: the system's Chromium, without a screen and without calls home."""

import shutil

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
