"""Log set-up. What is said here never changes a pass."""
