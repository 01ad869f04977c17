"""The SD image: what it is made of (`config`, `layer`, `layout`, `units`), how it is built (`build`) and proved
(`emulator`).
"""
