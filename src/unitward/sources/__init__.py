"""Where desired state comes from: a watched folder, which may be a git checkout."""
