"""Which offers of different shops are of one product: by GTIN first, then brand and maker's number, then by what titles say.

In: offers (shop, offer_id, title, brand, category, gtin, mpn) and products (product_key, title, brand, category, gtin, mpn), of
which each row is its product's representative. Out: what each rule matches, or the one product of each offer.
An offer joins a product only if it matches the representative itself, so near matches never form a chain.
Products may say in which `shops` (ARRAY<STRING>) they are: a shop's second offer then doesn't join by its title alone.
Either side may come `normalised` already: a job keeps it, as it is what costs. docs/matching.md says what happens when there is much.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from mart.views.comparing import CODE, as_many, judged
from mart.views.titles import COMPARED, normalised
from mart.views.words import stem, weight

__all__ = ["assign", "normalised", "pairs", "product_key"]

FOUNDER = "founder"  # beside the rules gtin, mpn and title, of which the surer comes first in the alphabet too

HEADS = 40  # members of a block that the others are compared with: a large block costs a multiple of its size, not the square
TELLING = 6  # words of a title that lead to blocks, two at a time
ROUNDS = 4  # of the election; an offer still undecided after them founds a product of its own

_FOUNDED, _JOINED, _OPEN = "founded", "joined", "open"


Keep = Callable[[DataFrame], DataFrame]


def _as_it_is(rows: DataFrame) -> DataFrame:
    return rows


def product_key(shop: str, offer_id: str) -> Column:
    """Name the product that an offer founds."""
    return F.left(F.sha2(F.concat(shop, F.lit("\u001f"), offer_id), 256), F.lit(32))


def pairs(offers: DataFrame, products: DataFrame) -> DataFrame:
    """List every match of an offer with a product's representative, once a rule: shop, offer_id, product_key, rule, score."""
    new, known = _offers(offers), _products(products)
    same = new.alias("new").join(known.alias("known"), how="inner", on=F.expr("new.said.gtin = known.said.gtin"))
    same = same.where(as_many(F.col("new.said"), F.col("known.said")))
    numbered = same.selectExpr("new.node", "known.node AS head", "'gtin' AS rule", "1D AS score")
    near = judged(_described(_candidates(_blocks(new), _blocks(known)), new, known), rules=2)
    both = numbered.unionByName(near.select("node", "head", "rule", "score"))
    named = new.select("node", "shop", "offer_id").join(both, how="inner", on="node")
    return named.select("shop", "offer_id", F.col("head").alias("product_key"), "rule", "score")


def assign(offers: DataFrame, products: DataFrame, keep: Keep = _as_it_is) -> DataFrame:
    """Give every offer its product, a known one or one that an offer among them founds: shop, offer_id, product_key, rule.

    The rule of a founder is `founder`. Who founds does not depend on the order or the partitions of the rows. A job may
    `keep` what is read several times: Spark plans it once then, not once for each reader, which is most of a small run.
    """
    nodes = keep(_led(_offers(offers).unionByName(_products(products))))
    leading = nodes.where("known = (shop IS NULL) AND node = leader")
    chosen = _elected(keep(_allowed(_edges(leading)))).withColumnRenamed("node", "leader")
    own = F.col("node") == F.col("leader")
    rule = F.when(own, F.coalesce("rule", F.lit(FOUNDER))).otherwise(F.lit("gtin"))
    made = nodes.where(F.col("shop").isNotNull()).join(chosen, how="left", on="leader")
    return made.select("shop", "offer_id", F.coalesce("founder", "leader").alias("product_key"), rule.alias("rule"))


_NODE = ("node", "place", "shop", "offer_id", "shops", "said")


def _offers(offers: DataFrame) -> DataFrame:
    """Describe offers as nodes: node (the product that it would found), place (in the order of founding), shop, offer_id, said.

    The better described come first, so that they represent.
    """
    sure = F.when(F.col("gtin").isNotNull(), "1").when(F.col("part").isNotNull(), "2").otherwise("3")
    made = normalised(offers).withColumn("node", product_key("shop", "offer_id"))
    described = {"place": F.concat(sure, "node"), "shops": F.array("shop"), "said": F.struct(*COMPARED)}
    return made.withColumns(described).select(*_NODE)


def _products(products: DataFrame) -> DataFrame:
    """Describe products as nodes, which come before every offer."""
    made = normalised(products).withColumn("node", F.col("product_key"))
    nobody = F.lit(None).cast("string")
    shops = F.col("shops") if "shops" in products.columns else F.array(nobody)
    described = {"place": F.concat(F.lit("0"), "node"), "shop": nobody, "offer_id": nobody, "shops": shops}
    return made.withColumns(described | {"said": F.struct(*COMPARED)}).select(*_NODE)


def _led(nodes: DataFrame) -> DataFrame:
    """Add `known`, and the `leader` of each: the first of its GTIN, which alone is compared with the rest.

    Sellers give a lot of ten the number of the single piece: who sells another number than the first leads himself.
    An offer that has founded a known product is that product.
    """
    same_node = Window.partitionBy("node")
    same_number = Window.partitionBy(F.coalesce(F.col("said")["gtin"], F.col("node")))
    known = nodes.withColumn("known", F.max(F.col("shop").isNull()).over(same_node))
    counted = F.struct(F.col("said")["figures"].alias("figures"), F.col("said")["packed"].alias("packed"))
    first = known.withColumn("first", F.min(F.struct("place", "node", counted.alias("said"))).over(same_number))
    led = ~F.col("known") & as_many(F.col("said"), F.col("first")["said"])
    return first.withColumn("leader", F.when(led, F.col("first")["node"]).otherwise(F.col("node"))).drop("first")


def _blocks(nodes: DataFrame) -> DataFrame:
    """List the blocks that a node is in: its codes and its maker's number, and its most telling words, two at a time."""
    said = F.col("said")
    codes = F.filter(said["grams"]["gram"], lambda gram: gram.rlike(CODE) & (F.length(gram) >= 5))
    part = F.filter(F.array(F.lower(said["part"])), lambda one: one.isNotNull())
    keys = F.array_distinct(F.concat(codes, part, _word_pairs(said)))
    return nodes.select("node", "place", F.explode(keys).alias("block"))


def _word_pairs(said: Column) -> Column:
    ranked = F.transform(
        F.array_except(said["words"], said["named"]),
        lambda word: F.struct(-weight(word).alias("least"), -F.length(word), stem(word).alias("word")),
    )
    telling = F.slice(F.array_sort(ranked), 1, TELLING)["word"]
    brand = F.when(F.size(said["named"]) > 0, F.array(stem(F.array_join(said["named"], "")))).otherwise(F.array())
    words = F.array_sort(F.array_union(telling, brand.cast("array<string>")))
    both = F.transform(
        words, lambda a: F.transform(F.filter(words, lambda b: b > a), lambda b: F.concat(a, F.lit("|"), b))
    )
    return F.flatten(both)


def _candidates(blocks: DataFrame, others: DataFrame) -> DataFrame:
    """Pair each node with the first HEADS of the others in its blocks that come before it: node, head.

    Each task keeps only the first of its share of a block before anything is shuffled, so no block is too large.
    """
    turn = F.row_number().over(Window.partitionBy("block").orderBy("place"))
    heads = others.withColumn("turn", turn).where(F.col("turn") <= HEADS)
    first = heads.select("block", F.col("node").alias("head"), F.col("place").alias("head_place"))
    met = blocks.where(~F.col("place").startswith("0")).join(first, how="inner", on="block")
    return met.where("head_place < place").select("node", "head").distinct()


def _described(candidates: DataFrame, nodes: DataFrame, others: DataFrame) -> DataFrame:
    """Add what each of the two says, its place and its shop."""
    mine = nodes.select("node", "place", "shop", F.col("said").alias("one"))
    theirs = others.selectExpr("node AS head", "place AS head_place", "shops AS head_shops", "said AS other")
    return candidates.join(mine, how="inner", on="node").join(theirs, how="inner", on="head")


def _edges(nodes: DataFrame) -> DataFrame:
    """Match what is near, each pair once by its surest rule."""
    blocks = _blocks(nodes)
    found = judged(_described(_candidates(blocks, blocks), nodes, nodes))
    return found.select(
        *("node", "place", "shop", "head", "head_place", "head_shops", "rule", "score"),
        F.col("one")["gtin"].alias("gtin"),
        F.col("other")["gtin"].alias("head_gtin"),
    )


def _allowed(edges: DataFrame) -> DataFrame:
    """Drop what can't be: a head takes offers of one GTIN only, and by title alone one offer of a shop, the best.

    Dropped first is what is worse than a known product that the offer matches: it will not be chosen.
    """
    better = F.struct("rule", -F.col("score"), "head_place")
    known = F.min(F.when(F.col("head_place").startswith("0"), better)).over(Window.partitionBy("node"))
    useful = edges.withColumn("known", known).where(F.coalesce(better <= F.col("known"), F.lit(True)))
    best = Window.partitionBy("head").orderBy("rule", F.desc("score"), "gtin", "place")
    numbered = F.when(F.col("head_gtin").isNull(), F.col("gtin"))
    whole = best.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    one_number = useful.withColumn("first", F.first(numbered, ignorenulls=True).over(whole))
    kept = one_number.where(F.coalesce(F.col("gtin") == F.col("first"), F.lit(True)))
    turn = F.row_number().over(Window.partitionBy("head", "shop").orderBy("rule", F.desc("score"), "place"))
    again = (F.col("rule") == "title") & (
        (F.col("turn") > 1) | F.coalesce(F.array_contains("head_shops", F.col("shop")), F.lit(False))
    )
    return kept.withColumn("turn", turn).where(~again).select("node", "place", "head", "head_place", "rule", "score")


def _elected(edges: DataFrame) -> DataFrame:
    """Choose the founder that each node joins: node, founder, rule; nodes that found are left out.

    In order of their places a node founds unless it matches an earlier founder. That is found in ROUNDS steps over the same rows,
    which hold each match both ways: each node decides by its earlier neighbours, then tells the later ones.
    """
    mine, pair = Window.partitionBy("node"), Window.partitionBy(F.least("node", "head"), F.greatest("node", "head"))
    earlier = F.col("head_place") < F.col("place")
    turned = edges.selectExpr(
        "head AS node", "head_place AS place", "node AS head", "place AS head_place", "rule", "score"
    )
    states = edges.unionByName(turned).withColumn("theirs", F.lit(_OPEN))
    for _ in range(ROUNDS):
        founded = F.max(earlier & (F.col("theirs") == _FOUNDED)).over(mine)
        waits = F.max(earlier & (F.col("theirs") == _OPEN)).over(mine)
        state = F.when(founded, F.lit(_JOINED)).when(waits, F.lit(_OPEN)).otherwise(F.lit(_FOUNDED))
        told = F.coalesce(F.lag("mine").over(pair.orderBy("node")), F.lead("mine").over(pair.orderBy("node")))
        states = states.withColumn("mine", state).withColumn("theirs", told)
    joining = states.where((F.col("mine") == _JOINED) & earlier & (F.col("theirs") != _JOINED))
    best = F.min_by(F.struct(F.col("head").alias("founder"), "rule"), F.struct("rule", -F.col("score"), "head_place"))
    return joining.groupBy("node").agg(best.alias("best")).select("node", "best.founder", "best.rule")
