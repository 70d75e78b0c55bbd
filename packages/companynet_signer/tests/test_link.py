"""The link and the origin it names are read to the letter."""

import pytest

from companynet_signer.errors import LinkRefused
from companynet_signer.language import say
from companynet_signer.link import Link
from companynet_signer.origin import Origin

CODE = "mX0mYxuhqUZrkVQ3Tfs7VhLeAFa8YPvAYbpQw1mGbVA"
SERVER = "https%3A%2F%2Ferp.example"
RIGHT = f"mbanksign://sign?v=1&server={SERVER}&database=alfa&code={CODE}"


@pytest.mark.parametrize("url", [RIGHT, RIGHT.replace("sign?", "sign/?")])
def test_a_right_link_is_read(url) -> None:
    """Some browsers put a slash before the question mark."""
    link = Link.parse(url)
    assert (str(link.server), link.database, link.code.reveal()) == ("https://erp.example", "alfa", CODE)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("", "link_wrong"),
        ("https://erp.example/", "link_wrong"),
        (RIGHT.replace("mbanksign", "MBANKSIGN"), "link_wrong"),
        (RIGHT.replace("//sign", "//sing"), "link_wrong"),
        (RIGHT.replace("//sign", "//user@sign"), "link_wrong"),
        (RIGHT + "\n", "link_wrong"),
        (RIGHT + "#x y", "link_wrong"),
        (RIGHT + "&note=" + "x" * 2048, "link_wrong"),
        (RIGHT.replace("&", "&&"), "link_wrong"),
        (RIGHT.replace("alfa", "%ff"), "link_wrong"),
        (RIGHT.replace("v=1", "v=2"), "link_version"),
        (RIGHT.replace("v=1", "v="), "link_version"),
        (RIGHT.replace("v=1&", ""), "link_version"),
        (RIGHT + "&note=x", "link_parameters"),
        (RIGHT + "&v=1", "link_parameters"),
        (RIGHT + f"&server={SERVER}", "link_parameters"),
        (RIGHT.replace("&database=alfa", ""), "link_parameters"),
        (RIGHT[:-1], "link_code"),
        (RIGHT + "A", "link_code"),
        (RIGHT + "#", "link_code"),
        # The last letter has two bits too many.
        (RIGHT[:-1] + "B", "link_code"),
        (RIGHT.replace("mX0", "m%2B0"), "link_code"),
        (RIGHT.replace("alfa", "..%2Fx"), "link_database"),
        (RIGHT.replace("alfa", "..."), "link_database"),
        (RIGHT.replace("database=alfa", "database="), "link_database"),
        (RIGHT.replace("alfa", "a" * 64), "link_database"),
        (RIGHT.replace("https", "ftp"), "server_wrong"),
        (RIGHT.replace("https", "http"), "server_plain"),
    ],
)
def test_a_link_that_is_not_right_is_refused_with_a_sentence(url, key) -> None:
    with pytest.raises(LinkRefused) as caught:
        Link.parse(url)
    assert caught.value.sentence.key == key
    assert CODE not in f"{caught.value!r} {caught.value}"
    assert caught.value.__context__ is None


def test_the_code_shows_nowhere() -> None:
    assert CODE not in repr(Link.parse(RIGHT))


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://ERP.Example", "https://erp.example"),
        ("https://erp.example:443", "https://erp.example"),
        ("https://erp.example:8443", "https://erp.example:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[0:0:0:0:0:0:0:1]:8000", "http://[::1]:8000"),
        ("https://żółw.example", "https://xn--w-uga1v8h.example"),
    ],
)
def test_an_origin_has_one_form(text, origin) -> None:
    assert str(Origin.parse(text)) == origin
    assert str(Origin.parse(origin)) == origin


@pytest.mark.parametrize(
    "text",
    [
        "https://erp.example/",
        "https://erp.example/path",
        "https://erp.example?x",
        "https://user@erp.example",
        "https://user:pass@erp.example",
        "https://",
        "https://erp..example",
        "https://-erp.example",
        "https://erp.example:0x50",
        "https://erp.example:99999",
        "https://erp.exa mple",
        "https://erp.example\\@evil.example",
        "https://erp.example%2f",
        "https://erp\u2024example",
        "https://erp.example\u202e",
        "https://2130706433",
        "https://0x7f.0x1",
        "https://127.1",
        "https://[::1",
        "http://erp.example",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://[::ffff:10.0.0.1]",
    ],
)
def test_what_is_no_origin_or_leaves_the_machine_in_the_clear_is_refused(text) -> None:
    with pytest.raises(LinkRefused):
        Origin.parse(text)


def test_a_host_that_imitates_another_is_shown_in_both_forms() -> None:
    """The Cyrillic letter looks like the Latin one; the form with xn-- comes first."""
    shown = say(Origin.parse("https://mb\u0430nk.example").shown, "pl")
    assert shown.startswith("https://xn--mbnk-63d.example (w zapisie narodowym: mb\u0430nk.example")


def test_a_name_written_from_the_right_is_shown_in_one_form() -> None:
    """It would turn the order of what stands around it."""
    shown = say(Origin.parse("https://xn--4dbrk0ce.example").shown, "pl")
    assert shown == "https://xn--4dbrk0ce.example"
