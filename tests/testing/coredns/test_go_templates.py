"""Go's text templates: expected values follow the documentation of text/template and fmt."""

import contextlib

import pytest

from k8sresolve.testing.coredns.go_syntax import NotModelled, TemplateError
from k8sresolve.testing.coredns.go_templates import Template
from tests.effort import cpu_seconds

FIELDS = {
    "Name": "a.b.",
    "Match": ["a.b.", "a"],
    "Group": {"x": "ff"},
    "Question": {"Qtype": 28},
    "Meta": lambda name: f"<{name}>",
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("{{.Name}} A", "a.b. A"),
        ("{{ .Group.x }}{{ .Group.none }}", "ff<no value>"),
        ("{{ index .Match 1 }}", "a"),
        ("{{ (index .Match 1) }}", "a"),
        ('{{ index .Group "x" }}', "ff"),
        ("{{ .Question.Qtype }}", "28"),
        ('{{ .Meta "a/b" }}', "<a/b>"),
        ("x {{- .Name -}} y", "xa.b.y"),
        ("a{{/* nothing */}}b", "ab"),
        ("{{ parseInt .Group.x 16 8 }}", "255"),
        ('{{ printf "%d-%s-%02x-%%" 7 "s" 10 }}', "7-s-0a-%"),
        ('{{ .Name | printf "%s!" }}', "a.b.!"),
        ("{{ printf `%s` `raw\\n` }}", "raw\\n"),
        ('{{ if eq .Name "a.b." }}yes{{ else }}no{{ end }}', "yes"),
        ("{{ if ne .Name .Name }}yes{{ else if gt (len .Match) 1 }}two{{ else }}no{{ end }}", "two"),
        ("{{ if and true (not false) }}1{{ end }}{{ if or false false }}2{{ end }}", "1"),
        ("{{ eq 1 2 1 }}", "true"),
        ("{{ range .Match }}<{{ . }}>{{ end }}", "<a.b.><a>"),
        ("{{ range $i, $m := .Match }}{{ $i }}{{ $m }} {{ end }}", "0a.b. 1a "),
        ("{{ range $k, $v := .Group }}{{ $k }}={{ $v }}{{ end }}", "x=ff"),
        ("{{ range 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "02"),
        ("{{ range .Match }}{{ . }}{{ break }}{{ end }}", "a.b."),
        ("{{ range .Group.none }}{{ else }}none{{ end }}", "none"),
        ("{{ with .Group.none }}x{{ else with .Name }}{{ . }} {{ $.Question.Qtype }}{{ end }}", "a.b. 28"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}", "32"),
        ("{{ if .Group.none }}yes{{ else }}no{{ end }}", "no"),
        ("{{if(true)}}yes{{end}}", "yes"),
        ("{{ .Match }} {{ .Group }}", "[a.b. a] map[x:ff]"),
        ("{{ print 1 2 `x` 3 }}", "1 2x3"),
        ("{{ println 1 `x` }}", "1 x\n"),
        ("{{ slice .Name 1 3 }}{{ slice .Match 1 }}", ".b[a]"),
        ("{{ index .Name 0 }}", "97"),
        ("{{ or 1 (index .Match 9) }}{{ and 0 (index .Match 9) (eq 1 `1`) }}", "10"),
        ("{{ .Name | or false }}{{ and true 2 | printf `%d` }}", "a.b.2"),
        ("{{ eq .Group.none `` }}{{ ne .Group.none nil }}{{ eq .Group.none nil }}", "falsefalsetrue"),
        ("{{ printf `%d` `a` 1 true }}", "%!d(string=a)%!(EXTRA int=1, bool=true)"),
        ("{{ printf `%s %t %x %q` 1 true `az` `a` }}", '%!s(int=1) true 617a "a"'),
        ("{{ printf `%3s|%v` .Match .Group }}{{ print .Group.none }}", "[a.b.   a]|map[x:ff]<nil>"),
        ("{{ html `<a&b>` }}", "&lt;a&amp;b&gt;"),
        ("{{ urlquery `a b/c~` }}", "a+b%2Fc~"),
    ],
)
def test_templates_are_filled(text, filled):
    assert Template(text).fill(FIELDS) == filled


@pytest.mark.parametrize(
    "text",
    [
        *("{{ .Name", "{{ }}", "{{ end }}", "{{ if .Name }}", "{{ nofunction }}", '{{ "a }}', "{{ (index .Match 1 }}"),
        *("{{ $x }}", "{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", "{{ $x, $y := .Match }}"),
        *("{{ break }}", "{{ if true }}{{ else with true }}{{ end }}", "{{ range }}{{ end }}"),
        *("{{ .Name | `a` }}", "{{ .Name | true }}", "{{ print 1 | . }}"),
    ],
)
def test_what_is_no_template_is_refused(text):
    with pytest.raises(TemplateError):
        Template(text)


@pytest.mark.parametrize(
    "text",
    [
        *("{{ .Nome }}", "{{ index .Match 9 }}", "{{ parseInt .Name 10 8 }}", "{{ .Name 1 }}", "{{ .Name.X }}"),
        *("{{ $x = 1 }}", "{{ $x := $x }}", "{{ nil }}", "{{ print len }}", "{{ len . }}", "{{ gt true false }}"),
        *("{{ index . `Name` }}", "{{ index .Group 0 }}", "{{ range . }}{{ end }}", "{{ and }}"),
        *("{{ parseInt `+5` 10 8 }}", "{{ parseInt `1ff` 16 8 }}", "{{ eq 1 `1` }}", "{{ lt .Name 1 }}"),
        *(
            "{{ range .Name }}{{ end }}",
            "{{ range $i, $j := 3 }}{{ end }}",
            "{{ slice .Name 9 }}",
            "{{ index .Name `a` }}",
        ),
    ],
)
def test_what_cannot_be_filled_fails(text):
    with pytest.raises(TemplateError):
        Template(text).fill(FIELDS)


@pytest.mark.parametrize(
    "text",
    [
        *('{{ define "a" }}{{ end }}', '{{ template "a" }}', "{{ js .Name }}", "{{ call .Meta }}", "{{ .Message.Id }}"),
        *("{{ 1.5 }}", "{{ 'a' }}", "{{ 010 }}"),
    ],
)
def test_what_is_not_modelled_says_so(text):
    with pytest.raises(NotModelled):
        Template(text)


def test_nesting_ends():
    with pytest.raises(TemplateError, match="deeply"):
        Template("{{ if true }}" * 5000)


@pytest.mark.parametrize(
    "text",
    [
        "{{ range 1000000000 }}{{ end }}",
        "{{ range 1000 }}{{ range 1000 }}{{ range 1000 }}" + "x" * 10_000 + "{{ end }}{{ end }}{{ end }}",
        "{{ " + "(" * 20_000 + ".Name" + ")" * 20_000 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{{ .Name }}" * 50_000,
    ],
)
def test_hostile_text_is_an_error_soon(text):
    def attempt():
        with contextlib.suppress(TemplateError):
            Template(text).fill(FIELDS)

    assert cpu_seconds(attempt) < 5


def test_a_width_has_bounds():
    assert len(Template('{{ printf "%99999999d" 1 }}').fill(FIELDS)) < 100
