"""The measured claims of the README, side by side with what they are compared to."""
