"""A profile is data: what a customer writes wrong is named with its value."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from companynet.errors import ProfileError
from companynet.profile import DEFAULT_FAULT_CODES, PRESET_ENDPOINTS, BankProfile


def write(folder: Path, **values: object) -> Path:
    path = folder / "bank.json"
    path.write_text(json.dumps({"endpoint": "https://bank.example/ws"} | values), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"poll_limit": "20"}, "poll_limit is not a whole number: '20'"),
        ({"poll_limit": 1.5}, "poll_limit is not a whole number: 1.5"),
        ({"poll_limit": True}, "poll_limit is not a whole number: True"),
        ({"poll_limit": 0}, "poll_limit is 0: it must be more than 0"),
        ({"poll_interval": -1}, "poll_interval is -1"),
        ({"poll_factor": 0.5}, "poll_factor is 0.5"),
        ({"read_timeout": "60"}, "read_timeout is not a number: '60'"),
        ({"signature_footer": "yes"}, "signature_footer is not true or false: 'yes'"),
        ({"language": None}, "language is not text: None"),
        ({"wsdl": 5}, "wsdl is not text: 5"),
        ({"report_content": "zip"}, "report_content is 'zip'"),
        ({"fault_codes": ["a"]}, "fault_codes is not an object of texts or nulls"),
        ({"fault_codes": {"E-1": 7}}, "fault_codes is not an object of texts or nulls"),
        ({"fault_codes": {"THROTLED": None}}, "fault_codes takes away what is not there: THROTLED"),
        ({"final_status_keys": "REALIZED"}, "final_status_keys is not a list of texts: 'REALIZED'"),
        ({"final_status_keys": ["DONE", ""]}, "final_status_keys is not a list of texts"),
        ({"executed_status_keys": ["PAID"]}, "executed_status_keys names PAID, which final_status_keys has not"),
        ({"endpont": "x"}, "unknown settings: endpont"),
        ({"endpoint": ""}, "no endpoint"),
        ({"endpoint": "bank.example/ws"}, "endpoint is 'bank.example/ws': it must be such as https://"),
        ({"endpoint": "ftp://bank.example/ws"}, "it must be such as https://"),
        ({"endpoint": "https:///ws"}, "it must be such as https://"),
        ({"endpoint": "https://bank.example:port/ws"}, "it must be such as https://"),
        ({"endpoint": "https://user:secret@bank.example/ws"}, "endpoint holds credentials"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_file(
    tmp_path: Path, values: dict[str, object], words: str
) -> None:
    path = write(tmp_path, **values)
    with pytest.raises(ProfileError) as caught:
        BankProfile.load(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")


def test_fault_codes_are_changed_one_by_one(tmp_path: Path) -> None:
    """A code is added, one gets another class, one is taken away; the others of the default table stay."""
    changes = {"901": "SessionInvalid", "DIK_REFUSED": "PermissionRefused", "THROTTLED": None}
    codes = BankProfile.load(write(tmp_path, fault_codes=changes)).all_fault_codes
    assert (codes["901"], codes["DIK_REFUSED"]) == ("SessionInvalid", "PermissionRefused")
    assert set(codes) == set(DEFAULT_FAULT_CODES) - {"THROTTLED"} | {"901"}
    assert all(codes[code] == name for code, name in DEFAULT_FAULT_CODES.items() if code not in changes)
    assert BankProfile(endpoint="http://127.0.0.1:1/").all_fault_codes == DEFAULT_FAULT_CODES


def test_the_banks_endpoints_are_chosen_and_never_a_default() -> None:
    """A program that names no endpoint calls nobody; those offered are the bank's own hosts, over TLS."""
    with pytest.raises(ProfileError, match="no endpoint"):
        BankProfile.from_mapping({})
    hosts = {name: urlsplit(url).hostname for name, url in PRESET_ENDPOINTS.items()}
    assert hosts == {"test": "www.companynet-test.ebre.pl", "production": "ws.companynet.mbank.pl"}
    assert {urlsplit(url).scheme for url in PRESET_ENDPOINTS.values()} == {"https"}
    assert {urlsplit(url).path.rpartition("/")[2] for url in PRESET_ENDPOINTS.values()} == {"IBREService_v1_0"}


def test_paths_are_taken_from_the_folder_of_the_profile(tmp_path: Path) -> None:
    profile = BankProfile.load(write(tmp_path, wsdl="own/bank.wsdl", ca_file=str(tmp_path / "roots.pem")))
    assert profile.wsdl == tmp_path / "own" / "bank.wsdl"
    assert profile.ca_file == tmp_path / "roots.pem"


def test_whole_numbers_are_numbers_too(tmp_path: Path) -> None:
    assert BankProfile.load(write(tmp_path, read_timeout=5)).read_timeout == 5


@pytest.mark.parametrize("content", ["[]", "{", "\udcff"])
def test_a_file_that_is_no_profile_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bank.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ProfileError, match=r"bank\.json"):
        BankProfile.load(path)


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"absent\.json: No such file"):
        BankProfile.load(tmp_path / "absent.json")
