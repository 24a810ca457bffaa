"""The parts of the deployment commands beside this folder; standard library only."""
