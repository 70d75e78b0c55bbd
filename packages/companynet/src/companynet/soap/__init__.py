"""SOAP 1.1 over HTTPS: transport, hardened XML, contract checks, faults and the one place that makes a call.

No exception of zeep, requests, urllib3 or lxml leaves this package.
"""
