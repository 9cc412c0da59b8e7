"""The dashboard: what the serving tables say, in a browser, a page a file; no Spark.

`reading` asks the lake, mart.charts draws, `elements` lays out; every other module is a page.
"""
