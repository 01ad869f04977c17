"""The only door to a network. No other package imports an HTTP client.

What may pass: model downloads the owner asked for (`download`), questions that routing released (`cloud`), calls to
the owner's own home hub (`hub`).
"""
