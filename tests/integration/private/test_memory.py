"""What is remembered without a bus: the promises are the same as with one."""

from tests.integration.loop.test_memory import (
    test_a_failure_outlives_the_unit,
    test_a_reexecution_forgets_nothing,
    test_a_run_that_ended_is_not_made_again,
    test_a_stop_by_hand_outlives_the_unit,
    test_an_apply_leaves_what_it_heard,
    test_what_ended_before_is_known_from_the_first_pass,
    test_what_is_remembered_outlives_the_daemon,
    test_what_is_stopped_and_disabled_by_hand_stays_down,
)
from tests.integration.systemd.test_memory import (
    test_a_failure_is_cleared,
    test_a_later_run_that_nobody_heard_counts,
    test_an_end_is_remembered,
    test_who_listens_later_hears,
)

__all__ = [
    "test_a_failure_is_cleared",
    "test_a_failure_outlives_the_unit",
    "test_a_later_run_that_nobody_heard_counts",
    "test_a_reexecution_forgets_nothing",
    "test_a_run_that_ended_is_not_made_again",
    "test_a_stop_by_hand_outlives_the_unit",
    "test_an_apply_leaves_what_it_heard",
    "test_an_end_is_remembered",
    "test_what_ended_before_is_known_from_the_first_pass",
    "test_what_is_remembered_outlives_the_daemon",
    "test_what_is_stopped_and_disabled_by_hand_stays_down",
    "test_who_listens_later_hears",
]
