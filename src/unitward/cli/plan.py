"""`unitward plan`: what would change, and why."""

import click

from unitward.cli.output import OUTPUT_OPTION, print_json


@click.command("plan")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
@OUTPUT_OPTION
def plan_command(detailed_exitcode: bool, output: str) -> int:
    """Show what would change, and why. Changes nothing."""
    from unitward.cli.look import document_of, exit_code, look, warn_of
    from unitward.cli.show_plan import print_plan

    considered = look()
    document = document_of(considered)
    if output == "json":
        print_json(document)
    else:
        warn_of(document, considered.desired)
        print_plan(document)
    return exit_code(considered, detailed=detailed_exitcode)
