"""Running under systemd: readiness, a watchdog that believes sound alone, one instance, logs without words."""
