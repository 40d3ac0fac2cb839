"""The nouns: frozen dataclasses and enums of the standard library only."""
