"""Words of the demo shops: what stands on their pages, and what shoppers write, good where the stars are many and bad where few."""

SAYS_ENGLISH = {
    "home": "Home", "all": "All products", "next": "Next", "previous": "Previous", "page": "Page",
    "in_stock": "In stock", "sold_out": "Out of stock", "buy": "Add to cart", "reviews": "Customer reviews",
    "none": "No reviews yet", "details": "Product details", "brand": "Brand", "related": "You may also like",
    "missing": "Page not found", "staff": "Staff", "claim": "Good things for every day",
    "stars": "{} out of 5 stars", "by": "by",
}  # fmt: skip
SAYS_GERMAN = {
    "home": "Startseite", "all": "Alle Artikel", "next": "Weiter", "previous": "Zurück", "page": "Seite",
    "in_stock": "Auf Lager", "sold_out": "Derzeit nicht lieferbar", "buy": "In den Warenkorb",
    "reviews": "Kundenbewertungen", "none": "Noch keine Bewertungen", "details": "Produktdetails", "brand": "Marke",
    "related": "Das könnte Ihnen auch gefallen", "missing": "Seite nicht gefunden", "staff": "Mitarbeiter",
    "claim": "Schönes für jeden Tag", "stars": "{} von 5 Sternen", "by": "von",
}  # fmt: skip
SAYS_INDIAN = SAYS_ENGLISH | {
    "sold_out": "Currently unavailable", "buy": "Buy Now", "reviews": "Ratings & Reviews",
    "details": "Specifications", "claim": "Big savings, every single day", "stars": "{} ★",
}  # fmt: skip

DEPARTMENTS_GERMAN = {
    "kitchen": "Küche", "garden": "Garten", "toys": "Spielzeug", "electronics": "Elektronik", "fashion": "Mode",
    "home": "Wohnen", "sports": "Sport", "books": "Bücher",
}  # fmt: skip
NOUNS_GERMAN = {
    "kettle": "Wasserkocher", "toaster": "Toaster", "mixer": "Mixer", "frying pan": "Bratpfanne", "knife block": "Messerblock",
    "watering can": "Gießkanne", "lantern": "Laterne", "bench": "Gartenbank", "bird feeder": "Futterhaus", "hose": "Schlauch",
    "puzzle": "Puzzle", "building set": "Baukasten", "doll": "Puppe", "kite": "Drachen", "board game": "Brettspiel",
    "headphones": "Kopfhörer", "keyboard": "Tastatur", "smart watch": "Smartwatch", "speaker": "Lautsprecher", "charger": "Ladegerät",
    "scarf": "Schal", "raincoat": "Regenmantel", "sneakers": "Turnschuhe", "backpack": "Rucksack", "cap": "Mütze",
    "cushion": "Kissen", "table lamp": "Tischlampe", "wall clock": "Wanduhr", "rug": "Teppich", "mirror": "Spiegel",
    "yoga mat": "Yogamatte", "dumbbell": "Hantel", "water bottle": "Trinkflasche", "tent": "Zelt", "bike light": "Fahrradlicht",
    "cookbook": "Kochbuch", "novel": "Roman", "atlas": "Atlas", "picture book": "Bilderbuch", "diary": "Tagebuch",
}  # fmt: skip
COLOURS_GERMAN = {
    "White": "weiß", "Black": "schwarz", "Red": "rot", "Ivory": "elfenbein", "Sage": "salbei", "Navy": "marine",
    "Copper": "kupfer", "Rosé": "rosé", "Sand": "sand", "Grey": "grau",
}  # fmt: skip

NAMES_ENGLISH = ("Ann P.", "Walter Reed", "Maria G.", "J. Ortega", "Sue Lindqvist", "T. O'Neil", "Kim", "Dora Banks")
NAMES_GERMAN = ("Anna P.", "Jürgen W.", "Familie Möller", "Katrin S.", "Björn", "H. Großmann", "Lena", "Uwe T.")
NAMES_INDIAN = ("Priya Nair", "Rahul S.", "Anjali Deshpande", "Vikram", "S. Iyer", "Neha Gupta", "Arjun R.", "Meera")

# Of bad, middling and good reviews: titles, then sentences of which each review takes two.
ENGLISH = {
    "bad": (
        ("Broke after a week", "Very disappointed", "Waste of money", "Do not buy", "Terrible quality"),
        (
            "It stopped working after a week and support was useless.", "Cheap material, ugly finish, and it smells awful.",
            "The box arrived damaged and two parts were missing.", "I hate it: it is much worse than the one it replaced.",
            "I asked for a refund and am still waiting, which makes me angry.", "A terrible {noun}, I regret buying it.",
        ),
    ),
    "middling": (
        ("It is okay", "Does the job", "Average", "Mixed feelings"),
        (
            "It does what it says.", "The colour differs a little from the picture.",
            "An average {noun} for the price.", "Delivery took a week.", "The manual is short, but one gets along.",
        ),
    ),
    "good": (
        ("Love it", "Excellent", "Best purchase this year", "Wonderful quality", "Happy with it"),
        (
            "I love this {noun}, it is beautiful and works perfectly.", "Excellent quality, and it feels great in the hand.",
            "Arrived quickly and well packed, thank you!", "We use it every day and are very happy with it.",
            "Great value, I would happily recommend it to friends.", "A wonderful gift: my sister was delighted.",
        ),
    ),
}  # fmt: skip
GERMAN = {
    "bad": (
        ("Nach einer Woche kaputt", "Sehr enttäuscht", "Rausgeworfenes Geld", "Finger weg", "Schlechte Qualität"),
        (
            "Nach einer Woche ging nichts mehr, und der Kundendienst war nutzlos.", "Billiges Material, hässlich verarbeitet, riecht furchtbar.",
            "Das Paket kam beschädigt an, zwei Teile fehlten.", "Viel schlechter als das alte Modell, ich ärgere mich.",
            "Auf mein Geld warte ich immer noch.", "Schrecklich: {noun} nie wieder von dieser Marke.",
        ),
    ),
    "middling": (
        ("Ist in Ordnung", "Tut, was es soll", "Durchschnitt", "Gemischte Gefühle"),
        (
            "Tut, was es soll, nicht mehr und nicht weniger.", "Die Farbe weicht etwas vom Bild ab.", "Durchschnittlich für diesen Preis.",
            "Die Lieferung dauerte eine Woche.", "Die Anleitung ist kurz, aber man kommt zurecht.",
        ),
    ),
    "good": (
        ("Einfach toll", "Ausgezeichnet", "Bester Kauf des Jahres", "Wunderbare Qualität", "Sehr zufrieden"),
        (
            "Ich liebe dieses Stück ({noun}), es ist schön und funktioniert perfekt.", "Ausgezeichnete Qualität, liegt gut in der Hand.",
            "Schnell geliefert und gut verpackt, vielen Dank!", "Wir benutzen es jeden Tag und sind sehr glücklich damit.",
            "Tolles Preis-Leistungs-Verhältnis, ich empfehle es gern weiter.", "Ein wunderbares Geschenk: meine Schwester war begeistert.",
        ),
    ),
}  # fmt: skip
