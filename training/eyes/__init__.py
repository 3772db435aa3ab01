"""How the eyes were trained: `python -m training.train_eyes`."""
