#!/usr/bin/env bash
# Bootstrap action of an EMR cluster: install Product-Mart into /opt/mart on every node.
#
#   --bootstrap-actions Path=s3://BUCKET/RELEASE/emr/bootstrap.sh,Args=[s3://BUCKET/RELEASE/emr]
#
# `mart package --target emr --to s3://BUCKET/RELEASE` fills the folder: wheels/ holds ours and all that it requires, in
# the versions of requirements.lock and for Python 3.11, so that a node needs no package registry. Spark stays the
# cluster's; delta-spark is Delta's Python face alone, its jar is the cluster's too. `mart submit` tells Spark of /opt/mart.
set -euo pipefail

release=${1:?usage: bootstrap.sh s3://BUCKET/RELEASE/emr}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for part in wheels jobs conf; do
  aws s3 cp --recursive --only-show-errors "$release/$part" "$work/$part"
done
sudo "${MART_PYTHON:-python3.11}" -m venv /opt/mart
sudo /opt/mart/bin/pip install --quiet --no-index --find-links "$work/wheels" product-mart
sudo /opt/mart/bin/pip install --quiet --no-index --find-links "$work/wheels" --no-deps delta-spark
# Beside the code: `mart run` finds jobs there, and settings the shops.
sudo cp -R "$work/jobs" "$work/conf" /opt/mart
