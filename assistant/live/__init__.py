"""The conversation at real devices: a microphone that never gives up, not hearing oneself, interruption, button."""
