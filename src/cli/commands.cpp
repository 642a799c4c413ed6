// The table of commands.

#include "cli/budget_options.hpp"
#include "cli/command.hpp"
#include "cli/guardrail_options.hpp"
#include "cli/model_options.hpp"

namespace sluice::cli {

namespace {

constexpr OptionRow input_option = {
    "--input", "JSON|@file",
    "What the run is given: JSON, a file's name after @, or @- for standard input"};
constexpr OptionRow run_id = {"ID", "ID", "The run (run_…)", true};
constexpr OptionRow flow_name = {"NAME", "NAME", "The flow's name or id", true};
constexpr OptionRow limit_option = {"--limit", "N", "At most so many; default 50"};

constexpr OptionRow run_file_options[] = {{"FILE", "FILE", "Flow document, JSON or YAML", true},
                                          input_option};
constexpr OptionRow apply_options[] = {
    {"-f,--file", "DIR|FILE",
     "Flow document, or a folder of them (.json, .yaml, .yml); may come more than once", true,
     true}};
constexpr OptionRow flows_list_options[] = {limit_option,
                                            {"--project", "NAME", "Only flows of this project"}};
constexpr OptionRow flow_show_options[] = {
    flow_name, {"--version", "N", "This version; default: the live one"}};
constexpr OptionRow flow_export_options[] = {
    flow_name,
    {"--format", "json|yaml", "Default json"},
    {"--version", "N", "This version; default: the live one"},
    {"-o,--output", "FILE", "Write to a file; default: standard output"}};
constexpr OptionRow flow_options[] = {flow_name};
constexpr OptionRow diff_options[] = {
    flow_name, {"FROM", "N", "A version", true}, {"TO", "N", "Another version", true}};
constexpr OptionRow live_options[] = {
    flow_name, {"VERSION", "N", "The version that runs use from now on", true}};
constexpr OptionRow validate_options[] = {{"FILE", "FILE", "Flow document, JSON or YAML", true}};
constexpr OptionRow draft_show_options[] = {
    flow_name, {"--document", "", "Print the document alone"}};
constexpr OptionRow draft_save_options[] = {
    flow_name,
    {"FILE", "FILE", "Flow document, JSON or YAML, or - for standard input", true},
    {"--based-on", "N", "The version that was edited; default: as before, else the live one"}};
constexpr OptionRow draft_publish_options[] = {
    flow_name,
    {"--note", "TEXT", "What the version is for"},
    {"--force", "", "Although the live version is newer than the draft's base"},
    {"--not-live", "", "Make the version without moving `live` to it"}};
constexpr OptionRow pin_node = {"NODE", "NODE", "The node's id", true};
constexpr OptionRow pin_options[] = {flow_name, pin_node};
constexpr OptionRow pin_set_options[] = {
    flow_name, pin_node,
    {"--output", "JSON|@file",
     "What the node gives: JSON, a file's name after @, or @- for standard input", true}};
constexpr OptionRow runs_list_options[] = {
    {"--status", "STATUS", "Only runs with this status; several with commas between them"},
    {"--flow", "NAME", "Only runs of this flow (name or id)"},
    {"--text", "TEXT", "In the run's id, its flow's name or its error's message"},
    {"--since", "TIME", "Made at or after this time"}, {"--until", "TIME", "Made before this time"},
    limit_option};
constexpr OptionRow run_options[] = {run_id};
constexpr OptionRow output_options[] = {
    run_id,
    {"--step", "PATH", "What this step gave, or failed with, instead"},
    {"--file", "FILE", "Save it there as it is stored, however large it is"}};
constexpr OptionRow reason_options[] = {run_id, {"--reason", "TEXT", "Why, for the run's record"}};
constexpr OptionRow signal_options[] = {
    run_id,
    {"NAME", "NAME", "The signal's name", true},
    {"--key", "TEXT", "The correlation key"},
    {"--payload", "JSON|@file", "What the waiting step gets"}};
constexpr OptionRow decide_options[] = {
    run_id,
    {"STEP", "PATH", "The unknown step, such as send or each[17]/send", true},
    {"DECISION", "retry|succeed|fail", "Do it again, take it as done, or take it as failed", true},
    {"--output", "JSON|@file", "With succeed: what the step gave"},
    {"--reason", "TEXT", "Why, for the run's record"}};
constexpr OptionRow rerun_options[] = {
    run_id,
    {"--from", "PATH", "The first step to do again; what comes before it is reused"},
    {"--input", "JSON|@file", "Another input"},
    {"--outputs", "JSON|@file", "Other outputs of finished steps, by path"},
    {"--version", "N|live", "A version of the flow; default: the run's"}};
constexpr OptionRow start_options[] = {{"FLOWNAME", "NAME", "The flow's name or id", true},
                                       input_option,
                                       {"--version", "N", "This version; default: the live one"},
                                       {"--priority", "N", "1 (first) to 5 (last); default: the flow's"},
                                       {"--delay", "DURATION", "Start it after this time, such as 10m"},
                                       {"--at", "TIME", "Start it at this time, such as 2027-01-31T08:00:00Z"},
                                       {"--wait", "", "Follow the run to its end"}};
constexpr OptionRow events_options[] = {run_id,
                                        {"--after", "SEQ", "Only events with a greater number"}};
#define AUDIT_FILTER_OPTIONS                                                                                     \
    {"--actor", "ID", "Only entries of this key, person or session"},                                            \
    {"--action", "NAME", "Only this action, such as flows.create; flows.* for all that begin so"},              \
    {"--target", "ID", "Only entries about this object"}, {"--outcome", "OUTCOME", "done, denied or failed"},   \
    {"--since", "TIME", "At or after this time"}, {"--until", "TIME", "Before this time"},                      \
    {"--instance", "", "Entries of every workspace and of the instance; for the owner of the machine"}
constexpr OptionRow audit_list_options[] = {AUDIT_FILTER_OPTIONS, limit_option};
constexpr OptionRow audit_export_options[] = {AUDIT_FILTER_OPTIONS,
                                              {"--format", "jsonl|csv", "Default: jsonl"},
                                              {"--output", "FILE", "Default: standard output"}};
constexpr OptionRow queue_options[] = {{"NAME", "NAME", "The queue; default: `default`, the workspace's only one"}};
constexpr OptionRow weight_options[] = {
    {"N", "N", "Runs that the workspace starts in its turn, 1 to 100; 1 unless it was changed", true}};
constexpr OptionRow two_runs_options[] = {{"FIRST", "ID", "A run (run_…)", true},
                                          {"SECOND", "ID", "Another run (run_…)", true}};
constexpr OptionRow letters_list_options[] = {
    {"--state", "STATE", "open (default), redriven, discarded or all"},
    {"--flow", "NAME", "Only those of this flow (name or id)"},
    {"--code", "CODE", "Only those with this error code, such as timeout"},
    {"--since", "TIME", "Made at or after this time"},
    {"--until", "TIME", "Made before this time"},
    limit_option};
constexpr OptionRow letter_id = {"ID", "ID", "The dead letter (dl_…)", true};
constexpr OptionRow letter_options[] = {letter_id};
constexpr OptionRow redrive_options[] = {
    letter_id,
    {"--input", "JSON|@file", "Another input: makes a new run"},
    {"--version", "N|live", "Another version of the flow: makes a new run"}};
constexpr OptionRow discard_options[] = {
    letter_id, {"--reason", "TEXT", "Why nothing is to be done", true}};
constexpr OptionRow bulk_rate = {"--rate", "N", "So many a second; default 5"};
constexpr OptionRow bulk_canary = {"--canary", "N", "So many are awaited before the rest; default 1"};
constexpr OptionRow bulk_dry_run = {"--dry-run", "", "Only tell how many there are"};
constexpr OptionRow bulk_wait = {"--wait", "", "Follow it to its end; exits 1 when not all was done"};
constexpr OptionRow of_flow = {"--flow", "NAME", "Only those of this flow (name or id)"};
constexpr OptionRow of_project = {"--project", "NAME", "Only those of this project"};
constexpr OptionRow of_code = {"--code", "CODE", "Only those with this error code, such as timeout"};
constexpr OptionRow since_option = {"--since", "TIME", "Made at or after this time"};
constexpr OptionRow until_option = {"--until", "TIME", "Made before this time"};
constexpr OptionRow bulk_reason = {"--reason", "TEXT", "Why, for the runs' records"};
constexpr OptionRow of_version = {"--of-version", "N", "Only runs of this version of the flow; with --flow"};
constexpr OptionRow of_trigger = {"--trigger", "NAME", "Only runs that were started this way: api, flow, rerun, …"};
constexpr OptionRow of_parent = {"--parent", "ID", "Only runs that came from this one"};
constexpr OptionRow of_text = {"--text", "TEXT", "In the run's id, its flow's name or its error's message"};
constexpr OptionRow retry_all_options[] = {
    {"--status", "STATUS", "failed, timed_out or cancelled; may be given again; default: the first two", false, true},
    of_flow, of_version, of_project, of_code, of_trigger, of_parent, of_text, since_option, until_option,
    bulk_reason, bulk_rate, bulk_canary, bulk_dry_run, bulk_wait};
constexpr OptionRow rerun_all_options[] = {
    {"--status", "STATUS", "succeeded, failed, timed_out or cancelled; may be given again", true, true},
    of_flow, of_version, of_project, of_code, of_trigger, of_parent, of_text, since_option, until_option,
    {"--from", "PATH", "The first step to do again; what comes before it is reused"},
    {"--input", "JSON|@file", "The input of all, instead of what each was started with"},
    {"--version", "N|live|recorded", "A version of the flow; default: each run's own"},
    bulk_rate, bulk_canary, bulk_dry_run, bulk_wait};
constexpr OptionRow cancel_all_options[] = {
    {"--status", "STATUS", "queued, running, waiting or paused; may be given again; default: all of them", false, true},
    of_flow, of_version, of_project, of_trigger, of_parent, of_text, since_option, until_option,
    bulk_reason, bulk_rate, bulk_canary, bulk_dry_run, bulk_wait};
constexpr OptionRow redrive_all_options[] = {of_flow, of_code, since_option, until_option,
    bulk_rate, bulk_canary, bulk_dry_run, bulk_wait};
constexpr OptionRow bulk_id = {"ID", "ID", "The bulk action (bulk_…)", true};
constexpr OptionRow bulk_options[] = {bulk_id};
constexpr OptionRow bulk_items_options[] = {bulk_id, {"--failed", "", "Only those to which it could not be done"}, limit_option};
constexpr OptionRow artifacts_list_options[] = {{"--run", "ID", "Only those that this run made"},
                                                limit_option};
constexpr OptionRow artifact_options[] = {
    {"ID", "ID", "The artifact (art_…)", true},
    {"-o,--output", "FILE", "Write to this file; default: standard output"}};
constexpr OptionRow role_name = {"NAME", "NAME", "The role's name", true};
constexpr OptionRow role_options[] = {role_name};
constexpr OptionRow role_create_options[] = {
    role_name,
    {"--permissions", "LIST", "Comma separated (flows:read,runs:read)", true},
    {"--description", "TEXT", "What it is for"}};
constexpr OptionRow role_update_options[] = {
    role_name,
    {"--permissions", "LIST", "All that it may do from now on, comma separated"},
    {"--description", "TEXT", "What it is for"}};
constexpr OptionRow secret_name = {"NAME", "NAME", "The secret's name", true};
constexpr OptionRow secret_file = {"--file", "FILE", "Read the value from a file, or - for standard input; default: ask for it, else standard input"};
constexpr OptionRow secret_host = {"--host", "HOST", "It may be sent there: api.example.com, *.example.com, host:port, or * for any; `none` empties the list",
                                   false, true};
constexpr OptionRow secret_flow = {"--flow", "NAME", "Only this flow may use it; `none` stands for no such limit", false, true};
constexpr OptionRow secret_type = {"--node-type", "TYPE", "Only nodes of this type may use it; `none` stands for no such limit", false, true};
constexpr OptionRow secret_open = {"--developers", "", "Whoever may write flows may use it"};
constexpr OptionRow secret_closed = {"--no-developers", "", "Using it needs the permission secrets:use again"};
constexpr OptionRow secret_options[] = {secret_name};
constexpr OptionRow secret_set_options[] = {secret_name, secret_file, {"--description", "TEXT", "What it is for"},
                                            secret_host, secret_flow, secret_type, secret_open, secret_closed};
constexpr OptionRow secret_rotate_options[] = {secret_name, secret_file};
constexpr OptionRow secret_bind_options[] = {secret_name, secret_host, secret_flow, secret_type, secret_open, secret_closed};
constexpr OptionRow passphrase_file = {"--file", "FILE", "Read the passphrase from a file, or - for standard input; default: ask for it, else standard input"};
constexpr OptionRow unseal_options[] = {{"--passphrase", "", "The root is made from a passphrase, which is asked for"}, passphrase_file};
constexpr OptionRow rotate_root_options[] = {
    {"--key-file", "FILE", "The new root is in this file, mode 0400, on the server's machine"},
    {"--passphrase", "", "The new root is made from a passphrase, which is asked for"},
    passphrase_file};
constexpr OptionRow workspace_options[] = {
    {"NAME", "NAME", "Lower-case letters, digits, '-', '_' and '.'", true}};
constexpr OptionRow egress_options[] = {
    {"--hosts", "LIST",
     "The only hosts, comma separated: names, *.names or addresses, each with :PORT or without; `any` for every public one"},
    {"--allow", "LIST", "Internal addresses that are open to it, comma separated; `none` for no one"}};
constexpr OptionRow sign_in_options[] = {
    {"RULE", "RULE", "`required` of every member, or `optional`; without it the present rule is shown"}};
constexpr OptionRow link_options[] = {
    {"--url", "URL",
     "The server's address as the browser sees it; default: what the server says of itself"}};
constexpr OptionRow user_email = {"EMAIL", "EMAIL", "The account's address", true};
constexpr OptionRow user_options[] = {user_email};
constexpr OptionRow user_reset_options[] = {
    user_email, {"--second-factor", "", "Take the second factor away instead, for who lost the device and the recovery codes"}};
constexpr OptionRow user_create_options[] = {
    user_email,
    {"--name", "NAME", "How the person is called; default: the address before the @"},
    {"--role", "ROLE", "In the workspace; default owner"},
    {"--password-file", "FILE", "Where the password is; default: standard input"}};
constexpr OptionRow user_invite_options[] = {user_email,
                                             {"--role", "ROLE", "In the workspace; default developer"}};
constexpr OptionRow backup_options[] = {
    {"FOLDER", "FOLDER", "Made by the backup; its parent folder must be there", true}};
constexpr OptionRow restore_options[] = {
    {"BACKUP", "BACKUP",
     "A backup's folder, or a single database file, such as one of DIR/snapshots", true},
    {"--force", "", "Although the data directory is not empty"}};
constexpr OptionRow cel_options[] = {
    {"--expr", "EXPRESSION", "The expression"},
    {"--input", "JSON|@file", "The value of `input`; an object's members are variables as well"},
    {"--jsonl", "", "Evaluate one typed JSON case a line from standard input"}};

constexpr OptionRow seed_options[] = {
    {"--demo", "", "The demonstration"},
    {"--now", "TIME|now", "When it ends, RFC 3339; default 2026-11-24T09:00:00Z"}};

constexpr CommandRow rows[] = {
    {"serve",
     "Run the server until a signal",
     Needs::all_settings,
     false,
     {},
     serve,
     "SIGTERM and SIGINT drain and stop it; a second one ends it at once. SIGHUP reads the "
     "configuration again."},
    {"run", "Run a flow from its file, with progress, and print its steps and output", Needs::api,
     true, run_file_options, run_file,
     "Makes the flow that the file names, or its next version when the file has changed, and "
     "starts a run. Needs no server: "
     "without one the run is executed in this process on the data directory. Ctrl-C leaves the run "
     "recorded; it goes on when "
     "the next server starts on the directory. Exits 1 when the run fails."},
    {"apply", "Make flows, or their next versions, from files; the same files again change nothing",
     Needs::api, true, apply_options, apply_files,
     "Of a file with mistakes nothing is applied; the others are. Exits 1 when there was one."},
    {"flows list", "List flows", Needs::api, true, flows_list_options, list_flows},
    {"flows show", "Show a flow and its nodes", Needs::api, true, flow_show_options, show_flow},
    {"flows export", "Print a flow's document in canonical form", Needs::api, false,
     flow_export_options, export_flow},
    {"flows versions", "List a flow's versions", Needs::api, true, flow_options, list_versions},
    {"flows diff", "Compare two versions by node and edge", Needs::api, true, diff_options,
     diff_flow},
    {"flows live", "Make a version live, back or forth", Needs::api, true, live_options, make_live},
    {"flows validate", "Judge a flow's file; exits 1 and names every mistake when it is not valid",
     Needs::api, true, validate_options, validate_file,
     "Of a valid flow it shows as well when the attempts of nodes with a retry policy begin."},
    {"drafts show", "Show your draft of a flow and its mistakes", Needs::api, true,
     draft_show_options, show_draft},
    {"drafts save", "Save a file as your draft of a flow; it may have mistakes", Needs::api, true,
     draft_save_options, save_draft},
    {"drafts publish", "Make your draft the flow's next version", Needs::api, true,
     draft_publish_options, publish_draft},
    {"drafts discard", "Discard your draft of a flow", Needs::api, false, flow_options,
     discard_draft},
    {"pins list", "List the nodes of a flow that have a pinned sample output", Needs::api, true,
     flow_options, list_pins, "Runs of drafts take it instead of executing the node."},
    {"pins show", "Print a node's pinned sample output", Needs::api, false, pin_options, show_pin},
    {"pins set", "Pin a sample output to a node", Needs::api, true, pin_set_options, set_pin},
    {"pins remove", "Remove a node's pinned sample output", Needs::api, false, pin_options,
     remove_pin},
    {"runs list", "List runs, newest first", Needs::api, true, runs_list_options, list_runs},
    {"runs show", "Show a run and its steps by node", Needs::api, true, run_options, show_run},
    {"runs watch", "Follow a run to its end; exits 1 when it fails", Needs::api, true, run_options,
     watch_run, "Ctrl-C ends the watching, not the run."},
    {"runs cancel", "Cancel a run", Needs::api, true, reason_options, cancel_run},
    {"runs pause", "Let a run start no further step", Needs::api, true, reason_options, pause_run},
    {"runs resume", "Let a paused run go on", Needs::api, true, run_options, resume_run},
    {"runs signal", "Send a signal to a run", Needs::api, true, signal_options, signal_run,
     "Taken by its first wait.signal step of that name and key, or kept until one waits."},
    {"runs decide", "Say what became of an unknown step", Needs::api, true, decide_options,
     decide_step,
     "A step with \"on_unknown\": \"stop\" whose end a crash hid waits for a person: look at the "
     "other side, then decide."},
    {"runs retry", "Go on with a failed run from its failed steps", Needs::api, true,
     reason_options, retry_run, "What had succeeded is not done again."},
    {"runs rerun", "Start a run anew, from its start or from a step", Needs::api, true,
     rerun_options, rerun_run, "Makes a new run; the old one stays as it is."},
    {"runs retry-all", "Retry many runs by filter, canaries first", Needs::api, true, retry_all_options,
     retry_runs,
     "Makes a bulk action, which goes on after a restart: `sluice bulk watch`, `sluice bulk cancel`. "
     "When a canary does not succeed, the rest stays as it is."},
    {"runs rerun-all", "Run many runs anew by filter, canaries first", Needs::api, true,
     rerun_all_options, rerun_runs, "Makes a bulk action, as `sluice runs retry-all` does."},
    {"runs cancel-all", "Cancel many runs by filter", Needs::api, true, cancel_all_options,
     cancel_runs, "Makes a bulk action, as `sluice runs retry-all` does."},
    {"runs start", "Start a run of a flow", Needs::api, true, start_options, start_flow},
    {"runs events", "Print a run's journal", Needs::api, true, events_options, list_run_events},
    {"runs steps", "List a run's steps", Needs::api, true, run_options, list_run_steps},
    {"runs output", "Print a run's output as JSON; exits 1 when it has none", Needs::api, true,
     output_options, show_run_output,
     "With --file or --step the value is written as it arrives and never held in memory."},
    {"audit list", "List who did what, newest first", Needs::api, true, audit_list_options, list_audit},
    {"audit export", "Export the audit trail, oldest first", Needs::api, false, audit_export_options, export_audit},
    {"audit verify", "Verify the audit trail's chain and signatures; names the first broken entry", Needs::api, true, {}, verify_audit,
     "Works without a server: it opens the data directory itself. Exit code 1 when the trail is broken."},
    {"queues list", "Show the workspace's queue of runs", Needs::api, true, {}, list_queues},
    {"queues pause", "Let no queued run start; those under way go on", Needs::api, true, queue_options,
     pause_queue, "Kept over restarts, until `sluice queues resume`."},
    {"queues resume", "End a pause and a drain", Needs::api, true, queue_options, resume_queue},
    {"queues drain", "Take no new runs; those that are queued start", Needs::api, true, queue_options,
     drain_queue, "Kept over restarts, until `sluice queues resume`."},
    {"queues weight", "Give a workspace a greater or smaller share of the server", Needs::api, true,
     weight_options, weigh_queue,
     "Where others wait as well, a workspace of weight 3 starts three runs where one of weight 1 starts "
     "one. Needs the permission system:write; --workspace names the workspace. Kept over restarts."},
    {"runs why", "Explain why a run waits or has not started, or how it ended", Needs::api, true,
     run_options, explain_run},
    {"runs diff", "Compare two runs step by step; exits 1 when they differ", Needs::api, true,
     two_runs_options, compare_runs},
    {"runs replay", "Compute a run again, offline, and compare it with its journal", Needs::api,
     true, run_options, replay_run,
     "Nothing is sent anywhere and nothing is written. Exits 1 and names the step when what comes "
     "out is not what the journal has."},
    {"dead-letters list", "List dead letters, newest first", Needs::api, true, letters_list_options,
     list_dead_letters},
    {"dead-letters show", "Show a dead letter with its input and attempts", Needs::api, true,
     letter_options, show_dead_letter},
    {"dead-letters redrive", "Take a dead letter up again", Needs::api, true, redrive_options,
     redrive_dead_letter,
     "As it is, its run goes on from the failed step. With an input or a version it is done again "
     "as a new run."},
    {"dead-letters discard", "Discard a dead letter", Needs::api, true, discard_options, discard_dead_letter},
    {"dead-letters redrive-all", "Redrive open dead letters by filter, canaries first", Needs::api,
     true, redrive_all_options, redrive_dead_letters,
     "The canaries' ends are awaited; one that fails stops the action, and the rest stays as it "
     "is. Ctrl-C is not needed: the server goes on, also after a restart."},
    {"bulk list", "List bulk actions, newest first", Needs::api, true, {}, list_bulk_actions},
    {"bulk show", "Show how far a bulk action is", Needs::api, true, bulk_options, show_bulk_action},
    {"bulk watch", "Follow a bulk action to its end; exits 1 when not all was done", Needs::api, true,
     bulk_options, watch_bulk_action},
    {"bulk items", "List what became of each object of a bulk action", Needs::api, true,
     bulk_items_options, list_bulk_items},
    {"bulk cancel", "Cancel a bulk action; what it has done stays", Needs::api, true, bulk_options,
     cancel_bulk_action},
    {"artifacts list", "List artifacts, newest first", Needs::api, true, artifacts_list_options, list_artifacts},
    {"artifacts get", "Download an artifact", Needs::api, false, artifact_options, get_artifact},
    {"key create", "Make an API key; it is shown this once", Needs::api, true, key_create_options,
     create_key},
    {"key edit", "Change which models an API key may call, and how often", Needs::api, true, key_edit_options, edit_key,
     "Its budgets: `sluice budgets edit`."},
    {"key list", "List API keys, revoked ones too", Needs::api, true, {}, list_keys},
    {"key revoke", "Revoke an API key", Needs::api, false, key_options, revoke_key},
    {"role list", "List roles: those that every workspace has, then its own", Needs::api, true, {}, list_roles},
    {"role create", "Make a role of the workspace from permissions", Needs::api, true, role_create_options, create_role,
     "Nobody hands out a permission that they lack."},
    {"role update", "Change a role of the workspace; from then on it holds for every key and person that has it", Needs::api, true,
     role_update_options, update_role},
    {"role delete", "Delete a role of the workspace that nobody has", Needs::api, false, role_options, delete_role},
    {"providers list", "List the workspace's model providers", Needs::api, true, {}, list_providers},
    {"providers add", "Add a model provider", Needs::api, true, provider_add_options, add_provider,
     "The key is never part of the command line and never shown."},
    {"providers check", "Ask a provider for its models, with its key, and say what is wrong; exits 1 if something is", Needs::api, true,
     provider_options, check_provider, "Shows as well how calls of late have ended."},
    {"providers delete", "Delete a model provider", Needs::api, false, provider_options, delete_provider},
    {"model-routes list", "List names that stand for several models", Needs::api, true, {}, list_model_routes},
    {"model-routes set", "Make or replace a name that stands for several models", Needs::api, true, model_route_set_options, set_model_route,
     "When one target fails before its first token, the next one is tried."},
    {"model-routes delete", "Delete a model route", Needs::api, false, model_route_options, delete_model_route},
    {"model-limits list", "List limits on calls of models, with what is left", Needs::api, true, {}, list_model_limits},
    {"model-limits create", "Limit requests and tokens a minute, or the models that may be called", Needs::api, true, model_limit_create_options,
     create_model_limit},
    {"model-limits edit", "Change a limit; what is not named stays", Needs::api, true, model_limit_edit_options, edit_model_limit},
    {"model-limits delete", "Delete a limit", Needs::api, false, model_limit_options, delete_model_limit},
    {"models list", "List models with their prices", Needs::api, true, models_list_options, list_models},
    {"models import", "Add models and prices from a file, for the whole server", Needs::api, true, models_import_options, import_models,
     "On the server's own machine. Prices are added and never changed; of two that hold at one time the later import counts."},
    {"models check", "Check a catalogue file, or with --providers what providers list; names every mistake and exits 1", Needs::api, true,
     models_check_options, check_models},
    GUARDRAIL_ROWS,
    {"budgets list", "List budgets with how they stand, newest first", Needs::api, true, {}, list_budgets},
    {"budgets create", "Create a budget; it counts the calls that begin from then on", Needs::api, true, budget_create_options, create_budget},
    {"budgets show", "Show a budget, how it stands and where it is going", Needs::api, true, budget_options, show_budget},
    {"budgets edit", "Change a budget's limit, action or alerts", Needs::api, true, budget_edit_options, edit_budget},
    {"budgets raise", "Raise a budget's limit until a time; replaces a raise before", Needs::api, true, budget_raise_options, raise_budget},
    {"budgets delete", "Delete a budget", Needs::api, false, budget_options, delete_budget},
    {"budgets unknown", "List what a crash left open and counts as spent", Needs::api, true, unknown_options, list_unknown_spend},
    {"budgets resolve", "Say what unknown spend was; the rest is free again", Needs::api, true, resolve_options, resolve_unknown_spend},
    {"spend", "Show what calls of models cost: sums, each call, or CSV", Needs::api, true, spend_options, show_spend},
    {"secrets set", "Set a secret; one that is there gets a new value", Needs::api, true, secret_set_options, set_secret,
     "The value is never part of the command line and never shown. A list that is given replaces the one there is."},
    {"secrets list", "List secrets, without their values", Needs::api, true, {}, list_secrets},
    {"secrets show", "Show where a secret may be used", Needs::api, true, secret_options, show_secret},
    {"secrets bind", "Say where a secret may be used", Needs::api, true, secret_bind_options, bind_secret},
    {"secrets rotate", "Give a secret a new value; the old one is kept for 24 hours", Needs::api, true, secret_rotate_options, rotate_secret},
    {"secrets delete", "Delete a secret with all its versions", Needs::api, false, secret_options, delete_secret},
    {"vault status", "Tell whether the vault is open; exits 1 when it is sealed", Needs::api, true, {}, show_vault_status},
    {"vault unseal", "Look for the root key again", Needs::api, true, unseal_options, unseal_vault,
     "On the server's own machine. Put the key file in its place first, or give --passphrase."},
    {"vault rotate-root", "Wrap all keys with another root key", Needs::api, true, rotate_root_options, rotate_root,
     "On the server's own machine. Without options a fresh key takes the key file's place; the old one is kept beside it."},
    {"vault rotate-keys", "Rotate the key that wraps the workspace's secrets", Needs::api, true, {}, rotate_secret_keys},
    {"workspace list", "List workspaces", Needs::api, true, {}, list_workspaces},
    {"workspace create", "Make a workspace", Needs::api, true, workspace_options, create_workspace},
    {"workspace egress", "Show or set where the workspace's requests may go", Needs::api, true,
     egress_options, workspace_egress,
     "Without options it shows the rules. `--allow` opens internal addresses, which only this machine's owner may: it "
     "goes through DIR/admin.sock or the data directory."},
    {"workspace second-factor", "Show or set whether the workspace's members must have a second factor", Needs::api, true, sign_in_options,
     workspace_second_factor},
    {"link", "Print a link that signs a browser in as owner, once, within ten minutes", Needs::api,
     true, link_options, make_link},
    {"user list", "List the accounts of the server, and their workspaces", Needs::api, true, {}, list_users},
    {"user create", "Make an account with a role in the workspace", Needs::api, true, user_create_options, create_user,
     "The password is the first line of a file or of standard input. Like the other commands about accounts it works on the "
     "server's machine alone."},
    {"user reset", "Print a link by which a person chooses a new password, once, within 30 minutes", Needs::api, true,
     user_reset_options, reset_user},
    {"user disable", "End a person's sessions and let nobody sign in as them", Needs::api, false, user_options, disable_user},
    {"user enable", "Let a disabled account sign in again", Needs::api, false, user_options, enable_user},
    {"user invite", "Print a link that invites somebody to the workspace, once, for seven days", Needs::api, true,
     user_invite_options, invite_user},
    {"cel", "Evaluate an expression", Needs::nothing, false, cel_options, evaluate_cel,
     "--jsonl takes {\"expr\", \"bindings\", \"container\"} with typed values a line and answers "
     "{\"value\"} or {\"error\"}."},
    {"config check",
     "Check the configuration; names the place of every mistake and exits 78",
     Needs::all_settings,
     true,
     {},
     check_config},
    {"config show",
     "Show every setting and where its value comes from",
     Needs::all_settings,
     true,
     {},
     show_config},
    {"config sample",
     "Print a configuration file with every setting, commented out",
     Needs::nothing,
     false,
     {},
     sample_config},
    {"backup", "Back up database and blobs into a new folder, verified; the server may run",
     Needs::api, true, backup_options, back_up,
     "The folder can be opened as a data directory; docs/backup.md tells of its parts. Without a "
     "server the directory is read as it is: no run is taken up and the schema is not upgraded."},
    {"restore", "Put a backup in place of a data directory; no server may run on it",
     Needs::config, true, restore_options, restore,
     "The backup is verified first, and moved in as one. With --force what was there is kept in "
     "the directory, as before-restore-…"},
    {"doctor",
     "Check this machine and the data directory; exits 1 when something must be mended",
     Needs::api,
     true,
     {},
     doctor},
    {"seed", "Make a demonstration in a new data directory: two weeks of runs, people, budgets and mistakes", Needs::config, true,
     seed_options, seed,
     "It is made by the server itself, on a clock that is moved: the same command gives the same ids and times. Nobody is called, and "
     "the models are simulated. Passwords and keys of a demonstration are the same everywhere: use it for looking, never for work."},
    {"openapi", "Print the OpenAPI document of the REST API; needs no server", Needs::nothing, false, {}, print_openapi},
    {"version", "Print the version", Needs::nothing, true, {}, show_version},
};

}  // namespace

std::span<const CommandRow> commands() { return rows; }

std::string_view group_doc(std::string_view group) {
    if (group == "flows") return "List, show, compare and export flows";
    if (group == "drafts") return "Edit a flow beside its versions";
    if (group == "pins") return "Sample outputs for runs of drafts";
    if (group == "runs") return "Start, follow, read and cancel runs";
    if (group == "audit") return "Search, export and verify the audit trail";
    if (group == "queues") return "Show, pause, resume and drain the queue of runs";
    if (group == "dead-letters") return "List, redrive and discard what failed for good";
    if (group == "bulk") return "Follow and cancel actions on many objects";
    if (group == "artifacts") return "List and download the files that runs made";
    if (group == "key") return "Make, list and revoke API keys";
    if (group == "user") return "Accounts of people, and invitations";
    if (group == "role") return "Roles: built in, and the workspace's own";
    if (group == "providers") return "Whose models are called, and with which key";
    if (group == "model-routes") return "Names that stand for several models";
    if (group == "model-limits") return "How often models may be called, and which";
    if (group == "models") return "Models and what they cost";
    if (group == "guardrails") return "What requests and answers of models are judged by";
    if (group == "content-policy") return "Which prompts and answers of models are kept";
    if (group == "budgets") return "Limits on what calls of models may cost";
    if (group == "secrets") return "Set, bind, rotate and delete the secrets that flows use";
    if (group == "vault") return "The root key and the keys it wraps";
    if (group == "workspace") return "List and make workspaces";
    return "Check and show the configuration";
}

}  // namespace sluice::cli
