#!/usr/bin/env bash
# Bootstrap action of an EMR cluster: install Product-Mart into /opt/mart on every node.
#
#   --bootstrap-actions Path=s3://BUCKET/RELEASE/bootstrap.sh,Args=[s3://BUCKET/RELEASE]
#   spark.pyspark.python=/opt/mart/bin/python   in the cluster's spark-defaults
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
