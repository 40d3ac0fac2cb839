"""Whether a unit is down because somebody asked for it, by its own timestamps. Pure."""

from unitward.model.unitstate import UnitDetail

CLD_EXITED, CLD_KILLED, CLD_DUMPED = 1, 2, 3
SIGHUP, SIGINT, SIGPIPE, SIGTERM = 1, 2, 13, 15
CLEAN_SIGNALS = frozenset({SIGHUP, SIGINT, SIGPIPE, SIGTERM})


def was_stopped_while_starting(detail: UnitDetail) -> bool:
    """Row V6: tell whether a unit ended by SIGTERM before it was up."""
    never_entered = detail.active_enter_timestamp < detail.inactive_exit_timestamp
    by_term = detail.exec_main_code == CLD_KILLED and detail.exec_main_status == SIGTERM
    return never_entered and detail.result == "success" and by_term


def was_asked_to_stop(detail: UnitDetail) -> bool:
    """Rows V7 to V10: a stop is asked for before the main process ends, its own end comes first."""
    ordered = (
        detail.active_exit_timestamp
        > detail.active_enter_timestamp
        >= detail.inactive_exit_timestamp
        > 0
    )
    if not ordered:
        return False
    if detail.remain_after_exit and not _main_failed(detail):
        return True
    if detail.exec_main_start_timestamp == 0:
        return detail.result == "success"
    return detail.active_exit_timestamp < detail.exec_main_exit_timestamp


def _main_failed(detail: UnitDetail) -> bool:
    """Tell whether the end of its main process was the failure; ExecStop= can fail as well."""
    ended_well = detail.exec_main_code == CLD_EXITED and detail.exec_main_status == 0
    return detail.exec_main_exit_timestamp > 0 and detail.result != "success" and not ended_well


def was_killed_cleanly(detail: UnitDetail) -> bool:
    """Row V12: tell whether a signal that counts as success ended the main process."""
    by_signal = detail.exec_main_code != CLD_EXITED
    return by_signal and detail.result == "success" and detail.exec_main_status in CLEAN_SIGNALS
