"""Facts put in words, the same words in every stage. Pure."""

from unitward.errors import UnitwardError
from unitward.model.unitstate import UnitDetail

CLD_EXITED = 1


def failure_text(detail: UnitDetail) -> str:
    """Return in words why a unit failed."""
    if detail.load_error[1]:
        return detail.load_error[1]
    if detail.result == "exit-code" and detail.exec_main_code == CLD_EXITED:
        return f"exit status {detail.exec_main_status}"
    if detail.result == "signal":
        return f"killed by signal {detail.exec_main_status}"
    if detail.result == "resources" and detail.listen:
        addresses = ", ".join(address for _, address in detail.listen)
        return f"resources: cannot listen on {addresses}: it is in use, or not permitted"
    return detail.result


def error_text(error: UnitwardError) -> str:
    """Return an error and what to do about it in one line."""
    return f"{error} ({error.hint})" if error.hint else str(error)
