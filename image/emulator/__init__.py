"""A Raspberry Pi's part played on any machine: its card, its bootloader, the power switch. `scripts/test_image` is
the way in.
"""
