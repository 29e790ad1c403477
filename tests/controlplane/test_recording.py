import json

from tests.controlplane import recording

WHOLE = recording.read(recording.GOLDEN)


def test_a_recording_is_read_as_it_was_written(tmp_path):
    recording.write(tmp_path / "new", WHOLE)
    assert recording.read(tmp_path / "new") == WHOLE


def test_what_is_sent_has_no_outcome():
    sent = recording.inputs(WHOLE)
    assert [len(sent[name]) for name in recording.LISTS] == [484, 67, 40, 35]
    assert not {"accepted", "code", "causes", "stored"} & {key for row in sent["cases"] for key in row}
    assert not {"pods", "slices", "answers"} & {key for name in recording.WORLDS for row in sent[name] for key in row}


def test_names_with_an_address_or_a_random_end_are_not_asked_again():
    [world] = [world for world in WHOLE["worlds"] if world["id"] == "deployment"]
    kept = {row["q"] for row in world["answers"] if recording.is_same_anywhere(row["q"], world)}
    assert kept == {
        "web.deployment.svc.cluster.local.",
        "_http._tcp.web.deployment.svc.cluster.local.",
        "_80._tcp.web.deployment.svc.cluster.local.",
    }
    assert json.dumps(world).count("arpa") > 0
