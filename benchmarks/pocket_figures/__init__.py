"""What "good" means for the built-in model, figure by figure."""
