"""Settings, presets, the two-step loop and the run folder."""
