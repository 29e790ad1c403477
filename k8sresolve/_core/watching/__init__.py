"""Following a Service over time: what is believed of it, and when it is asked for again."""
