#pragma once
// The options of keys, of providers and routes of models, and of limits on calls of models.

#include "cli/command.hpp"

namespace sluice::cli {

#define LIMIT_TERMS_OPTIONS                                                                                       \
    {"--requests-per-minute", "N", "So many calls of models a minute; `none` for no limit"},                      \
    {"--tokens-per-minute", "N", "So many tokens a minute, input and output together; `none` for no limit"},      \
    {"--models", "LIST", "These models and routes alone, comma separated: names, or beginnings and * (gpt-*); `any` for all"}
inline constexpr OptionRow limit_id = {"ID", "ID", "The limit (lim_…)", true};
inline constexpr OptionRow model_limit_options[] = {limit_id};
inline constexpr OptionRow model_limit_create_options[] = {
    {"--scope", "TYPE[:ID]", "workspace (default), project:NAME, agent:NAME, flow:NAME, model:NAME, api_key:ID or user:ID"},
    {"--model", "NAME", "Count calls of these models alone: a name, or its beginning and * (gpt-*)"},
    LIMIT_TERMS_OPTIONS};
inline constexpr OptionRow model_limit_edit_options[] = {limit_id, LIMIT_TERMS_OPTIONS};
inline constexpr OptionRow key_edit_options[] = {{"ID", "ID", "The key (key_…)", true}, LIMIT_TERMS_OPTIONS};

inline constexpr OptionRow key_create_options[] = {
    {"--workspace", "NAME", "The key's workspace; made when it is missing; default `default`"},
    {"--role", "ROLE", "A built-in role or one of the workspace's (`sluice role list`); default that of who makes it: on the server's own machine owner"},
    {"--name", "TEXT", "What the key is for"},
    {"--scopes", "LIST", "Instead of a role: permissions, comma separated (runs:read,runs:write)"},
    {"--project", "NAME", "Limit it to what is in this project", false, true},
    {"--flow", "NAME", "Limit it to this flow and its runs", false, true},
    {"--cidr", "CIDR", "It may be used from this address or network only (10.0.0.0/24)", false, true},
    {"--rate", "N[:BURST]", "Requests a second of its own, and how many at once (default twice N)"},
    {"--budget", "USD", "A budget of its own, made with it, such as 5"},
    {"--window", "WINDOW", "Of --budget: hour, day, week, month (default) or total"},
    {"--action", "ACTION", "Of --budget: block (default), require_approval or warn"},
    LIMIT_TERMS_OPTIONS,
    {"--expires", "DURATION", "The key ends after this time, such as 90d, or never; default: never on the server's machine, 90d over --url"}};
inline constexpr OptionRow key_options[] = {{"ID", "ID", "The key (key_…)", true}};
inline constexpr OptionRow provider_add_options[] = {
    {"NAME", "NAME", "How the provider is called; models without a list of them are NAME/MODEL", true},
    {"--type", "TYPE", "anthropic, azure_openai, bedrock, gemini, openai or openai_compatible", true},
    {"--base-url", "URL", "Where its API is; default: the vendor's own"},
    {"--model", "ID", "A model that it serves; ID=INPUT:OUTPUT with its price in dollars for a million tokens", false, true},
    {"--file", "FILE", "Read the API key from a file, or - for standard input; default: ask for it, else standard input"},
    {"--no-key", "", "It needs no key"},
    {"--region", "NAME", "Of bedrock"},
    {"--api-version", "DATE", "Of azure_openai"}};
inline constexpr OptionRow provider_options[] = {{"NAME", "NAME", "The provider", true}};
inline constexpr OptionRow model_route_set_options[] = {
    {"NAME", "NAME", "The name that callers give as the model", true},
    {"--target", "MODEL", "A model it stands for, in order; MODEL=WEIGHT", true, true},
    {"--strategy", "NAME", "priority (default), weighted or latency"}};
inline constexpr OptionRow model_route_options[] = {{"NAME", "NAME", "The route", true}};
inline constexpr OptionRow models_list_options[] = {
    {"--provider", "NAME", "Only models of this provider"},
    {"--at", "TIME", "With the prices of this time (2026-12-01T00:00:00Z); default: now"}};
inline constexpr OptionRow models_import_options[] = {
    {"FILE", "FILE", "A catalogue file (docs/models.md), or - for standard input", true},
    {"--dry-run", "", "Only say what would be added"}};
inline constexpr OptionRow models_check_options[] = {
    {"FILE", "FILE", "A catalogue file, or - for standard input; default: that of models.file, else the built-in one"},
    {"--providers", "", "Compare instead the models of the workspace's providers with what each of them lists"}};

}  // namespace sluice::cli
