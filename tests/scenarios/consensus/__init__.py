"""What the consensus engine answers, as text that is reviewed like code."""
