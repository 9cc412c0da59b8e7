"""What Spark is told on a cluster: of conf/spark what is about our jobs, and not about the machine.

Out: properties. Memory, cores and partitions are the cluster's own matter; Spark adapts partitions there.
"""

SPARK = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    # A live micro-batch runs about 300 generated classes; the default keeps 100 and compiles the others each time.
    "spark.sql.codegen.cache.maxEntries": "2000",
    # Sketches are gathered in memory up to this many keys, then sorted; the default of 128 sorts nearly always.
    "spark.sql.objectHashAggregate.sortBased.fallbackThreshold": "10000",
}
# One BLAS thread per task: ALS solves many small systems side by side.
WORKERS = {"spark.executorEnv.OPENBLAS_NUM_THREADS": "1"}

# Delta as EMR brings it, which is not on the class path by itself.
DELTA = ("/usr/share/aws/delta/lib/delta-spark.jar", "/usr/share/aws/delta/lib/delta-storage.jar")
EMR_RELEASE = "emr-spark-8.1.0"
GLUE_RELEASE = "6.0"
LINE = "4.1."  # the Spark that our wheels and jars are for
