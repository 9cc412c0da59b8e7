"""What goods are called in English, German, French and Spanish, as data: words that say what a thing is, not which one.

Each line makes one word of several. Shops add or leave out such words freely, so that one of them on one side only counts for little.
"""

GOODS = """
    camera: kamera kameras cameras appareil camara actioncam
    instant: sofortbild instantanee instantanea
    lens: objektiv objectif objetivo lenses
    body: gehause boitier cuerpo
    mirrorless: systemkamera
    frame: rahmen cadre marco
    tripod: stativ trepied tripode
    printer: drucker imprimante impresora
    cartridge: patrone patronen kartusche kartuschen cartouche cartucho cartridges cartouches cartuchos
    ink: tinte tintenpatrone encre tinta druckerpatrone
    toner: tonerkartusche
    router: routeur
    wlan: wifi wi fi
    mouse: maus souris raton
    keyboard: tastatur clavier teclado
    monitor: bildschirm ecran pantalla screen display moniteur
    drive: festplatte disque disco hdd laufwerk harddrive
    external: externe externer extern externo externa
    internal: interne interner intern interno
    card: karte carte tarjeta speicherkarte
    adapter: adaptateur adaptador
    stick: speicherstick
    tablet: tablette tableta
    watch: uhr armbanduhr herrenuhr damenuhr montre reloj smartwatch
    analogue: analog
    bpmonitor: blutdruckmessgerat tensiometre tensiometro
    notepad: notizbuch cahier cuaderno
    winter: hiver invierno
    tracker: fitness aktivitatstracker
    running: laufen laufuhr
    speaker: lautsprecher enceinte altavoz
    microphone: mikrofon micro microfono
    controller: gamepad manette mando
    console: konsole consola
    game: spiel spiele jeu jeux juego juegos brettspiel gesellschaftsspiel wurfelspiel kartenspiel board boardgame
    doll: puppe poupee muneca
    blocks: bausteine briques bloques
    puzzle: puzzles jigsaw rompecabezas
    toy: spielzeug jouet juguete toys
    english: englisch anglais ingles
    german: deutsch allemand aleman deutsche
    knife: messer taschenmesser couteau cuchillo knives
    chef: koch kochs chefs cuisine cocinero
    bread: brot pain
    pot: topf kochtopf faitout olla casserole brater cocotte cacerola braiser
    frying: brat bratpfanne
    pan: pfanne poele sarten sartenes pfannen pans skillet
    kettle: wasserkocher bouilloire hervidor
    toaster: tostadora
    blender: standmixer mixeur licuadora
    cooker: kocher cuiseur
    machine: maschine maquina
    coffeemaker: kaffeevollautomat kaffeemaschine espressomaschine cafetiere cafetera espresso
    automatic: automatik vollautomat automatique automatico
    dishwasher: geschirrspuler spulmaschine lavevaisselle lavavajillas spulmaschinen geschirrspul
    washer: waschmaschine lavelinge lavadora
    dryer: trockner foehn fohn haartrockner sechoir secador hairdryer
    fridge: kuhlschrank refrigerateur frigorifico refrigerator
    freezer: gefrierschrank congelateur congelador
    oven: ofen backofen horno
    integrated: vollintegriert einbau encastrable integrable
    vacuum: staubsauger aspirateur aspiradora sauger
    cleaner: reiniger nettoyant limpiador putzmittel
    iron: bugeleisen fer plancha
    fan: ventilator ventilateur ventilador
    heater: heizung heizlufter radiateur calefactor
    shaver: rasierer rasoir afeitadora
    epilator: epilierer epilateur depiladora
    toothbrush: zahnburste
    toothpaste: zahnpasta zahncreme dentifrice
    upper: oberarm
    thermometer: fieberthermometer thermometre termometro
    tumbler: glas glass verre vaso glaser tumblers
    cup: tasse becher mug taza kaffeebecher
    plate: teller assiette plato
    bottle: flasche bouteille botella trinkflasche
    flask: thermosflasche isolierflasche thermos
    bowl: schussel bol cuenco schale
    cutlery: besteck couverts cubiertos
    bed: bett lit cama
    bedding: bettwasche linge
    duvet: bettdecke couette edredon comforter
    pillow: kissen oreiller almohada
    mattress: matratze matelas colchon
    towel: handtuch serviette toalla
    curtain: vorhang rideau cortina
    carpet: teppich tapis alfombra rug
    chair: stuhl chaise silla
    table: tisch mesa
    desk: schreibtisch bureau escritorio
    shelf: regal etagere estanteria bookcase bucherregal bookshelf
    chest: kommode commode comoda dresser
    drawer: schublade schubladen tiroir cajon drawers
    wardrobe: schrank kleiderschrank armoire armario
    sofa: couch canape
    mirror: spiegel miroir espejo
    desklamp: schreibtischlampe
    hose: schlauch tuyau manguera
    lopper: astschere
    shears: schere heckenschere ciseaux tijeras scissors
    mower: rasenmaher tondeuse cortacesped
    grill: gasgrill barbecue bbq barbacoa
    saw: sage kreissage stichsage scie sierra
    drill: bohrmaschine perceuse taladro bohrschrauber akkubohrschrauber schrauber driver schlagbohrschrauber combi
    screwdriver: schraubendreher schraubenzieher tournevis destornillador
    hammer: marteau martillo
    pliers: zange wasserpumpenzange pince alicates plier
    pump: pumpe pompe bomba
    wrench: schraubenschlussel cle llave
    blade: blatt sageblatt lame hoja stichsageblatt blatter
    measure: massband bandmass metre
    glue: kleber klebstoff colle pegamento adhesive
    paint: farbe peinture pintura
    tape: band klebeband ruban cinta
    brake: bremse scheibenbremse frein freno
    disc: scheibe disque disco disk
    tyre: reifen pneu neumatico tire
    bike: fahrrad velo bicicleta bicycle
    helmet: helm casque casco
    pedal: pedale pedales
    saddle: sattel selle sillin
    oil: ol motorol motoroel huile aceite
    engine: motor moteur
    wiper: scheibenwischer wischer essuieglace wipers wischerblatt
    air: luft
    tent: zelt tente
    sleeping: schlaf
    backpack: rucksack rucksacke mochila daypack
    suitcase: koffer valise maleta trolley
    hiking: wander wandern trekking randonnee
    racket: schlager tennisschlager raquette raqueta racquet
    ball: ballon pelota balon
    dumbbell: hantel haltere mancuerna
    mat: matte yogamatte tapis
    piano: klavier digitalpiano
    guitar: gitarre guitare guitarra
    string: saite saiten strings
    pen: kugelschreiber stift stylo boligrafo kuli pens
    highlighter: textmarker marker surligneur
    pencil: bleistift crayon lapiz pencils buntstifte
    folder: ordner file lever arch classeur archivador hefter
    paper: papier papel
    shampoo: shampooing champu
    soap: seife savon jabon
    detergent: waschmittel lessive detergente washing
    softener: weichspuler adoucissant suavizante
    laundry: wasche
    perfume: parfum eaudeparfum perfum edp
    edt: eaudetoilette toilette
    deodorant: deo desodorante
    nailpolish: nagellack vernis
    lotion: sonnenmilch
    serum: suero
    face: gesicht visage cara gesichtscreme
    hand: hande
    hair: haar haare cheveux cabello
    dry: trocken trockene sec seco
    cleansing: reinigung
    whisky: scotch whiskey
    old: jahre jahrig year years ans anos
    single: einzel
    wine: wein vin vino
    beer: bier biere cerveza
    juice: saft jus zumo
    milk: milch lait leche
    drink: getrank boisson bebida drinks
    oat: hafer avoine avena
    mineral: minerale
    noodles: nudeln nouilles fideos
    pasta: teigwaren
    rice: reis riz arroz
    flour: mehl farine harina
    salt: salz sel sal
    butter: beurre mantequilla
    cheese: kase fromage queso
    biscuit: keks kekse biscuits cookies galletas
    sweets: bonbons fruchtgummi caramelos gummy gummies
    cocoa: kakao
    honey: honig miel
    jam: konfiture marmelade confiture mermelada
    sauce: sosse salsa
    cereal: musli cerealien cereales
    protein: proteine proteina eiweiss
    vitamin: vitamine vitamina vitamins
    dogfood: hundefutter
    catfood: katzenfutter
    litter: katzenstreu litiere arena
    wipes: feuchttucher lingettes toallitas
    stroller: kinderwagen poussette cochecito
    pacifier: schnuller tetine chupete
    novel: roman novela
    summer: sommer ete verano
    trousers: pantalon trainingshose pants
    tracksuit: trainingsanzug
    training: entrenamiento
    shirt: hemd chemise camisa bluse
    sweater: pullover pull jersey pulli sweatshirt
    skirt: rock jupe falda
    coat: mantel manteau abrigo
    softshell: softshelljacke
    boots: stiefel bottes botas
    sandals: sandalen sandales sandalias
    cap: mutze casquette gorra beanie
    gloves: handschuhe gants guantes
    belt: gurtel ceinture cinturon
    wallet: geldborse portefeuille cartera etui brieftasche
    handbag: handtasche sac bolso
    leather: leder cuir cuero
    cotton: baumwolle coton algodon
    wood: holz bois madera
    metal: metall
    steel: stahl edelstahl acier acero stainless
    plastic: kunststoff plastique plastico
    microfibre: mikrofaser microfiber
    round: rund ronde ronda redondo
    oval: ovale ovalado
    square: quadratisch carre cuadrado
    small: klein kleine petit pequeno
    large: gross grosse grand grande
    double: doppel doppelt doble
    reversible: wende
    fresh: frisch frais fresco
    functions: funktionen fonctions funciones funktion
    tool: werkzeug outil herramienta
    brush: burste brosse cepillo
    head: kopf tete cabeza
    dust: staub poussiere polvo
    garden: garten jardin
    kitchen: kuche cocina
    bathroom: bad badezimmer
    office: buro oficina
    outdoor: draussen
    travel: reise voyage viaje
    gaming: gamer
    digital: numerique
    foldable: faltbar pliable plegable
    adjustable: verstellbar reglable ajustable
    rechargeable: aufladbar wiederaufladbar
    lightweight: leicht leger ligero
    ear: ohr oreille over
    reduction: unterdruckung bruit
    pages: seiten
    natural: naturlich naturel
    organic: bio biologique ecologico
    vegan
    gluten
    free: frei
    work: arbeit travail trabajo
    high: hoch haut alto
    power: leistung puissance
    li
    ion
    fhd
    saver
    pouch
    graphics: grafik graphique grafica
    processor: prozessor processeur procesador
    mainboard: motherboard hauptplatine
    sewing: nah couture coser
    seat: sitz kindersitz autositz siege asiento
    fish: fisch poisson pescado
    flakes: flocken flocons copos flake
    plaster: pflaster pansement tirita
    plug: steckdose stecker prise enchufe socket
    thermostat: thermostate termostato
    doorbell: klingel turklingel sonnette timbre
    micellar: mizellen micellaire micelar
    soy: soja soya
    almond: mandel amande almendra
    hazelnut: haselnuss noisette avellana
    nut: nuss noix nuez nuts nusse
    peanut: erdnuss cacahuete
    coconut: kokos coco kokosnuss
    steam: dampf vapeur vapor
    locomotive: lokomotive lok
    pressurewasher: hochdruckreiniger
    tap: armatur mischbatterie robinet grifo faucet spultischarmatur
    shower: dusche douche ducha brause handbrause
    grater: reibe rape rallador
    electric: elektrisch elektrische electrique electrico
    open: offen offener ouvert abierto
    closed: geschlossen
    sunglasses: sonnenbrille lunettes gafas
    glasses: brille
    figure: figur figurine figura
    horse: pferd cheval caballo reit
    tiger: tigre
    animal: tier animaux animales
    farm: hof bauernhof ferme granja
    slicer: schneider
    scale: waage balance bascula
    lid: deckel couvercle tapa
    mixing: ruhr
    spoon: loffel cuillere cuchara
    fork: gabel fourchette tenedor
    opener: offner
    tray: tablett plateau bandeja
    basket: korb panier cesta
    bin: mulleimer poubelle cubo
    broom: besen balai escoba
    mop: wischmop
    sponge: schwamm eponge esponja
    candle: kerze bougie vela
    vase: jarron
    wallclock: wanduhr horloge
    flower: blume fleur flor blumen
    seeds: samen saatgut graines semillas
    soil: erde blumenerde terreau
    fertiliser: dunger engrais fertilizante fertilizer
    plant: pflanze plante planta
    watering: giess
    wheel: rad roue rueda
    chain: kette chaine cadena
    lock: schloss cadenas candado
    lighter: feuerzeug briquet
    rope: seil corde cuerda
    ladder: leiter echelle escalera
    screw: schraube vis tornillo schrauben screws
    plugs: dubel chevilles tacos
    nail: nagel clou
    wall: wand mur pared
    ceiling: decke plafond techo
    door: tur porte puerta
    window: fenster fenetre ventana
    fishing: angel peche pesca
    swimming: schwimm natation
    football: fussball futbol soccer
    ski: skis esqui
    cycling: radfahren
    insole: einlegesohle
    underwear: unterwasche
    bra: bh soutiengorge sujetador
    pyjamas: schlafanzug pijama
    scarf: schal echarpe bufanda
    umbrella: regenschirm parapluie paraguas
    necklace: halskette collier
    earrings: ohrringe boucles pendientes
    crisps: chips patatas
    pepper: pfeffer poivre pimienta
    spice: gewurz epice especia
    vinegar: essig vinaigre vinagre
    egg: ei oeuf huevo
    potato: kartoffel
    onion: zwiebel oignon cebolla
    garlic: knoblauch ail ajo
    tomato: tomate tomaten
    cherry: kirsche cerise cereza
    apricot: aprikose abricot albaricoque abricots
    raspberry: himbeere framboise frambuesa
    blueberry: heidelbeere blaubeere myrtille
    peach: pfirsich
    banana: banane platano
    ginger: ingwer gingembre jengibre
    sparkling: sprudel gazeuse gas
    still: stilles
    toothpick: zahnstocher
    razor: rasur
    cottonbuds: wattestabchen
    tissue: taschentucher mouchoirs kleenex
    toiletpaper: toilettenpapier
    kitchenroll: kuchenrolle
    binbag: mullbeutel
    dogs: hunde
    cats: katzen
    bird: vogel oiseau pajaro
    leash: leine laisse
    collar: halsband
    lure: koder
    pipettes: pipetten pipette
    highchair: hochstuhl
    pram: kinderwagenaufsatz
    crib: babybett
    rattle: rassel
    rocket: rakete
    robot: roboter
    truck: lkw lastwagen camion
    tractor: traktor tracteur
    crane: kran grue
    castle: burg chateau castillo
    pirate: pirat piraten
    princess: prinzessin princesse princesa
    mermaid: meerjungfrau sirene sirena
    dragon: drache drachen
    dinosaur: dinosaurier dino
    unicorn: einhorn licorne unicornio
    bear: teddybar ours oso teddy"""

# Words by themselves, of whatever language, that come and go in the titles of one and the same product.
USUAL = """
    set pcs stk pack packung packs beutel bags bag dose dosen can cans tin jar tub karton carton box boxes
    schachtel etui tasche squeeze spender dispenser pump sprayer aerosol roll premium quality qualitat qualite
    calidad best beste top super ideal strong stark very tres muy mega grosspackung vorratspack vorteilspack
    sparpack family familienpackung value saver economy pressure schnellkoch work dark dunkel hell tempered
    hardened glas toilet wc track smoke frying brat portion size grosse gr taille talla length lange width
    breite height hohe depth tiefe weight gewicht diameter durchmesser cm approx ca genuine echt original
    imported importiert made authentic echte lizenziert licensed warranty garantie guarantee manufacturer
    hersteller sealed ovp versand shipping delivery lieferung free kostenlos gratis sale angebot offre oferta
    deal bestseller amazon ebay online shop store exclusive exklusiv easy einfach facile facil use nutzung your
    ihr votre su home haus maison casa indoor innen aussen everyday alltag daily taglich universal allzweck
    multipurpose multi purpose household haushalt professional profi heavy duty robust durable langlebig
    stainless rostfrei nonstick antihaft beschichtet coated safe sicher bpa induction induktion suitable
    geeignet ergonomic ergonomisch handle griff manico lid deckel couvercle tapa usb type hdmi nfc gps ip bt edr
    bluetooth wlan ghz rgb backlit beleuchtet touch touchscreen usb-c microusb android ios windows mac chip amd
    intel nvidia geforce ram ssd hdd emmc ddr4 ddr5 fhd uhd hdr hdr10 wqhd qhd ips va amoled lcd led hz refresh
    rate dolby atmos vision feature features technology technologie tech system style look fashion mode casual
    freizeit herbst fruhling spring autumn langarm kurzarm sleeve long short kurz lang neck rundhals crew
    stretch elastic elastisch toddler kind children enfants erwachsene adults unisex jungen madchen boy girl
    boys girls ab years jahren monate months mois meses alter age player players spieler joueurs jugadores
    personen persons flavour flavor geschmack gout sabor aroma scent duft parfumes fragrance odour snack snacks
    nahrung futter aliment alimento nutrition supplement nahrungserganzung erganzung author autor auteur
    herausgeber publisher ausgabe illustrated illustriert roman novel book buch livre libro eau fluid liquid
    flussig liquide foam schaum mousse creme balm balsam ointment salbe powder pulver poudre polvo skin haut
    peau piel care pflege soin cuidado cosmetic kosmetik makeup"""
