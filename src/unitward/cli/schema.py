"""`unitward schema`: JSON Schema of the manifest."""

import os

import click

from unitward.cli.output import print_json


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of the manifest, for editors.

    It knows the directives of the systemd that is installed here.
    """
    from unitward.manifest.schema import json_schema
    from unitward.model.folders import folders_from
    from unitward.systemd.directives import load_directives

    folders = folders_from(os.environ, os.getuid())
    print_json(json_schema(load_directives(folders.cache / "unitward")))
