#!/usr/bin/env python3
"""Each rule of tidy.py finds what it is for, and keeps quiet about a tree that is in order."""
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, os.path.dirname(__file__))
from tidy import Tidy, without_texts  # noqa: E402

LAYERS = (Path(__file__).parent / "layers.txt").read_text()
SOUND = {
    "tests/tidy/layers.txt": LAYERS,
    "CMakeLists.txt": "sluice_module(base)\nsluice_module(net DEPENDS base)\n",
    "docs/ARCHITECTURE.md": "| `src/base` | ids |\n| `src/net` | server |\n",
    "include/sluice/base/id.hpp": "struct Id {};\n",
    "include/sluice/net/server.hpp": '#include "sluice/base/id.hpp"\n',
    "src/base/id.cpp": '#include "sluice/base/id.hpp"\n',
    "src/net/server.cpp": '#include "sluice/net/server.hpp"\n#include <boost/beast/http.hpp>\n',
    "migrations/sqlite/0001_first.sql": "CREATE TABLE a (b INTEGER) STRICT;\n",
    "scripts/packages.txt": "[build]\ncmake cmake\nzlib1g-dev /usr/include/zlib.h\n",
}


def found(**files):
    """What tidy says about the sound tree with `files` added; `__` in a name is `/`."""
    tree = dict(SOUND)
    tree.update(files.pop("tree", {}))
    with tempfile.TemporaryDirectory() as folder:
        for path, text in tree.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return [f"{path}:{line}: {message}" for path, line, message in Tidy(folder).run()]


class Rules(unittest.TestCase):
    def finds(self, words, tree):
        result = found(tree=tree)
        self.assertTrue(any(words in each for each in result), f"{words!r} not in {result}")

    def test_a_sound_tree_has_nothing(self):
        self.assertEqual(found(), [])

    def test_an_include_upward(self):
        self.finds("src/base/id.cpp:1: base may not include net, which lies above", {"src/base/id.cpp": '#include "sluice/net/server.hpp"\n'})

    def test_an_include_of_a_neighbour(self):
        self.finds("config may not include crypto, which lies beside", {"src/config/a.cpp": '#include "sluice/crypto/crypto.hpp"\n'})

    def test_a_private_header_from_outside(self):
        self.finds("base/secret.hpp is private to base", {"src/base/secret.hpp": "int a;\n", "src/net/a.cpp": '#include "base/secret.hpp"\n'})
        self.finds("base/secret.hpp is private to base", {"src/base/secret.hpp": "int a;\n", "tests/net/a.cpp": '#include "base/secret.hpp"\n'})
        self.assertEqual(found(tree={"src/base/secret.hpp": "int a;\n", "tests/fuzz/a.cpp": '#include "base/secret.hpp"\n'}), [])

    def test_a_library_out_of_its_place(self):
        for header, path in [("boost/beast/core.hpp", "src/llm/a.cpp"), ("sqlite3.h", "src/net/a.cpp"), ("openssl/evp.h", "src/base/a.cpp"),
                             ("thread", "src/net/a.cpp"), ("httplib.h", "src/net/a.cpp"), ("sluice/net/server.hpp", "src/llm/llm.cpp"),
                             ("sluice/storage/tx.hpp", "src/llm/llm.cpp")]:
            self.finds(f"{path}:1: {header} does not belong here", {path: f"#include <{header}>\n"})

    def test_libraries_in_their_place(self):
        tree = {"src/net/a_routes.cpp": '#include "sluice/net/server.hpp"\n', "src/net/tls.cpp": "#include <openssl/ssl.h>\n"}
        self.assertEqual(found(tree=tree), [])

    def test_banned_words(self):
        for word in ["co_spawn(loop, f, detached)", "std::chrono::system_clock::now()", "std::this_thread::sleep_for(1s)", 'printf("a")',
                     "std::snprintf(a, b, c)", "std::thread t;", "std::mutex m;", "std::regex r;", "using namespace std;", "std::endl",
                     "class JobManager {};", "std::random_device d;"]:
            self.finds("src/net/a.cpp:2:", {"src/net/a.cpp": f"\n{word};\n"})

    def test_words_in_comments_and_texts_are_none(self):
        tree = {"src/net/a.cpp": '// not detached, no printf("")\nconst char* a = "std::mutex printf(";\nconst char* b = R"(system_clock::now()\n)";\n'}
        self.assertEqual(found(tree=tree), [])

    def test_unfinished_work_without_an_issue(self):
        self.finds("TODO(12)", {"src/net/a.cpp": "// " + "TODO: later\n"})
        self.assertEqual(found(tree={"src/net/a.cpp": "// " + "TODO(12): later\n"}), [])

    def test_a_name_that_says_nothing(self):
        self.finds("src/net/string_utils.cpp:1:", {"src/net/string_utils.cpp": "int a;\n"})

    def test_a_header_that_nobody_includes(self):
        self.finds("src/net/lonely.hpp:1: nobody includes", {"src/net/lonely.hpp": "int a;\n"})

    def test_sizes(self):
        self.finds("501 lines", {"src/net/a.cpp": "int a;\n" * 501})
        self.finds("columns of code", {"src/net/a.cpp": "int " + "a" * 200 + ";\n"})
        self.assertEqual(found(tree={"src/net/a.cpp": 'auto a = "' + "a" * 200 + '";\n'}), [])

    def test_the_code_map_both_ways(self):
        self.finds("no row for src/llm", {"src/llm/a.cpp": "int a;\n"})
        self.finds("a row for src/gone", {"docs/ARCHITECTURE.md": SOUND["docs/ARCHITECTURE.md"] + "| `src/gone` | x |\n"})

    def test_documents_that_name_what_is_not_there(self):
        self.finds("docs/a.md:1: names src/net/gone.cpp", {"docs/a.md": "See `src/net/gone.cpp`.\n"})
        self.finds("docs/a.md:1: the link leads to gone.md", {"docs/a.md": "See [it](gone.md).\n"})
        self.finds("README.md:2: scripts/gone is no program", {"README.md": "```sh\nscripts/gone\n```\n"})
        self.finds("no command dance", {"README.md": "```sh\nbuild/release/sluice dance now\n```\n"})
        self.finds("tests/a_test.py has no test named it works",
                   {"docs/promises.md": "| P1 | kept | `tests/a_test.py` \"it works\" |\n", "tests/a_test.py": "pass\n"})
        self.finds("a promise names the test", {"docs/promises.md": "| P1 | kept | |\n"})
        self.finds("201 lines; at most 200", {"docs/ARCHITECTURE.md": SOUND["docs/ARCHITECTURE.md"] + "a\n" * 199})

    def test_migrations_out_of_order(self):
        self.finds("0002 comes here", {"migrations/sqlite/0003_third.sql": "SELECT 1;\n"})
        self.finds("0002 comes here", {"migrations/sqlite/0001_second.sql": "SELECT 1;\n"})
        self.finds("NNNN_what_it_does.sql", {"migrations/sqlite/later.sql": "SELECT 1;\n"})

    def test_the_build_in_another_order_than_the_layers(self):
        self.finds("base is declared after", {"CMakeLists.txt": "sluice_module(net DEPENDS base)\nsluice_module(base)\n"})
        self.finds("may not depend on net", {"CMakeLists.txt": "sluice_module(base DEPENDS net)\nsluice_module(net)\n"})

    def test_the_package_list(self):
        self.finds("a line is a package and", {"scripts/packages.txt": "[build]\ncmake\n"})
        self.finds("cmake is out of order", {"scripts/packages.txt": "[build]\nzlib /usr/include/zlib.h\ncmake cmake\n"})

    def test_kept_inputs_of_fuzz_targets(self):
        build, seed = {"tests/fuzz/fuzz.cmake": "sluice_fuzz_target(url)\n"}, "tests/fuzz/corpus/url/"
        bytes_of_any_kind = {seed + "host-alone": "std::thread \t", seed + "0123456789" * 4: "// " + "TODO\n" * 501}
        self.assertEqual(found(tree={**build, **bytes_of_any_kind, "tests/fuzz/corpus/.gitattributes": "*/* -text\n"}), [])
        self.finds("fuzz.cmake:1: tests/fuzz/corpus/url has no seed", build)
        self.finds("no target url", {seed + "host-alone": "a"})
        for name in ["host", "Host-alone", "host-alone.cpp", "deep/host-alone"]:
            self.finds("a seed is named by its rule", {**build, seed + name: "a\n"})
        self.finds("keeps 301 inputs", {**build, **{f"{seed}seed-{i}": "a" for i in range(301)}})
        self.finds("of 400001 bytes", {**build, seed + "host-alone": "a" * 400_001})

    def test_texts_are_blanked_and_lines_kept(self):
        source = 'a("x // y"); // b\nR"x(1\n2)x" \'"\' c /* d\n */ e\n'
        self.assertEqual(without_texts(source), 'a(""); \n""\n \'\' c \n e\n')


if __name__ == "__main__":
    unittest.main()
