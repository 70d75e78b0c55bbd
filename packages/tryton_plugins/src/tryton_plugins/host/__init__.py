"""The host: Tryton's processes with the installed plugins in front of the environment's packages."""
