"""What may leave the house: one pure decision, and the ledger that shows it."""
