#pragma once
// The options of `sluice budgets` and `sluice spend`.

#include "cli/command.hpp"

namespace sluice::cli {

inline constexpr OptionRow budget_id = {"ID", "ID", "The budget (bdg_…)", true};
inline constexpr OptionRow budget_options[] = {budget_id};
#define BUDGET_TERMS_OPTIONS                                                                                                     \
    {"--action", "ACTION", "What happens to a call that does not fit: block (default), require_approval, downgrade or warn"},    \
    {"--downgrade-to", "MODEL", "The model of the action downgrade"},                                                            \
    {"--time-zone", "ZONE", "By whose calendar it begins anew, such as Europe/Berlin; default UTC"},                             \
    {"--carry-over", "", "What a period leaves is added to the next one's limit, once"},                                         \
    {"--alerts", "LIST", "Percents of the limit at which an event is written; default 50,80,100; `none` for none"}
inline constexpr OptionRow budget_create_options[] = {
    {"--limit", "USD", "The limit, such as 7.50; 0 admits nothing that costs", true},
    {"--window", "WINDOW", "hour, day, week, month or total", true},
    {"--scope", "TYPE[:ID]",
     "workspace (default), project:NAME, agent:NAME, flow:NAME, model:NAME, tag:NAME, session:NAME, api_key:ID, user:ID, run:ID, or instance: "
     "the whole server, for its owner"},
    BUDGET_TERMS_OPTIONS};
inline constexpr OptionRow budget_edit_options[] = {
    budget_id, {"--limit", "USD", "The new limit; below what is spent it blocks at once"}, BUDGET_TERMS_OPTIONS,
    {"--no-carry-over", "", "What a period leaves is lost"}};
inline constexpr OptionRow budget_raise_options[] = {
    budget_id,
    {"--by", "USD", "What is added to the limit", true},
    {"--until", "TIME", "It ends at this time, such as 2027-01-31T08:00:00Z"},
    {"--for", "DURATION", "It ends after this time, such as 12h"},
    {"--reason", "TEXT", "Why, for the audit trail", true}};
inline constexpr OptionRow unknown_options[] = {{"ID", "ID", "Only those of this budget (bdg_…)"}, {"--all", "", "Resolved ones too"}};
inline constexpr OptionRow resolve_options[] = {
    {"ID", "ID", "The entry (unk_…)", true},
    {"--cost", "USD", "What it really was; 0 for nothing", true},
    {"--reason", "TEXT", "Where that is known from", true}};
inline constexpr OptionRow spend_options[] = {
    {"--by", "DIMENSION", "model (default), provider, project, flow, agent, api_key, user, tag, day or hour"},
    {"--from", "TIME", "Calls that began at or after this time; of sums the default is 30 days ago"},
    {"--to", "TIME", "Calls that began before this time"},
    {"--project", "NAME", "Only calls of this project"}, {"--flow", "NAME", "Only calls of this flow"},
    {"--agent", "NAME", "Only calls of this agent"}, {"--model", "NAME", "Only calls of this model"},
    {"--provider", "NAME", "Only calls of this provider"}, {"--api-key", "ID", "Only calls with this key"},
    {"--user", "ID", "Only calls of this person"}, {"--run", "ID", "Only calls of this run"},
    {"--status", "STATUS", "ok, failed, aborted, unknown, cached or refused"},
    {"--calls", "", "Each call instead of sums, newest first"}, {"--limit", "N", "With --calls: at most so many; default 50"},
    {"--csv", "", "Each call as CSV, oldest first, all of them"},
    {"-o,--output", "FILE", "With --csv: write to this file; default: standard output"}};

}  // namespace sluice::cli
