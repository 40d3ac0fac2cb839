"""The unit-file language: parse, render, names, compare. Pure."""
