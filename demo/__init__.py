"""The demonstration: two firms, one bank, the main job from installation to a shared session."""
