"""Parts of the composition: which engine runs where, the door, what is warmed. `appliance.py` puts them together."""
