"""Other people's code, as targets; a framework is named in its own file and nowhere else."""
