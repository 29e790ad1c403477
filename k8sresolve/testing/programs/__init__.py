"""Ways in for programs: resolvers, dnspython, this process's own `socket`, and where connections go."""
