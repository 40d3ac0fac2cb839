"""Facts put in words, the same words in every stage. Pure."""

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
    return detail.result
