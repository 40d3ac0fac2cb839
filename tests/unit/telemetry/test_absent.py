"""Libraries that unitward has no use for."""

import hashlib
import subprocess
import sys

from unitward.telemetry.absent import openssl_modules


def test_openssl_stays_out_and_can_be_imported_later() -> None:
    """The daemon's imports load no OpenSSL, make the same digests, and hide nothing afterwards."""
    script = (
        "import sys\n"
        "from unitward.telemetry.absent import openssl_modules, pretending_absent\n"
        "with pretending_absent(*openssl_modules()):\n"
        "    import unitward.daemon, hashlib\n"
        "print(*sorted({'ssl', '_ssl', '_hashlib'} & sys.modules.keys()))\n"
        "print(hashlib.sha256(b'unit').hexdigest())\n"
        "import ssl\n"
        "print(ssl.__name__)\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", script), check=True, capture_output=True, text=True
    )
    # Some distributions build Python without digests of its own.
    loaded = "" if "_hashlib" in openssl_modules() else "_hashlib"

    assert [loaded, hashlib.sha256(b"unit").hexdigest(), "ssl"] == done.stdout.splitlines()
