"""Product pages of other shops: where to go (spiders), what a page says (pages), what becomes of it (pipelines)."""
