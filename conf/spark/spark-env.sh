#!/usr/bin/env bash
# Sourced by Spark's own launch scripts.

# One BLAS thread per task: ALS solves many small systems side by side, and threads of their own halve its speed.
export OPENBLAS_NUM_THREADS=1

# Everything stays on loopback, whatever the machine's host name resolves to.
export SPARK_LOCAL_IP=127.0.0.1
