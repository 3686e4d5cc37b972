"""What a study will cost, told before anything is spent: jobs, calls, money and GPU-hours."""
