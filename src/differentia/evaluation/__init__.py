"""What a trained model is worth: figures, morphometry, the audit, factor names, generation."""
