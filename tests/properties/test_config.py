"""config.yaml is read the same with and without YAML."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from unitward.config import load_settings
from unitward.errors import ConfigError

VALUES = (
    "1",
    "5s",
    "1h 30min",
    "~/a-b.c",
    "~",
    "yes",
    "ada@alpha",
    "5s # why",
    "#",
    "a: b",
    "'5s'",
)
LINES = st.one_of(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(
            [
                "settle: ",
                "settle_cap:  ",
                "source: ",
                "identity: ",
                "strict: ",
                "resync:",
                "settel: ",
            ]
        ),
        st.sampled_from(VALUES),
        st.sampled_from(["", " ", "#", " #"]),
    ),
    st.sampled_from(["", "# said", " # said", "strict: yes", "- a", "...", "\t", "\u00e4: 1"]),
)


@given(st.lists(LINES, max_size=4))
def test_plain_lines_mean_what_yaml_makes_of_them(lines: list[str]) -> None:
    """A file that is read without YAML says what it says with a comment that takes YAML."""
    with tempfile.TemporaryDirectory() as folder:
        said: list[object] = []
        for last in ("", " # an indented comment"):
            path = Path(folder, "config.yaml")
            path.write_text("\n".join([*lines, last]), encoding="utf-8")
            try:
                said.append(load_settings(path))
            except ConfigError as error:
                said.append(str(error))
    assert said[0] == said[1]
