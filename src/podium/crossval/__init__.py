"""One cross-validated run: started, trained fold by fold by any number of processes, gathered and scored."""
