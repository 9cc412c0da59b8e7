"""A small shop to click through: the storefront of the demo, a client of the HTTP service like any shop's own pages.

In: the service's address and a key that may read. Out: pages whose lists come from the service and whose acts go there by
tracker.js. It knows nothing of lake, topic or models.
"""
