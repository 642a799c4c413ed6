#pragma once
// The options and rows of `sluice guardrails`, `sluice content-policy`, `sluice spend-content` and `sluice models compare`.

#include "cli/command.hpp"

namespace sluice::cli {

Outcome<int> list_guardrails(Context& context);
Outcome<int> set_guardrail(Context& context);
Outcome<int> delete_guardrail(Context& context);
Outcome<int> show_content_policy(Context& context);
Outcome<int> set_content_policy(Context& context);
Outcome<int> show_content(Context& context);
Outcome<int> compare_models(Context& context);

inline constexpr OptionRow guardrail_options[] = {{"NAME", "NAME", "The guardrail, by name or id", true}};
inline constexpr OptionRow guardrail_set_options[] = {
    {"NAME", "NAME", "How it is called", true},
    {"--rule", "JSON|@file", "What it looks for, such as '{\"type\": \"detect\", \"kinds\": [\"email\"]}' (docs/guardrails.md)", true},
    {"--direction", "DIRECTION", "input, output or both; default: both, of a schema output"},
    {"--model", "NAME", "Only calls of this model; * stands for anything", false, true},
    {"--api-key", "ID", "Only calls with this key", false, true},
    {"--flow", "NAME", "Only calls of this flow", false, true},
    {"--project", "NAME", "Only calls in this project", false, true},
    {"--position", "N", "The least is asked first; default 100"},
    {"--off", "", "It is there, and not asked"}};
inline constexpr OptionRow content_policy_options[] = {
    {"--keep", "WHAT", "none, errors or all", true},
    {"--retention", "DURATION", "How long, from 1h to 400d; default 168h"}};
inline constexpr OptionRow content_options[] = {{"ID", "ID", "The call (spd_…)", true}};
inline constexpr OptionRow compare_options[] = {
    {"--model", "NAME", "A model, a route, or flow/NAME; up to six", true, true},
    {"--prompt", "TEXT", "What they are asked", true},
    {"--system", "TEXT", "What they are and must keep to"},
    {"--parameters", "JSON|@file", "More members of the request, such as '{\"temperature\": 0}'"}};

#define GUARDRAIL_ROWS                                                                                                                  \
    {"guardrails list", "List guardrails in the order in which they are asked", Needs::api, true, {}, list_guardrails},                 \
    {"guardrails set", "Make or change a guardrail", Needs::api, true, guardrail_set_options, set_guardrail},                           \
    {"guardrails delete", "Delete a guardrail", Needs::api, false, guardrail_options, delete_guardrail},                                \
    {"content-policy show", "Show which prompts and answers are kept", Needs::api, true, {}, show_content_policy},                      \
    {"content-policy set", "Say which prompts and answers are kept, and how long", Needs::api, true, content_policy_options, set_content_policy}, \
    {"spend-content", "Show what was asked and answered in a call, where it was kept", Needs::api, true, content_options, show_content}, \
    {"models compare", "Ask several models the same, beside each other", Needs::api, true, compare_options, compare_models}

}  // namespace sluice::cli
