"""The words by which shops of several languages tell goods apart, as data: what means the same, and what it decides.

Words are lower-case and without accents, as titles.py leaves them. `black: schwarz noir` makes one word of three; a line without
a colon stands for itself. A word that is missing here costs recall (it counts as a difference), never a false match.
"""

from mart.views.goods import GOODS, USUAL


def listed(words: str) -> frozenset[str]:
    """Read words that stand for themselves."""
    return frozenset(words.split())


def meanings(lines: str) -> dict[str, str]:
    """Read `word: its synonyms` lines as a mapping of each to the first."""
    found: dict[str, str] = {}
    for line in filter(str.strip, lines.splitlines()):
        word, _, others = (part.strip() for part in line.partition(":"))
        found |= dict.fromkeys((word, *others.split()), word)
    return found


STOP = listed("""
    a al and au aus avec bei bis brand by con d da das de del den der des die du e ed edition ein eine el en et for
    from fur il im in incl includes including inkl inklusive into item l la las le les los mit neu neue new no
    nouveau nr nuevo o oder of on or original para per pour s so sur the tlg to un una und une up vom von with y zu
    zum zur
""")

# Words that say little about which product it is: their absence or presence hardly counts.
GENERIC = listed("""
    advanced all amd android bag bar berlin bluetooth bottle box camera can cancellation cancelling care charging
    classic coffee collection compact core cpu design display dose dry dual electric eu fast feature food frosted
    full function genuine germany hd hdd home inch india intel ips jar jigsaw kids lcd led matt memory men mic model
    noise nvme official one originals paris performance portable pouch powder powered premium processor product
    professional puzzle qled quick ram screen serie series sim skin smart sport sportswear ssd standard storage
    store taste tea tin tube type uhd uk unlocked us version waterproof whole wifi wireless women
""")

# Each dimension: values that exclude one another where both titles state one.
TRAITS = {
    "colour": """
        black: schwarz schwarzer schwarze schwarzes noir noire negro negra nero
        white: weiss weisse weisser weisses blanc blanche blanco blanca bianco
        red: rot rote roter rouge rojo roja rosso
        blue: blau blaue blauer bleu bleue azul blu
        green: grun grune gruner vert verte verde
        grey: gray grau graue grauer gris grise grigio dunkelgrau
        silver: silber silbern argent plata argento
        gold: golden dorado or
        pink: rosa rose
        purple: lila violett violet lilac morado flieder
        yellow: gelb gelbe jaune amarillo
        orange
        brown: braun braune marron brun
        beige
        multi: tricolour tricolor colour color farbig bunt mehrfarbig multicolour
        navy: marine dunkelblau
        turquoise: turkis
        ivory: elfenbein
        midnight: mitternacht minuit
        starlight: polarstern
        graphite: graphit
        anthracite: anthrazit charcoal
        mint
        cyan
        aqua
        lime
        obsidian
        titanium: titan titane
        copper: kupfer
        clear: transparent transparente
        stonewash
        darkstone""",
    "kind": """
        shampoo: shampooing champu
        conditioner: spulung apresshampooing acondicionador
        hoodie: kapuzenpullover
        joggers: jogginghose
        shorts
        jeans
        tshirt
        poloshirt: polo
        jacket: jacke veste chaqueta
        dress: kleid
        socks: socken chaussettes calcetines
        brief: slip boxer trunks
        vest: unterhemd
        headphones: kopfhorer headphone headset casque auriculares earphones
        speaker: lautsprecher enceinte altavoz
        laptop: notebook
        phone: smartphone handy telephone movil mobile
        tv: fernseher television televisor
        drill: bohrschrauber akkubohrschrauber schlagbohrschrauber
        vacuum: staubsauger aspirateur aspiradora
        spaghetti
        penne
        puppet: puppe doll
        foundation
        mascara
        lipstick: lippenstift
        lotion: sonnenmilch
        cooker: schnellkochtopf
        mixer: kuchenmaschine
        lamp: lampe leuchte arbeitsleuchte ampoule bulb bombilla leuchtmittel""",
    "flavour": """
        chocolate: schokolade schoko chocolat
        vanilla: vanille vainilla
        strawberry: erdbeer erdbeere fraise fresa
        lavender: lavendel lavande lavanda
        lemon: zitrone citron limon
        mint: minze menthe
        chicken: huhn poulet pollo
        beef: rind boeuf
        salmon: lachs saumon
        tuna: thunfisch thon""",
    "form": """
        paperback: taschenbuch broche softcover
        hardcover: gebunden gebundene
        ground: gemahlen gemahlener moulu molido
        beans: bohnen bohne grains
        tablets: tabletten comprimes
        capsules: kapseln
        audio: horbuch audiobook cd
        ebook: kindle
        spray
        cream: creme crema
        gel""",
    "gender": """
        men: herren homme hombre mens man male
        women: damen femme mujer womens woman female ladies
""",
    "age": """
        adult: erwachsene
        puppy: welpe
        kitten
        senior""",
    "side": """
        left: links linke gauche
        right: rechts rechte droite""",
    "end": """
        front: vorne vorn avant
        rear: hinten arriere""",
    "sleeve": """
        shortsleeved: kurzarm kurzarmelig
        longsleeved: langarm langarmelig""",
    "cut": """
        slim
        regular
        skinny
        loose""",
}

# Words that are on both sides or on none: another model, state or scope of delivery.
VARIANTS = """
    pro
    max
    plus
    mini
    ultra
    lite
    air
    se
    fe
    evo
    neo
    cellular: lte
    zero
    diet
    decaf: entkoffeiniert
    unsweetened: ungesusst
    clock
    refill: nachfullpack nachfuller recharge
    sensitive
    kids: kinder enfant enfants ninos junior children
    refurbished: renewed generaluberholt wiederaufbereitet reconditionne reacondicionado refurb used gebraucht
    solo
    bundle: combo"""

# What fits a product, and is none itself.
ACCESSORIES = """
    case: hulle cover coque funda schutzhulle bumper
    protector: schutzfolie panzerglas folie displayschutz
    charger: ladegerat netzteil chargeur cargador
    cable: kabel ladekabel cordon
    strap: armband ersatzarmband wristband correa
    battery: akku batterie bateria batterien pile pila pilas
    filter: filtre filtro
    seal: dichtung turdichtung
    remote: fernbedienung telecommande
    pads: ohrpolster
    heater: heizstab
    spare: ersatz replacement ersatzteil
    compatible: kompatibel passend passgenau suitable
    holder: halterung halter mount
    lighting: beleuchtungsset"""

# Other words of the same meaning.
SAME = """
    wireless: kabellos kabellose kabelloser cordless
    portable: tragbar tragbarer tragbare
    battery: batteries akkus
    piece: pieces teile teilig
    coffee: kaffee cafe filterkaffee
    sugar: zucker
    cacao: kakao cocoa
    soap: seife
    water: wasser aqua
    dog: hund hundefutter
    cat: katze katzenfutter
    train: eisenbahn dampfeisenbahn
    book: buch livre libro
    shoes: schuhe shoe sneaker sneakers laufschuhe zapatillas
    sandals: sandalen
    desk: schreibtisch bureau
    warm: warmweiss chaud
    toothbrush: zahnburste
    pan: pfanne pfannenset poele sarten
    tape: bandmass
    jigsaw: stichsageblatt
    car: auto autos
    nappies: windeln diapers
    peppermint: pfefferminz pfefferminze pfefferminztee
    tea: tee tees thea
    gift: geschenk geschenkset
    moisturising: moisturizing
    silicone: silikon
    heads: aufsteckburste aufsteckbursten burstenkopfe
    blades: rasierklinge rasierklingen klinge klingen
    bags: staubbeutel staubsaugerbeutel
    whole: ganz ganze
    dark: edelbitter zartbitter
    dose: tin can
    pressure: schnellkoch
    2: ii
    3: iii
    4: iv
    6: vi
    7: vii
    8: viii"""

# What a unit measures, and how much of the dimension's own unit it is: mm, ml, g, GB, W, V, mAh, lm, K, Hz, pieces, ...
UNITS = {
    "length": "mm=1 cm=10 m=1000 inch=25.4 in=25.4 zoll=25.4 inches=25.4 pouces=25.4 pulgadas=25.4 ft=304.8",
    "volume": "ml=1 cl=10 l=1000 litre=1000 liter=1000 litres=1000 ltr=1000 litros=1000 litro=1000 floz=29.5735",
    "mass": "mg=0.001 g=1 gm=1 gms=1 gr=1 gramm=1 grams=1 kg=1000 kgs=1000 oz=28.3495 lb=453.592 lbs=453.592",
    "storage": "gb=1 go=1 tb=1000 to=1000 mb=0.001",
    "power": "w=1 watt=1 watts=1 kw=1000",
    "voltage": "v=1 volt=1",
    "charge": "mah=1 ah=1000",
    "flux": "lm=1 lumen=1 lumens=1",
    "warmth": "k=1 kelvin=1",
    "frequency": "hz=1 ghz=1000000000 mhz=1000000",
    "pixels": "mp=1 megapixel=1",
    "share": "pct=1",
    "protection": "spf=1",
    "size": "size=1",
    "uk": "uk=1",
    "us": "us=1",
    "waist": "waist=1",
    "leg": "leg=1",
    "year": "year=1",
    "count": "pack=1 pcs=1 pc=1 piece=1 pieces=1 stuck=1 stk=1 st=1 teile=1 teilig=1 tlg=1 piezas=1 tabs=1 tablets=1 "
    "tabletten=1 comprimes=1 capsules=1 kapseln=1 caps=1 count=1 ct=1 sachets=1 bags=1 teabags=1 beutel=1 teebeutel=1 "
    "sheets=1 blatt=1 rolls=1 rollen=1 wipes=1 tucher=1 unidades=1 uds=1 nos=1 pairs=1 paar=1 pods=1 nappies=1 "
    "windeln=1 diapers=1 wl=1 waschladungen=1 washes=1 portionen=1 servings=1",
}

SIZES = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl", "2xl", "3xl", "4xl", "5xl")

LEGAL = listed("""
    ab ag as bv co company corp corporation deutschland germany gmbh inc international kg kgaa limited llc ltd nv oy
    plc pvt sa sas se spa srl verlag
""")
NAMELESS = ("", "generic", "unbranded", "no brand", "na", "n a", "none", "does not apply", "markenlos", "ohne marke",
    "unknown", "unbekannt", "sans marque", "sin marca")  # fmt: skip
SAME_BRAND = {"hewlett packard": "hp", "lg electronics": "lg", "asustek": "asus", "ttk prestige": "prestige"}


UNIT_DIMENSIONS = {unit.split("=")[0]: dim for dim, line in UNITS.items() for unit in line.split()}
UNIT_SIZES = dict(unit.split("=") for line in UNITS.values() for unit in line.split())
VARIANT_WORDS = frozenset(meanings(VARIANTS).values())
TRAIT_OF = {word: dim for dim, lines in TRAITS.items() for word in set(meanings(lines).values())}
_PLAIN = GENERIC | listed(USUAL)
THINGS = (
    frozenset(
        meant for lines in (GOODS, SAME, TRAITS["kind"]) for meant in meanings(lines).values() if not meant.isdigit()
    )
    - _PLAIN
)
PLAIN = _PLAIN | THINGS | frozenset(TRAIT_OF)  # what is no model's own name
PARTS = frozenset(  # that German puts at the end of compounds
    word for lines in (GOODS, TRAITS["kind"], ACCESSORIES) for word in meanings(lines) if len(word) >= 5
)
SYNONYMS = {
    word: meant
    for lines in (GOODS, SAME, *TRAITS.values(), VARIANTS, ACCESSORIES)
    for word, meant in meanings(lines).items()
}
