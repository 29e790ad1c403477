"""What performs the core's decisions: sockets, query ids and timers, one module for each way of waiting."""
