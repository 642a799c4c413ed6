// docs/cli.md, made from the table of commands.

#include "cli/command.hpp"

namespace sluice::cli {

namespace {

bool is_positional(const OptionRow& option) { return !option.name.starts_with('-'); }

std::string usage_of(const CommandRow& row) {
    std::string text = fmt::format("sluice {}", row.words);
    for (const auto& option : row.options)
        if (is_positional(option)) text += fmt::format(" {}", option.name);
    for (const auto& option : row.options) {
        if (is_positional(option)) continue;
        const auto comma = option.name.find(',');
        auto part = std::string(option.name.substr(0, comma));
        if (!option.value.empty()) part += fmt::format(" {}", option.value);
        text += option.required ? " " + part : " [" + part + "]";
    }
    if (row.json) text += " [--json]";
    if (row.needs == Needs::all_settings) text += " [settings]";
    return text;
}

void add_options(std::string& out, std::span<const OptionRow> options) {
    for (const auto& option : options) {
        std::string names;
        for (std::string_view rest = option.name; !rest.empty();) {
            const auto comma = rest.find(',');
            names += fmt::format(
                "{}`{}{}`", names.empty() ? "" : ", ", rest.substr(0, comma),
                comma == std::string_view::npos && !is_positional(option) && !option.value.empty()
                    ? fmt::format(" {}", option.value)
                    : "");
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        }
        out += fmt::format("- {}: {}\n", names, option.doc);
    }
}

constexpr std::string_view head = R"(# The command line

Made from the program's own table of commands: change `src/cli/commands.cpp`, then run the tests with `UPDATE_GOLDEN=1`.

Every command prints help with `--help`. Results go to standard output, progress and errors to standard error.

## How a command finds its server

1. The socket `DIR/admin.sock` of a server that runs on the data directory. It acts as the owner of the machine.
2. Else the server at `--url` (or `SLUICE_URL`), with the API key of `--key` (or `SLUICE_KEY`). A `--url` on the command
   line comes first unless a data directory is named as well.
3. Else the command opens the data directory itself, does its work and closes it. Not while another process holds it.

The data directory is `--data`, else `SLUICE_DATA`, else the setting `data` of the file of `--config` (or `SLUICE_CONFIG`),
else `./data`. The workspace is `--workspace`, else `SLUICE_WORKSPACE`, else the key's, else `default`.

## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 1 | the answer is no: a run failed, a check found mistakes, the server refused |
| 2 | wrong use: unknown option, unreadable file, bad JSON in an argument |
| 69 | the server cannot be reached or is overloaded, or the port is in use |
| 70 | a mistake of Sluice itself |
| 74 | the disk failed |
| 75 | the data directory is held by another process |
| 76 | the data directory is of a newer version |
| 78 | the configuration has mistakes |
| 130 | Ctrl-C ended a command that followed a run; the run goes on |

)";

}  // namespace

std::string render_reference() {
    std::string out(head);
    out += "## Commands\n\n| command | what it does |\n|---|---|\n";
    for (const auto& row : commands())
        out += fmt::format("| `sluice {}` | {} |\n", row.words, row.doc);
    const CommandRow api{"", "", Needs::api, true, {}, nullptr};
    out += "\n### Options of most commands\n\n";
    add_options(out, common_options(api));
    for (const auto& row : commands()) {
        out += fmt::format("\n### sluice {}\n\n```\n{}\n```\n\n{}.\n", row.words, usage_of(row),
                           row.doc);
        if (!row.more.empty()) out += fmt::format("{}\n", row.more);
        if (!row.options.empty()) out += "\n";
        add_options(out, row.options);
        if (row.needs == Needs::all_settings)
            out +=
                "\nTakes a flag for every setting, such as `--listen`; `sluice config sample` "
                "lists and explains them.\n";
    }
    return out;
}

}  // namespace sluice::cli
