"""Where to go. A spider decides which addresses are fetched; what a page says is the business of scrapers/pages."""
