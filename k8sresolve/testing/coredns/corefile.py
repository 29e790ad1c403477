"""Reading a Corefile, CoreDNS's configuration, into values.

Syntax only; what plugins make of their arguments is in their modules. Words are taken as CoreDNS's reader takes them
(github.com/coredns/caddy, `caddyfile`): parted by blanks, in double quotes where they hold some, with `#` before a
comment and `{$NAME}` for a variable; a directive ends with its line, or with the brace that it opens.
"""

import fnmatch
import ipaddress
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol

import attrs

from k8sresolve.errors import ManifestError
from k8sresolve.testing.coredns.names import fqdn
from k8sresolve.testing.coredns.variables import Variables
from k8sresolve.testing.objects.files import read_octets

_MAX_DEPTH = 50
_MAX_IMPORTED = 100_000  # words: snippets that import each other grow without end
_LINE = re.compile(r"[^\n]*")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|ms|us|ns|m|s))+|0")
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


class Token(NamedTuple):
    """A word of a Corefile. `line` and `column` count from 1; `first` says that it starts a line."""

    text: str
    file: str
    line: int
    column: int
    first: bool

    def error(self, problem: str) -> ManifestError:
        """Make the error that names this place."""
        return ManifestError(problem, file=self.file, line=self.line, column=self.column)

    def number(self, least: int, most: int) -> int:
        """Read it as a whole number within bounds."""
        text = self.text.removeprefix("-")
        if not (text.isascii() and text.isdecimal() and len(text) < 12):
            raise self.error(f"{self.text!r} is no number")
        number = int(self.text)
        if not least <= number <= most:
            raise self.error(f"{number} is not between {least} and {most}")
        return number

    def seconds(self) -> float:
        """Read it as a duration, as Go writes it: `1h30m`, `5s`."""
        if not _DURATION.fullmatch(self.text):
            raise self.error(f"{self.text!r} is no duration, such as 5s")
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(self.text))

    def zones(self) -> tuple[str, ...]:
        """Read it as a zone; a network such as 10.96.0.0/12 is the reverse zones that it has at the next dot."""
        network = _network(self.text)
        if network is None:
            return (fqdn(self.text.lower()),)
        step = 8 if network.version == 4 else 4
        labels = -(-network.prefixlen // step)
        left = network.max_prefixlen // step - labels
        names = (subnet.network_address.reverse_pointer for subnet in network.subnets(new_prefix=labels * step))
        return tuple(fqdn(".".join(name.split(".")[left:])) for name in names)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if "/" not in text:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@attrs.frozen
class Directive:
    """A plugin in a server block, or an option in a plugin's block: a name, arguments, and a block of options."""

    token: Token
    arguments: tuple[Token, ...] = ()
    block: tuple["Directive", ...] = ()

    @property
    def name(self) -> str:
        """The plugin's or option's name."""
        return self.token.text

    def take(self, least: int, most: int | None = None) -> tuple[Token, ...]:
        """Give the arguments. Raises `ManifestError` if they are too few or too many."""
        count = len(self.arguments)
        if count < least or (most is not None and count > most):
            wanted = f"{least} or more" if most is None else str(least) if most == least else f"{least} to {most}"
            raise self.token.error(f"{self.name} takes {wanted} arguments, not {count}")
        return self.arguments

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments as text."""
        return tuple(token.text for token in self.arguments)


@attrs.frozen
class ServerBlock:
    """A server block: its zones, with ports and schemes as they are written, and its plugins in the order written."""

    keys: tuple[Token, ...]
    directives: tuple[Directive, ...]


class Files(Protocol):
    """Where a Corefile's other files are: zone files, hosts files, imports."""

    def read_text(self, path: str) -> str | None:
        """Read a file; None if there is none."""
        ...

    def match(self, pattern: str) -> Sequence[str]:
        """Find the files that a pattern with `*` or `?` stands for, or the file itself, sorted."""
        ...


class DiskFiles:
    """Files of this machine, for a Corefile that a caller gives; relative to the working directory."""

    def read_text(self, path: str) -> str | None:
        """Read a file; None if there is none. Raises `ManifestError` at the bound that manifests have."""
        try:
            if not Path(path).is_file():
                return None
            with Path(path).open("rb") as stream:
                return read_octets(stream, path).decode()  # as it is: a lone CR ends no line
        except ManifestError:
            raise
        except (OSError, ValueError) as error:
            raise ManifestError(f"cannot be read: {error}", file=path) from None

    def match(self, pattern: str) -> Sequence[str]:
        """Find files by pattern."""
        folder, name = posixpath.split(pattern)
        return sorted(str(path) for path in Path(folder or ".").glob(name) if path.is_file()) if name else ()


class MountedFiles:
    """The keys of ConfigMaps as files, for a Corefile among manifests: nothing else of the machine is read."""

    FOLDER = "/etc/coredns"

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(files)

    def read_text(self, path: str) -> str | None:
        """Read a file; None if there is none."""
        return self._files.get(self._absolute(path))

    def match(self, pattern: str) -> Sequence[str]:
        """Find files by pattern."""
        return sorted(fnmatch.filter(self._files, self._absolute(pattern)))

    def _absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.FOLDER, path))


def parse_corefile(
    text: str,
    *,
    file: str = "Corefile",
    files: Files | None = None,
    variables: Variables | None = None,
) -> tuple[ServerBlock, ...]:
    r"""Parse a Corefile into its server blocks; snippets, imports and variables' values are put in their places.

    Raises `ManifestError` that names file, line and column.

    >>> (block,) = parse_corefile(".:53 {\n    cache 30\n}")
    >>> block.keys[0].text, block.directives[0].name, block.directives[0].words
    ('.:53', 'cache', ('30',))
    """
    variables = variables or Variables()
    words = list(_tokens(text, file, variables))
    return tuple(_Parser(words, files or MountedFiles({}), variables).blocks())


def _tokens(text: str, file: str, variables: Variables) -> Iterator[Token]:
    """Cut a text into words."""
    text = text.removeprefix("\ufeff").replace("\r", "")
    at, line, start, first = 0, 1, 0, True
    while at < len(text):
        letter = text[at]
        if letter == "\n":
            line, start, first = line + 1, at + 1, True
            at += 1
        elif letter.isspace():
            at += 1
        elif letter == "#":
            at = _end_of_line(text, at)
        else:
            column = at - start + 1
            word, at = _quoted(text, at + 1) if letter == '"' else _plain(text, at)
            yield Token(variables.put_in(word, file, line), file, line, column, first)
            first = False
            broken = word.count("\n")  # a quoted word goes on over lines
            if broken:
                line, start = line + broken, text.rindex("\n", 0, at) + 1


def _end_of_line(text: str, at: int) -> int:
    found = _LINE.match(text, at)
    return found.end() if found else len(text)


def _plain(text: str, at: int) -> tuple[str, int]:
    """Read a word up to a blank. A `#` within a word hides no more than the rest of that word, as in CoreDNS."""
    end = at
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[at:end].partition("#")[0], end


def _quoted(text: str, at: int) -> tuple[str, int]:
    r"""Read a word up to the closing quotes; only quotes can be escaped (`\"`). A missing end is the file's."""
    letters: list[str] = []
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and at + 1 < len(text):
            letters.append(text[at + 1] if text[at + 1] == '"' else text[at : at + 2])
            at += 2
        else:
            letters.append(text[at])
            at += 1
    return "".join(letters), at + 1


class _Parser:
    """Reads blocks from words. Imported words are read from a stack, before those behind the import."""

    def __init__(self, tokens: Sequence[Token], files: Files, variables: Variables) -> None:
        self._stack = [iter(tokens)]
        self._ahead: Token | None = None
        self._files = files
        self._variables = variables
        self._snippets: dict[str, Sequence[Token]] = {}
        self._imported = 0
        self._advance()

    def blocks(self) -> Iterator[ServerBlock]:
        """Read all server blocks."""
        while self._ahead is not None:
            if self._at_import():
                self._import()
                continue
            keys = self._keys()
            name = keys[0].text if len(keys) == 1 else ""
            if name.startswith("(") and name.endswith(")"):
                self._snippet(keys[0], name[1:-1])
                continue
            directives = self._server()
            if keys:  # without any, it is read and serves nothing, as in CoreDNS
                yield ServerBlock(keys, directives)

    def _advance(self) -> Token | None:
        """Take the word ahead, and look at the next."""
        taken = self._ahead
        self._ahead = None
        while self._stack and self._ahead is None:
            self._ahead = next(self._stack[-1], None)
            if self._ahead is None:
                self._stack.pop()
        return taken

    def _keys(self) -> tuple[Token, ...]:
        """Read the zones: to the brace, or the line's end where no comma says that another follows."""
        keys: list[Token] = []
        another: Token | None = None
        while (token := self._ahead) is not None:
            if token.text == "{" and another is None:
                break
            if token.first and keys and another is None:
                break
            if token.text in ("{", "}"):
                raise token.error(f"a zone should stand here, not {token.text}")
            self._advance()
            another = token if token.text.endswith(",") else None
            if text := token.text.removesuffix(","):
                keys.append(token._replace(text=text))
        if another is not None:
            raise another.error("another zone should follow the comma")
        return tuple(keys)

    def _snippet(self, key: Token, name: str) -> None:
        if self._ahead is None or self._ahead.text != "{":
            raise key.error(f"the snippet {name} has no block")
        if name in self._snippets:
            raise key.error(f"the snippet {name} is there already")
        brace = self._advance()
        depth = 1
        words: list[Token] = []
        while (token := self._advance()) is not None:
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                self._snippets[name] = words
                return
            words.append(token)
        self._unclosed(brace or key)

    def _server(self) -> tuple[Directive, ...]:
        """Read the plugins of a server block. Without a brace, it goes on to the end of the file."""
        if self._ahead is None or self._ahead.text != "{":
            return self._body(None, 0)
        return self._body(self._advance(), 1)

    def _body(self, brace: Token | None, depth: int) -> tuple[Directive, ...]:
        found: list[Directive] = []
        while (token := self._ahead) is not None:
            if token.text == "}":
                if brace is None:
                    raise token.error("this } closes nothing")
                self._advance()
                return tuple(found)
            if self._at_import():
                self._import()
            else:
                found.append(self._directive(depth))
        if brace is not None:
            self._unclosed(brace)
        return tuple(found)

    def _directive(self, depth: int) -> Directive:
        name = self._advance()
        if name is None or name.text == "{":
            raise (name or _NOWHERE).error("a name should stand before this {")
        if depth > _MAX_DEPTH:
            raise name.error(f"nested more than {_MAX_DEPTH} levels deep")
        words: list[Token] = []
        while (token := self._ahead) is not None and not token.first and token.text != "}":
            self._advance()
            if token.text == "{":
                return Directive(name, tuple(words), self._body(token, depth + 1))
            words.append(token)
        return Directive(name, tuple(words))

    def _at_import(self) -> bool:
        return self._ahead is not None and self._ahead.text == "import"

    def _import(self) -> None:
        """Put a snippet, or files, in the place of `import NAME`."""
        directive = self._advance()
        name = self._ahead
        if directive is None or name is None or name.first or not name.text:
            raise (directive or _NOWHERE).error("import needs the name of a snippet or a file")
        self._advance()
        if self._ahead is not None and not self._ahead.first and self._ahead.text != "}":
            raise self._ahead.error("import takes one name")
        words = self._snippets.get(name.text)
        if words is None:
            words = list(self._imported_files(name))
        self._imported += len(words) + 1
        if self._imported > _MAX_IMPORTED:
            raise name.error(
                f"the imports come to more than {_MAX_IMPORTED:,} words: a snippet imports itself, or others many times"
            )
        if self._ahead is not None:
            self._stack.append(iter((self._ahead,)))
        self._stack.append(iter((words[0]._replace(first=True), *words[1:]) if words else ()))
        self._ahead = None
        self._advance()

    def _imported_files(self, name: Token) -> Iterator[Token]:
        paths = self._files.match(name.text)
        if not paths and not any(letter in name.text for letter in "*?["):
            raise name.error(f"there is no snippet and no file {name.text}")
        for path in paths:
            yield from _tokens(self._files.read_text(path) or "", path, self._variables)

    def _unclosed(self, brace: Token) -> NoReturn:
        raise brace.error("this { is never closed")


_NOWHERE = Token("", "Corefile", 1, 1, first=True)
