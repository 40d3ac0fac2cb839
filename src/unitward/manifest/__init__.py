"""YAML manifests and raw unit files, read into declarations with positions. Pure."""
