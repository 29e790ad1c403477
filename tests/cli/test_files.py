import pathlib

import pytest

from k8sresolve import ConfigError
from k8sresolve.cli.files import write_whole


def test_a_text_takes_the_place_of_a_file(tmp_path):
    path = tmp_path / "report"
    path.write_text("before, and longer")
    write_whole(str(path), "after \ud800\n")
    assert path.read_text() == "after \\ud800\n"
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").write_text("")
    (tmp_path / "link").symlink_to("real")
    write_whole(str(tmp_path / "link"), "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "report"
    path.write_text("before")

    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ConfigError, match="cannot be written: No space left on device"):
        write_whole(str(path), "after")
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_a_device_is_written_to_and_not_replaced():
    write_whole("/dev/null", "x")
    assert pathlib.Path("/dev/null").is_char_device()


@pytest.mark.parametrize("path", ["/nowhere/report", "/", "a\0b", "x" * 300])
def test_a_place_that_is_none_is_an_error(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="cannot be written"):
        write_whole(path, "x")
    assert [each.name for each in tmp_path.iterdir()] == []
