"""Reports in files: all of them are made of one document, `document.Document`, and of nothing else."""
