"""The checks: facts -> findings. Pure, without clock, disk or bus."""
