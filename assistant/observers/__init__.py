"""Those who only watch: figures of a turn, replies as sound files, counts by day. None may change the flow."""
