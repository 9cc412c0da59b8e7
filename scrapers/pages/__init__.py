"""What a page says. A page object gets a response and returns an item; it never fetches (web-poet)."""
