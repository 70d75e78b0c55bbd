"""Secrets of the person: from the terminal without echo, a file, or a descriptor; never the value of an argument."""

import argparse
import getpass
import os
import sys
from pathlib import Path

from companynet.domain.session import Secret

_LONGEST = 4096


class SecretMissing(Exception):
    """There is no secret to be had; the text says how to give it."""


def add_secret(parser: argparse.ArgumentParser, name: str, what: str) -> None:
    """Add ``--NAME-file`` and ``--NAME-fd``; without them the terminal asks."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(f"--{name}-file", metavar="FILE", help=f"file whose first line is {what}")
    group.add_argument(f"--{name}-fd", type=int, metavar="N", help=f"open file descriptor whose first line is {what}")


def read_secret(arguments: argparse.Namespace, name: str, prompt: str) -> Secret:
    """The secret of :func:`add_secret`.

    Raises:
        SecretMissing: file or descriptor cannot be read or is empty, or there is no terminal to ask on.
    """
    file, descriptor = getattr(arguments, f"{name}_file"), getattr(arguments, f"{name}_fd")
    if file is None and descriptor is None:
        return _ask(name, prompt)
    place = f"--{name}-file {file}" if file is not None else f"--{name}-fd {descriptor}"
    problem = ""
    data = b""
    try:
        data = Path(file).read_bytes() if file is not None else _read_descriptor(descriptor)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    text = ""
    try:
        text = data.partition(b"\n")[0].rstrip(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        problem = "its first line is not UTF-8"
    if not (problem or text):
        problem = "its first line is empty"
    if problem:
        raise SecretMissing(f"{place}: {problem}")
    return Secret(text)


def _read_descriptor(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.readline(_LONGEST)


def _ask(name: str, prompt: str) -> Secret:
    if not sys.stdin.isatty():
        raise SecretMissing(f"there is no terminal to ask on: give --{name}-file or --{name}-fd")
    text = getpass.getpass(f"{prompt}: ")
    if not text:
        raise SecretMissing(f"no {name} was given")
    return Secret(text)
