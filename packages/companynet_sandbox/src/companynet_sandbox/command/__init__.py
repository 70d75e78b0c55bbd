"""What the command ``companynet-sandbox`` does, the running bank too; :mod:`companynet_sandbox.cli` has its options.

May know every room but ``testing``.
"""
