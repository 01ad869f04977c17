"""The device's beginning: settings on the partition that any computer can edit, and the way back to the factory's."""
