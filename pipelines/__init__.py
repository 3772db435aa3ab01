"""The models: a still and a `MotionRequest` become frames."""
