"""What can be done to a finished clip without running the model again: loop, speed, trim, smoother, larger, titled."""
