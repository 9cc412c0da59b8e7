#!/usr/bin/env bash
# Bootstrap action of an EMR cluster: install Product-Mart into /opt/mart on every node.
#
#   --bootstrap-actions Path=s3://BUCKET/RELEASE/bootstrap.sh,Args=[s3://BUCKET/RELEASE]
#   in the cluster's spark-defaults:
#     spark.pyspark.python=/opt/mart/bin/python
#     spark.sql.codegen.cache.maxEntries=2000   a live micro-batch runs 300 generated classes, the default keeps 100
#
# RELEASE holds wheels/: ours and all that it requires, in the versions of requirements.lock, so that a node needs no
# package registry. Spark stays the cluster's; delta-spark is Delta's Python face alone, its jar is the cluster's too.
set -euo pipefail

release=${1:?usage: bootstrap.sh s3://BUCKET/RELEASE}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

aws s3 cp --recursive --only-show-errors "$release/wheels" "$work"
sudo "${MART_PYTHON:-python3}" -m venv /opt/mart
sudo /opt/mart/bin/pip install --quiet --no-index --find-links "$work" product-mart
sudo /opt/mart/bin/pip install --quiet --no-index --find-links "$work" --no-deps delta-spark
