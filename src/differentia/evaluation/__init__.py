"""What a trained model is worth: figures, the audit, factor names, generation."""
