#pragma once
// A command is a row: its words, its options, the function that does it. The parser, `--help` and
// docs/cli.md are made from the table in commands.cpp. Thread: main.

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/connection.hpp"
#include "cli/failure.hpp"
#include "sluice/base/json.hpp"
#include "sluice/cli/cli.hpp"

namespace sluice::cli {

/// Where a command reads and writes. `terminal`: `out` is one that can be drawn on.
struct Streams {
    std::FILE* in = nullptr;
    std::FILE* out = nullptr;
    std::FILE* err = nullptr;
    bool terminal = false;
};

/// One option or positional argument. `name` "--input", "-f,--file" or, without dashes, a
/// positional "FILE".
struct OptionRow {
    std::string_view name;
    std::string_view value;  ///< what stands for its value in `--help`; empty: a flag
    std::string_view doc;
    bool required = false;
    bool repeated = false;
};

/// What a command needs, and so which common options it takes.
enum class Needs { nothing, config, all_settings, api };

/// What was given on the command line, by option name without dashes ("input", "FILE").
class Arguments {
  public:
    bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
    std::string text(std::string_view name, std::string_view fallback = {}) const;
    const std::vector<std::string>& list(std::string_view name) const;
    void add(std::string name, std::string value) {
        values_[std::move(name)].push_back(std::move(value));
    }
    /// Flags of settings, for config::Sources.
    std::vector<std::pair<std::string, std::string>> settings;

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// One command under way.
class Context {
  public:
    Context(const Host& host, Arguments arguments, Streams streams);
    ~Context();

    const Host& host;
    const Arguments arguments;
    const Streams streams;
    bool json() const { return arguments.has("json"); }

    /// The configuration of file, variables and flags, read once. Failure: exit_config.
    Outcome<const config::Config*> config();
    /// The data directory. Failure: exit_config.
    Outcome<std::string> data();
    /// The server, by the rule of cli.hpp. `create`: a missing data directory is made.
    Outcome<Connection*> connect(bool create = false);
    /// Starts the program's log as the configuration says; `quiet` raises an undeclared level to
    /// warnings.
    Outcome<void> start_log(bool quiet);

    /// Text for people: what a terminal would obey in it (see `tame`) is blanked.
    void print(std::string_view text) const { write_to(streams.out, tame(text)); }
    void note(std::string_view text) const { write_to(streams.err, tame(text)); }
    /// Every byte as it is: JSON, documents, and what draws on the terminal.
    void print_exactly(std::string_view text) const { write_to(streams.out, text); }
    void print_json(const Json& value) const { print_exactly(base::dump_json_pretty(value)); }

    /// JSON given as text, `@file` or `@-` (standard input). Failure: exit_usage.
    Outcome<Json> json_argument(std::string_view option) const;

  private:
    static void write_to(std::FILE* file, std::string_view text);
    std::optional<config::Config> config_;
    std::unique_ptr<LocalServer> local_;
    std::unique_ptr<Connection> connection_;
};

struct CommandRow {
    std::string_view words;  ///< "runs list"
    std::string_view doc;    ///< one line
    Needs needs = Needs::api;
    bool json = false;  ///< takes --json
    std::span<const OptionRow> options;
    Outcome<int> (*act)(Context& context);
    std::string_view more = {};  ///< further explanation
};

/// All commands, in the order of the reference.
std::span<const CommandRow> commands();
/// What "runs", "flows", … are about.
std::string_view group_doc(std::string_view group);
/// The options that `needs` adds to a command's own.
std::vector<OptionRow> common_options(const CommandRow& row);

/// What parsing gave: a command to act, or text to print and an exit code.
struct Parsed {
    const CommandRow* command = nullptr;
    Arguments arguments;
    std::string text;
    int exit = exit_ok;
};
Parsed parse_arguments(int argc, const char* const* argv, const Host& host);

/// `main` with streams of the caller's choice.
int run_command_line(int argc, const char* const* argv, const Host& host, Streams streams);

/// docs/cli.md.
std::string render_reference();

/// Reads a whole file, or standard input for "-". Failure: exit_usage.
Outcome<std::string> read_whole(const Context& context, const std::string& path);
/// Whether a file's name says that it is YAML.
bool is_yaml(const std::filesystem::path& file);

Outcome<int> serve(Context& context);
Outcome<int> run_file(Context& context);
Outcome<int> apply_files(Context& context);
Outcome<int> list_flows(Context& context);
Outcome<int> show_flow(Context& context);
Outcome<int> export_flow(Context& context);
Outcome<int> list_versions(Context& context);
Outcome<int> diff_flow(Context& context);
Outcome<int> make_live(Context& context);
Outcome<int> validate_file(Context& context);
Outcome<int> show_draft(Context& context);
Outcome<int> save_draft(Context& context);
Outcome<int> publish_draft(Context& context);
Outcome<int> discard_draft(Context& context);
Outcome<int> list_pins(Context& context);
Outcome<int> show_pin(Context& context);
Outcome<int> set_pin(Context& context);
Outcome<int> remove_pin(Context& context);
Outcome<int> explain_run(Context& context);
Outcome<int> compare_runs(Context& context);
Outcome<int> replay_run(Context& context);
Outcome<int> list_dead_letters(Context& context);
Outcome<int> show_dead_letter(Context& context);
Outcome<int> redrive_dead_letter(Context& context);
Outcome<int> discard_dead_letter(Context& context);
Outcome<int> redrive_dead_letters(Context& context);
Outcome<int> list_bulk_actions(Context& context);
Outcome<int> show_bulk_action(Context& context);
Outcome<int> watch_bulk_action(Context& context);
Outcome<int> list_bulk_items(Context& context);
Outcome<int> cancel_bulk_action(Context& context);
Outcome<int> retry_runs(Context& context);
Outcome<int> rerun_runs(Context& context);
Outcome<int> cancel_runs(Context& context);
Outcome<int> list_runs(Context& context);
Outcome<int> show_run(Context& context);
Outcome<int> watch_run(Context& context);
Outcome<int> cancel_run(Context& context);
Outcome<int> pause_run(Context& context);
Outcome<int> resume_run(Context& context);
Outcome<int> signal_run(Context& context);
Outcome<int> decide_step(Context& context);
Outcome<int> retry_run(Context& context);
Outcome<int> rerun_run(Context& context);
Outcome<int> start_flow(Context& context);
Outcome<int> list_run_events(Context& context);
Outcome<int> list_run_steps(Context& context);
Outcome<int> show_run_output(Context& context);
/// Saves the body of an answer as the file `place`, whole or not at all; to standard output when it is empty or "-".
Outcome<int> save(Context& context, Connection& server, const Call& call, const std::string& place);
/// Deletes the object at the path and says so by the argument that named it ("NAME", "ID").
Outcome<int> delete_object(Context& context, std::string path, std::string_view argument);
Outcome<int> list_audit(Context& context);
Outcome<int> export_audit(Context& context);
Outcome<int> verify_audit(Context& context);
Outcome<int> list_queues(Context& context);
Outcome<int> pause_queue(Context& context);
Outcome<int> resume_queue(Context& context);
Outcome<int> drain_queue(Context& context);
Outcome<int> weigh_queue(Context& context);
Outcome<int> list_artifacts(Context& context);
Outcome<int> get_artifact(Context& context);
Outcome<int> create_key(Context& context);
Outcome<int> list_keys(Context& context);
Outcome<int> revoke_key(Context& context);
Outcome<int> list_roles(Context& context);
Outcome<int> create_role(Context& context);
Outcome<int> update_role(Context& context);
Outcome<int> delete_role(Context& context);
Outcome<int> list_providers(Context& context);
Outcome<int> add_provider(Context& context);
Outcome<int> delete_provider(Context& context);
Outcome<int> list_model_routes(Context& context);
Outcome<int> set_model_route(Context& context);
Outcome<int> delete_model_route(Context& context);
Outcome<int> list_models(Context& context);
Outcome<int> import_models(Context& context);
Outcome<int> check_models(Context& context);
Outcome<int> list_budgets(Context& context);
Outcome<int> list_model_limits(Context& context);
Outcome<int> create_model_limit(Context& context);
Outcome<int> edit_model_limit(Context& context);
Outcome<int> delete_model_limit(Context& context);
Outcome<int> edit_key(Context& context);
Outcome<int> check_provider(Context& context);
Outcome<int> create_budget(Context& context);
Outcome<int> show_budget(Context& context);
Outcome<int> edit_budget(Context& context);
Outcome<int> raise_budget(Context& context);
Outcome<int> delete_budget(Context& context);
Outcome<int> list_unknown_spend(Context& context);
Outcome<int> resolve_unknown_spend(Context& context);
Outcome<int> show_spend(Context& context);
Outcome<int> set_secret(Context& context);
Outcome<int> rotate_secret(Context& context);
Outcome<int> bind_secret(Context& context);
Outcome<int> list_secrets(Context& context);
Outcome<int> show_secret(Context& context);
Outcome<int> delete_secret(Context& context);
Outcome<int> rotate_secret_keys(Context& context);
Outcome<int> show_vault_status(Context& context);
Outcome<int> unseal_vault(Context& context);
Outcome<int> rotate_root(Context& context);
Outcome<int> list_workspaces(Context& context);
Outcome<int> workspace_egress(Context& context);
Outcome<int> workspace_second_factor(Context& context);
Outcome<int> create_workspace(Context& context);
Outcome<int> make_link(Context& context);
Outcome<int> list_users(Context& context);
Outcome<int> create_user(Context& context);
Outcome<int> reset_user(Context& context);
Outcome<int> disable_user(Context& context);
Outcome<int> enable_user(Context& context);
Outcome<int> invite_user(Context& context);
Outcome<int> evaluate_cel(Context& context);
Outcome<int> check_config(Context& context);
Outcome<int> show_config(Context& context);
Outcome<int> sample_config(Context& context);
Outcome<int> back_up(Context& context);
Outcome<int> restore(Context& context);
Outcome<int> doctor(Context& context);
Outcome<int> seed(Context& context);
Outcome<int> print_openapi(Context& context);
Outcome<int> show_version(Context& context);

}  // namespace sluice::cli
