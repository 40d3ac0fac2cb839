"""The configuration that a new account gets."""

from pathlib import Path

from unitward.config import load_settings
from unitward.model.settings import Settings
from unitward.setup.install import default_config, is_default_config

PROJECT = Path(__file__).parents[3]
ADA = "ada@alpha.example.org"


def test_the_default_configuration_sets_the_identity_alone(tmp_path: Path) -> None:
    """Every other key is there as a comment, so that defaults of later versions hold."""
    path = tmp_path / "config.yaml"
    path.write_bytes(default_config(ADA))
    assert Settings(identity=ADA) == load_settings(path)
    example = (PROJECT / "config.example.yaml").read_text("utf-8").splitlines()
    keys = [line for line in example if line and not line.startswith(("#", "version:"))]
    lines = default_config(ADA).decode().splitlines()
    assert [f"#{line}" for line in keys] == [line for line in lines if line[1:] in keys]
    assert "version: 1" in lines


def test_its_comments_can_be_taken_away(tmp_path: Path) -> None:
    """With every # of a key gone it means the same."""
    text = default_config(ADA).decode()
    example = (PROJECT / "config.example.yaml").read_text("utf-8").splitlines()
    for line in example:
        if line and not line.startswith("#"):
            text = text.replace(f"#{line}\n", f"{line}\n")
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    settings = load_settings(path)
    assert Settings(identity=ADA, source=settings.source) == settings


def test_an_untouched_configuration_is_known_again() -> None:
    """Whoever it names, it is as it was made; with one more setting it is somebody's own."""
    made = default_config(ADA)
    assert is_default_config(made)
    assert is_default_config(made.replace(ADA.encode(), b"bob@beta"))
    assert not is_default_config(made + b"strict: yes\n")
    assert not is_default_config(b"")
