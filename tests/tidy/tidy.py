#!/usr/bin/env python3
"""Style that is executable: reads the whole tree and prints each breach with its reason and the way out.

    tests/tidy/tidy.py [ROOT]     exit code 0: nothing found; 1: breaches, one a line

Only Python's standard library; the whole tree takes well under two seconds.
"""
import os
import re
import sys
from pathlib import Path

CODE = (".cpp", ".hpp", ".def")
SKIPPED_FOLDERS = {".git", "build", "node_modules", ".cache", "__pycache__", ".claude"}
CODE_ROOTS = ("src", "include", "tests", "bench")
MOST_LINES = 500
MOST_COLUMNS = 150
MOST_INPUTS, MOST_INPUT_BYTES = 300, 400_000  # of one fuzz target; tests/fuzz/renew keeps to them

# Library headers and where they belong: (header, folders or files that may include it, what to use elsewhere).
PLACES = [
    (r"boost/beast", ["src/net/", "include/sluice/net/", "tests/net/"], "net/server.hpp or net/client.hpp"),
    (r"sqlite3(ext)?\.h$", ["src/storage/", "tests/storage/bare_loop.cpp", "tests/storage/recording_vfs.cpp"], "storage/storage.hpp; only storage knows the engine"),
    (r"libpq", ["src/storage/"], "storage/storage.hpp; only storage knows the engine"),
    (r"openssl/", ["src/crypto/", "src/net/", "tests/net/", "tests/crypto/"], "crypto/crypto.hpp"),
    (r"argon2\.h$", ["src/crypto/"], "crypto/crypto.hpp"),
    (r"(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token)$",
     ["src/runtime/", "include/sluice/runtime/", "src/storage/", "include/sluice/storage/", "src/base/log", "include/sluice/base/log",
      "src/base/metrics", "include/sluice/base/metrics", "src/app/local.cpp", "tests/", "bench/"], "runtime::Pool, or state that only the loop touches"),
    (r"httplib\.h$", ["src/cli/", "tests/", "bench/"], "net/client.hpp"),
    (r"CLI/", ["src/cli/", "src/app/main.cpp", "bench/"], "a command of src/cli"),
    (r"spdlog/", ["src/base/"], "base/log.hpp"),
    (r"toml\+\+/", ["src/config/"], "config/config.hpp"),
    (r"yaml-cpp/", ["src/flows/"], "the YAML reader of flows"),
    (r"cmark", ["src/nodes/"], "markdown.render's code in nodes"),
    (r"sluice/net/server\.hpp$", ["src/net/", "include/sluice/net/", "src/app/", "include/sluice/app/", "tests/", "_routes.cpp"],
     "net/router.hpp's values; only *_routes.cpp knows the server"),
    (r"sluice/storage/tx\.hpp$", ["src/storage/", "include/sluice/storage/", "tests/", "_store.cpp", "_store.hpp"],
     "the module's store; SQL stands in *_store.*"),
]

# Words that code must not have: (pattern, folders it holds in, exceptions, why and what instead).
WORDS = [
    (r"\bdetached\b", ["src/", "include/", "tests/", "bench/"], [],
     "a task has an owner, a name and an end: TaskGroup::spawn"),
    (r"\bco_spawn\b", ["src/", "include/"], ["src/runtime/", "include/sluice/runtime/"],
     "a task has an owner, a name and an end: TaskGroup::spawn"),
    (r"\bsystem_clock::now\b", ["src/", "include/", "tests/"], ["src/base/clock.cpp", "tests/"],
     "time is injected so that tests can move it: base::Clock"),
    (r"\bthis_thread::sleep_(for|until)\b", ["src/", "include/"], ["src/runtime/", "src/storage/", "src/cli/"],
     "it stops the loop: co_await loop.sleep_for"),
    (r"\b(std::)?v?(f|s|sn|as|d)?printf\s*\(", ["src/", "include/", "tests/", "bench/"], [],
     "its format is not checked against its arguments: fmt::print, fmt::format"),
    (r"\bstd::(jthread|thread|mutex|recursive_mutex|timed_mutex|shared_mutex|condition_variable(_any)?|async|lock_guard|scoped_lock|unique_lock)\b",
     ["src/", "include/"], ["src/runtime/", "include/sluice/runtime/", "src/storage/", "include/sluice/storage/", "src/base/log",
                            "include/sluice/base/log", "src/base/metrics", "include/sluice/base/metrics"],
     "control state is the loop's alone: runtime::Pool for blocking work"),
    (r"\bstd::regex\b", ["src/", "include/"], [], "it overflows the stack on long input: RE2"),
    (r"\bstd::(random_device|mt19937(_64)?)\b", ["src/", "include/"], ["src/base/random.cpp"],
     "randomness is injected so that tests repeat: base::Random"),
    (r"\bs?rand\s*\(\s*\)", ["src/", "include/", "tests/"], [], "randomness is injected so that tests repeat: base::Random"),
    (r"\busing\s+namespace\s+std\s*;", ["src/", "include/", "tests/", "bench/"], [], "names come from everywhere then: write std::"),
    (r"\bstd::endl\b", ["src/", "include/"], [], "it flushes: write '\\n'"),
    (r"\b(class|struct|namespace|enum class)\s+\w*(Util|Manager|Helper|Common|_util|_manager|_helper|_common)s?\b",
     ["src/", "include/", "tests/", "bench/"], [], "the name says nothing: name what it does"),
]
VAGUE_NAME = re.compile(r"(^|[_./-])(utils?|common|managers?|helpers?)([_./-]|$)")

# Paths that documents name though the tree does not hold them: made by a build, a run or the reader.
MADE = re.compile(r"^(build|data|DIR)/")


class Tidy:
    def __init__(self, root):
        self.root = Path(root)
        self.found = []
        self.texts = {}
        for folder, folders, files in os.walk(self.root):
            here = SKIPPED_FOLDERS | ({"data"} if Path(folder) == self.root else set())  # a server's, started here
            folders[:] = sorted(f for f in folders if f not in here)
            for name in sorted(files):
                path = (Path(folder) / name).relative_to(self.root).as_posix()
                self.texts[path] = None
        self.layers = {}
        for number, line in enumerate(l for l in self.read("tests/tidy/layers.txt").splitlines() if l and not l.startswith("#")):
            for module in line.split():
                self.layers[module] = number

    def read(self, path):
        if self.texts.get(path) is None:
            file = self.root / path
            self.texts[path] = file.read_text("utf-8", "replace") if file.is_file() else ""
        return self.texts[path]

    def say(self, path, line, message):
        self.found.append((path, line, message))

    def code(self):
        return [p for p in self.texts if p.startswith(tuple(r + "/" for r in CODE_ROOTS)) and p.endswith(CODE)]

    # -- includes -----------------------------------------------------------------------------------------------------
    def includes(self, path):
        for number, line in enumerate(self.read(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield number, match.group(2)

    def module_of(self, path):
        match = re.match(r"(?:src|include/sluice|tests)/([^/]+)/", path)
        return match.group(1) if match else None

    def check_includes(self):
        included = set()
        for path in self.code():
            own = self.module_of(path)
            layered = path.startswith(("src/", "include/"))
            for line, target in self.includes(path):
                included.add(target)
                included.add(os.path.normpath(os.path.join(os.path.dirname(path), target)))
                for pattern, allowed, instead in PLACES:
                    if re.match(pattern, target) and not any(path.startswith(a) or (a.startswith("_") and path.endswith(a)) for a in allowed):
                        self.say(path, line, f"{target} does not belong here; use {instead}")
                public = re.match(r"sluice/([^/]+)/", target)
                private = re.match(r"([^/]+)/", target)
                if public:
                    other = public.group(1)
                    if other not in self.layers:
                        self.say(path, line, f"{other} is no module of tests/tidy/layers.txt; add it on its line")
                    elif layered and own in self.layers and other != own and self.layers[other] >= self.layers[own]:
                        where = "above" if self.layers[other] > self.layers[own] else "beside"
                        self.say(path, line, f"{own} may not include {other}, which lies {where} it; let {own} own an interface that {other} "
                                             "implements, or send an event")
                elif private and private.group(1) in self.layers and (self.root / "src" / target).is_file() and private.group(1) != own \
                        and not path.startswith("tests/fuzz/"):  # where raw bytes are read first is seldom a public face
                    self.say(path, line, f"{target} is private to {private.group(1)}; use its public face in include/sluice/{private.group(1)}")
                elif layered and path.startswith("include/") and private and (self.root / "src" / target).is_file():
                    self.say(path, line, f"a public header may not include the private {target}")
            if layered and own not in self.layers:
                self.say(path, 1, f"{own} is no module of tests/tidy/layers.txt; add it on its line")
        for path in self.code():
            if path.endswith((".hpp", ".def")):
                names = {path, re.sub(r"^(include|src|tests)/", "", path)}
                if not names & included:
                    self.say(path, 1, "nobody includes this file; remove it")

    # -- words, names, sizes --------------------------------------------------------------------------------------------
    def check_code(self):
        for path in self.code():
            text = self.read(path)
            bare = without_texts(text)
            for pattern, folders, exceptions, reason in WORDS:
                if not path.startswith(tuple(folders)) or path.startswith(tuple(exceptions) or ("\0",)):
                    continue
                for match in re.finditer(pattern, bare):
                    self.say(path, bare.count("\n", 0, match.start()) + 1, f"{match.group(0).strip()}: {reason}")
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(r"\bTODO\b(?!\(#?\d+\))", line) or re.search(r"\b(FIXME|XXX|HACK)\b", line):
                    self.say(path, number, "unfinished work names its issue: TODO(12)")
                if "\t" in line:
                    self.say(path, number, "a tab; four spaces instead")
                if line != line.rstrip():
                    self.say(path, number, "white space at the end of the line")
            # Texts of the reference and embedded JSON are not broken; code is.
            for number, line in enumerate(bare.splitlines(), 1):
                if len(line) > MOST_COLUMNS:
                    self.say(path, number, f"{len(line)} columns of code; at most {MOST_COLUMNS}, better 100")
            lines = text.count("\n")
            if lines > MOST_LINES:
                self.say(path, lines, f"{lines} lines; at most {MOST_LINES}: part the file by what it does")
            if text and not text.endswith("\n"):
                self.say(path, lines + 1, "the last line has no end")
        for path in self.texts:
            if path.startswith(CODE_ROOTS + ("scripts", "web", "cmake")) and VAGUE_NAME.search(path.lower()):
                self.say(path, 1, "util, common, manager and helper say nothing; name the file after what it does")

    # -- documents ------------------------------------------------------------------------------------------------------
    def documents(self):
        return [p for p in self.texts if p.endswith(".md") and (p.startswith("docs/") or p.startswith("examples/") or "/" not in p)]

    def check_documents(self):
        for path in self.documents():
            fenced = False
            for number, line in enumerate(self.read(path).splitlines(), 1):
                if line.lstrip().startswith("```"):
                    fenced = not fenced
                    continue
                if not fenced:
                    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
                        if "://" not in target and not target.startswith("mailto:"):
                            if not (self.root / os.path.dirname(path) / target).exists():
                                self.say(path, number, f"the link leads to {target}, which is not there")
                    for name in re.findall(r"`([^`\s]+)`", line):
                        self.check_path(path, number, name)
                elif path in ("README.md", "CONTRIBUTING.md"):
                    self.check_command(path, number, line)
        limits = {"docs/ARCHITECTURE.md": 200, "CONTRIBUTING.md": 80}
        limits.update({p: 60 for p in self.texts if p.startswith("docs/decisions/")})
        for path, most in limits.items():
            lines = self.read(path).count("\n")
            if lines > most:
                self.say(path, lines, f"{lines} lines; at most {most}")

    def check_promises(self):
        """Each promise names the tests that prove it, by file and name."""
        path = "docs/promises.md"
        for number, line in enumerate(self.read(path).splitlines() if path in self.texts else [], 1):
            if not line.startswith("|") or line.startswith(("| |", "|---")):
                continue
            proofs = re.findall(r"`(tests/[^`]+)` \"([^\"]+)\"", line)
            if not proofs:
                self.say(path, number, "a promise names the test that proves it: `tests/file` \"name\"")
            for file, name in proofs:
                text = re.sub(r"\"\s*\n\s*\"", "", self.read(file)) if (self.root / file).exists() else ""
                if name not in re.sub(r"\s+", " ", text):
                    self.say(path, number, f"{file} has no test named {name}")

    def check_path(self, path, number, name):
        name = name.rstrip(".,;:")
        if not re.match(r"(src|include|tests|docs|scripts|config|examples|migrations|cmake|web|bench|\.ci)/[\w./-]*$", name) or MADE.match(name):
            return
        if re.search(r"NNNN|NAME|name\.", name):
            return
        if not (self.root / name).exists():
            self.say(path, number, f"names {name}, which is not there")

    def check_command(self, path, number, line):
        line = line.strip()
        if re.match(r"(?:\./)?scripts/", line):
            script = re.match(r"(?:\./)?(scripts/[\w.-]+)", line).group(1)
            if not os.access(self.root / script, os.X_OK):
                self.say(path, number, f"{script} is no program")
        match = re.match(r"(?:build/release/)?sluice\s+([a-z]+)(?:\s+([a-z]+))?\b", line)
        if match:
            table = "".join(self.read(p) for p in self.texts if p.startswith("src/cli/") and p.endswith(".cpp"))
            words = [w for w in match.groups() if w]
            if not any(f'"{" ".join(words[:n])}"' in table for n in range(1, len(words) + 1)):
                self.say(path, number, f"the command line has no command {' '.join(words)}")

    def check_code_map(self):
        path = "docs/ARCHITECTURE.md"
        mapped = {}
        for number, line in enumerate(self.read(path).splitlines(), 1):
            match = re.match(r"\|\s*`src/([a-z_]+)`\s*\|", line)
            if match:
                mapped[match.group(1)] = number
        folders = {p.split("/")[1] for p in self.texts if p.startswith("src/") and p.count("/") > 1}
        for folder in sorted(folders - set(mapped)):
            self.say(path, 1, f"the code map has no row for src/{folder}")
        for folder in sorted(set(mapped) - folders):
            self.say(path, mapped[folder], f"the code map has a row for src/{folder}, which is not there")

    # -- lists ----------------------------------------------------------------------------------------------------------
    def check_migrations(self):
        files = sorted(p for p in self.texts if p.startswith("migrations/"))
        for engine in sorted({p.split("/")[1] for p in files}):
            expected = 1
            for path in (p for p in files if p.split("/")[1] == engine):
                match = re.match(r"(\d{4})_[a-z0-9_]+\.sql$", path.split("/")[-1])
                if not match:
                    self.say(path, 1, "a migration is named NNNN_what_it_does.sql")
                elif int(match.group(1)) != expected:
                    self.say(path, 1, f"migrations are numbered without gaps or repeats; {expected:04} comes here")
                expected = int(match.group(1)) + 1 if match else expected

    def check_build_order(self):
        path = "CMakeLists.txt"
        last = -1
        for number, line in enumerate(self.read(path).splitlines(), 1):
            match = re.match(r"sluice_module\((\w+)", line)
            if not match:
                continue
            place = self.layers.get(match.group(1))
            if place is None:
                self.say(path, number, f"{match.group(1)} is no module of tests/tidy/layers.txt")
                continue
            if place < last:
                self.say(path, number, f"{match.group(1)} is declared after a module above it; keep the order of tests/tidy/layers.txt")
            last = max(last, place)
            depends = re.search(r"DEPENDS ([\w ]+?)(?: LINK|\))", line)
            for other in depends.group(1).split() if depends else []:
                if self.layers.get(other, 99) >= place:
                    self.say(path, number, f"{match.group(1)} may not depend on {other}, which does not lie below it")

    def check_packages(self):
        path = "scripts/packages.txt"
        names = []
        for number, line in enumerate(self.read(path).splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            if line.startswith("["):
                names = []
                continue
            words = line.split()
            if len(words) != 2:
                self.say(path, number, "a line is a package and what shows that it is there: a command or a path")
            if names and words[0] < names[-1]:
                self.say(path, number, f"{words[0]} is out of order")
            names.append(words[0])

    def check_corpora(self):
        """Kept inputs of fuzz targets are bytes, not text: nothing else here reads them, and their names cannot end like code."""
        build, root = "tests/fuzz/fuzz.cmake", "tests/fuzz/corpus/"
        inputs = {}
        for path in (p for p in self.texts if p.startswith(root)):
            target, folder, name = path[len(root):].partition("/")
            if not folder:  # what git is told of them all
                continue
            inputs.setdefault(target, []).append(path)
            if not re.fullmatch(r"[0-9a-f]{40}|[a-z0-9]+(-[a-z0-9]+)+", name):
                self.say(path, 1, "a seed is named by its rule, in small letters with dashes, or as libFuzzer names it")
        targets = {}
        for number, line in enumerate(self.read(build).splitlines(), 1):
            if match := re.match(r"sluice_fuzz_target\((\w+)\)", line):
                targets[match.group(1)] = number
        for target in sorted(set(targets) - set(inputs)):
            self.say(build, targets[target], f"{root}{target} has no seed: write one for each rule of the grammar")
        for target, paths in sorted(inputs.items()):
            if target not in targets:
                self.say(paths[0], 1, f"{build} has no target {target}")
            size = sum((self.root / path).stat().st_size for path in paths)
            if len(paths) > MOST_INPUTS or size > MOST_INPUT_BYTES:
                self.say(paths[0], 1, f"{target} keeps {len(paths)} inputs of {size} bytes; at most {MOST_INPUTS} of {MOST_INPUT_BYTES}: "
                                      f"tests/fuzz/renew {target}")

    def run(self):
        self.check_includes()
        self.check_code()
        self.check_documents()
        self.check_promises()
        self.check_code_map()
        self.check_migrations()
        self.check_build_order()
        self.check_packages()
        self.check_corpora()
        return sorted(set(self.found))


def without_texts(text):
    """C++ without the content of comments and literals; line ends stay, so that places are right."""
    token = re.compile(r'R"([^()\\\s]{0,16})\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'')

    def blank(match):
        found = match.group(0)
        lines = "\n" * found.count("\n")
        if found.startswith("R"):
            return '""' + lines
        if found.startswith("/"):
            return lines
        return found[0] * 2

    return token.sub(blank, text)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    found = Tidy(root).run()
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    print(f"tidy: {len(found)} found" if found else "tidy: nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
