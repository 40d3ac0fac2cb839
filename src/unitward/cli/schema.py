"""`unitward schema`: JSON Schema of the manifest."""

import contextlib

import click

from unitward.cli.daemon_door import own_folders
from unitward.cli.output import print_json
from unitward.errors import UnitwardError


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of the manifest, for editors.

    It knows the directives of the systemd that is installed here.
    """
    from unitward.manifest.schema import json_schema
    from unitward.systemd.directives import load_directives

    cache = None
    with contextlib.suppress(UnitwardError):
        cache = own_folders().cache / "unitward"
    print_json(json_schema(load_directives(cache)))
