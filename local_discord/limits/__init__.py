"""Discord's rules for request bodies, written out one by one."""
