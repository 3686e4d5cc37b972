"""Labels by people: which answers they see, the files they work in, and what came back."""
