"""The control plane: JSON and a page for what happens at the bank beside the web service, and a look into its books.

Of the other rooms it knows ``bank``, ``access``, ``customers`` (for its examples), ``accounts``, ``formats`` and
``books``; it does not know ``service``.
"""
