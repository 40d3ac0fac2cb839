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


def duration_text(seconds: int) -> str:
    """Return a number of seconds as people write it: 45s, 4min 10s, 2h 5min."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest if not hours else 0, "s")]
    return " ".join(f"{number}{word}" for number, word in parts if number) or "0s"
