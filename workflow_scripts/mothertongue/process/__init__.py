"""A job as a process: its log, signals, children, progress, and the device that it leases."""
