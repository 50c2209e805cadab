"""Ports of a test network are free, and stay those of a node that is down for a while."""

import os
import socket

import pytest

from network.testnet import ports
from network.testnet.ports import HOST, free_ports

FIRST, END = 32_760, 32_766


@pytest.fixture(autouse=True)
def few(monkeypatch, tmp_path):
    """Six ports, and a turn of their own."""
    monkeypatch.setattr(ports, "_LOWEST", FIRST)
    monkeypatch.setattr(ports, "_first_outgoing", lambda: END)
    monkeypatch.setattr(ports.tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path / f"packtrail-ports-{os.getuid()}"


def test_a_port_is_given_out_once():
    found = free_ports(2, {32_760, 32_762})
    assert len(set(found)) == 2
    assert not {32_760, 32_762} & set(found)
    with pytest.raises(OSError, match="5 ports were wanted"):
        free_ports(5, {32_760, 32_762})


def test_a_port_comes_again_after_all_the_others():
    begun = [free_ports(1)[0] for _ in range(END - FIRST)]
    assert set(begun) == set(range(FIRST, END))
    assert free_ports(2) == begun[:2]
    assert sorted(free_ports(END - FIRST)) == list(range(FIRST, END))


def test_a_port_in_use_is_passed_over():
    (next_one,) = free_ports(1)
    with socket.socket() as taken:
        after = FIRST + (next_one + 1 - FIRST) % (END - FIRST)
        taken.bind((HOST, after))
        assert after not in free_ports(END - FIRST - 1)
        with pytest.raises(OSError, match=r"^6 ports were wanted on 127\.0\.0\.1, 5 of 6 tried are free$"):
            free_ports(END - FIRST)


@pytest.mark.parametrize("kept", [b"", b"99999", b"xyz", b"-1", b"1" * 5_000])
def test_whatever_the_file_says_ports_are_found(few, kept):
    few.write_bytes(kept)
    (port,) = free_ports(1)
    assert port in range(FIRST, END)
    assert free_ports(1) != [port]


def test_without_a_file_of_its_own_it_begins_anywhere(few, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    few.symlink_to(elsewhere)
    assert len(free_ports(2)) == 2
    assert elsewhere.read_bytes() == b"mine"
