from tests.testing.coredns.world import KUBERNETES, answer, cluster, outcome


def test_file_serves_a_zone_and_root_says_where_files_are(tmp_path):
    (tmp_path / "db.corp").write_text("@ 60 SOA ns admin 1 2 3 4 5\nwiki 60 A 192.0.2.3\n")
    made = cluster(f"root {tmp_path}", KUBERNETES, "file db.corp corp.example {\n fallthrough x.corp.example\n}")
    assert answer(made, "wiki.corp.example.") == ["wiki.corp.example. 60 A 192.0.2.3"]
    assert outcome(made, "y.corp.example.") == "NXDOMAIN"
    assert outcome(made, "a.x.corp.example.") == "SERVFAIL"  # fell through, and there is nothing behind
    assert outcome(made, "example.com.") == "REFUSED"
    assert outcome(cluster("file none corp.example"), "wiki.corp.example.") == "SERVFAIL"
