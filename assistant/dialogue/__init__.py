"""Parts of one turn: hearing it out, making sense of it, answering, speaking. `turn.py` is the line through them."""
