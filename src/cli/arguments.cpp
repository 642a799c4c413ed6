// The command line's words against the table of commands.

#include <deque>

#include <CLI/CLI.hpp>

#include "cli/command.hpp"

namespace sluice::cli {

namespace {

constexpr OptionRow config_option[] = {
    {"--config", "FILE", "TOML file with settings (also SLUICE_CONFIG)"},
    {"--data", "DIR", "The data directory (also SLUICE_DATA); default ./data"}};
constexpr OptionRow api_options[] = {
    {"--workspace", "NAME",
     "The workspace (also SLUICE_WORKSPACE); default: the key's, else `default`"},
    {"--url", "URL", "A server to ask (also SLUICE_URL), e.g. http://127.0.0.1:8080"},
    {"--key", "KEY", "The API key for --url (also SLUICE_KEY, which other processes cannot see)"}};
constexpr OptionRow json_option = {"--json", "", "Print JSON, for machines"};

/// "-f,--file" → "file"; "FILE" → "FILE".
std::string key_of(std::string_view name) {
    name.remove_prefix(
        name.find_last_of(',') == std::string_view::npos ? 0 : name.find_last_of(',') + 1);
    while (name.starts_with('-')) name.remove_prefix(1);
    return std::string(name);
}

/// Where CLI11 puts what it finds, until a command is known.
struct Bound {
    const CommandRow* row = nullptr;
    std::string key;
    bool flag = false;
    bool setting = false;
    bool given = false;
    std::vector<std::string> values;
    CLI::Option* option = nullptr;
};

class Parser {
  public:
    explicit Parser(const Host& host) : host_(host) {
        app_.set_version_flag("--version", "sluice " + host.version);
        app_.require_subcommand(1);
        for (const auto& row : commands()) add(row);
        app_.footer(
            "Exit codes: 0 done; 1 the answer is no; 2 wrong use; 69 unreachable; 70 our mistake; "
            "74 disk failed;\n"
            "75 directory in use; 76 directory of a newer version; 78 configuration; 130 "
            "interrupted.\n"
            "`sluice COMMAND --help` tells more.");
    }

    Parsed parse(int argc, const char* const* argv) {
        Parsed parsed;
        try {
            app_.parse(argc, argv);
        } catch (const CLI::CallForVersion& version) {
            parsed.text = std::string(version.what()) + "\n";
            return parsed;
        } catch (const CLI::Success&) {
            parsed.text = deepest(&app_)->help();
            return parsed;
        } catch (const CLI::ParseError& error) {
            parsed.exit = exit_usage;
            const auto* at = deepest(&app_);
            parsed.text = fmt::format("error: {}\ntry `{} --help`\n", error.what(), words_of(at));
            return parsed;
        }
        const auto* leaf = deepest(&app_);
        for (auto& [app, row] : leaves_)
            if (app == leaf) parsed.command = row;
        for (auto& bound : bound_) {
            if (bound.row != parsed.command || bound.option->count() == 0) continue;
            if (bound.flag) bound.values.assign(1, "true");
            for (auto& value : bound.values) {
                if (bound.setting)
                    parsed.arguments.settings.emplace_back(bound.key, value);
                else
                    parsed.arguments.add(bound.key, std::move(value));
            }
        }
        return parsed;
    }

  private:
    static CLI::App* deepest(CLI::App* app) {
        for (auto chosen = app->get_subcommands(); !chosen.empty(); chosen = app->get_subcommands())
            app = chosen.front();
        return app;
    }
    static std::string words_of(const CLI::App* app) {
        std::string words = app->get_name();
        for (const auto* parent = app->get_parent(); parent; parent = parent->get_parent())
            words = parent->get_name() + " " + words;
        return words;
    }

    void add(const CommandRow& row) {
        const auto space = row.words.find(' ');
        CLI::App* parent = &app_;
        if (space != std::string_view::npos) {
            const std::string group(row.words.substr(0, space));
            auto& made = groups_[group];
            if (!made) {
                made = app_.add_subcommand(group, std::string(group_doc(group)));
                made->require_subcommand(1);
            }
            parent = made;
        }
        const std::string word(row.words.substr(space == std::string_view::npos ? 0 : space + 1));
        auto* leaf = parent->add_subcommand(word, std::string(row.doc));
        if (!row.more.empty()) leaf->footer(std::string(row.more));
        leaves_.emplace_back(leaf, &row);
        for (const auto& option : row.options) bind(*leaf, row, option, false);
        for (const auto& option : common_options(row))
            bind(*leaf, row, option, option.name == "--data");
        if (row.needs == Needs::all_settings)
            for (const auto& rows : host_.settings)
                for (const auto& setting : rows) bind_setting(*leaf, row, setting);
    }

    Bound& hold(const CommandRow& row, std::string key) {
        bound_.push_back(Bound{&row, std::move(key)});
        return bound_.back();
    }

    void bind(CLI::App& leaf, const CommandRow& row, const OptionRow& option, bool setting) {
        auto& bound = hold(row, key_of(option.name));
        bound.setting = setting;
        bound.flag = option.value.empty() && option.name.starts_with('-');
        if (bound.flag) {
            bound.option =
                leaf.add_flag(std::string(option.name), bound.given, std::string(option.doc));
            return;
        }
        bound.option =
            leaf.add_option(std::string(option.name), bound.values, std::string(option.doc));
        bound.option->type_name(option.name.starts_with('-') ? std::string(option.value) : "");
        bound.option->expected(1)->allow_extra_args(false)->required(option.required);
        if (!option.repeated)
            bound.option->multi_option_policy(CLI::MultiOptionPolicy::Throw);
        else
            bound.option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }

    void bind_setting(CLI::App& leaf, const CommandRow& row, const base::Setting& setting) {
        if (setting.name == "data") return;  // every command has it
        auto& bound = hold(row, config::flag_of(setting));
        bound.setting = true;
        auto doc = std::string(setting.doc);
        if (!setting.default_value.empty()) doc += fmt::format(" [{}]", setting.default_value);
        bound.option = leaf.add_option("--" + bound.key, bound.values, doc);
        bound.option->type_name("")->expected(1)->allow_extra_args(false)->group("Settings");
        bound.option->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    }

    const Host& host_;
    CLI::App app_{"Sluice runs AI agents and workflows under control.", "sluice"};
    std::map<std::string, CLI::App*> groups_;
    std::deque<Bound> bound_;
    std::vector<std::pair<CLI::App*, const CommandRow*>> leaves_;
};

}  // namespace

std::vector<OptionRow> common_options(const CommandRow& row) {
    std::vector<OptionRow> out;
    if (row.needs == Needs::api)
        out.insert(out.end(), std::begin(api_options), std::end(api_options));
    if (row.needs != Needs::nothing)
        out.insert(out.end(), std::begin(config_option), std::end(config_option));
    if (row.json) out.push_back(json_option);
    // A command's own row of the same name says more.
    std::erase_if(out, [&](const OptionRow& common) {
        for (const auto& own : row.options)
            if (own.name == common.name) return true;
        return false;
    });
    return out;
}

Parsed parse_arguments(int argc, const char* const* argv, const Host& host) {
    return Parser(host).parse(argc, argv);
}

}  // namespace sluice::cli
