"""Plugin archives for Tryton: build, verify, license, install under service mode, run the host.

The vendor's side is `build`, `licence.issue` and `keys.VendorKey`; the server's is `store.Store`,
`install.Installer`, `supervisor.Supervisor` and the processes of `host`. The command `tryton-plugins` is
`cli`.
"""
