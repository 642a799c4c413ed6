#include "sluice/engine/engine.hpp"

namespace sluice::engine {

namespace {
using base::SettingType;

constexpr base::Setting rows[] = {
    {.name = "engine.map_items", .type = SettingType::integer, .default_value = "100000",
     .doc = "The most items one map node may run over", .min = 1, .max = 10'000'000},
    {.name = "engine.max_running_runs", .type = SettingType::integer, .default_value = "5000",
     .doc = "Runs that may be under way at once; more are queued", .min = 1, .max = 1'000'000},
    {.name = "engine.evict_after", .type = SettingType::duration, .default_value = "10s",
     .doc = "A run that has to wait longer than this leaves memory and gives its slot back; it is read back in time",
     .min = 0, .max = 86'400'000'000},
    {.name = "queue.max_backlog", .type = SettingType::integer, .default_value = "100000",
     .doc = "Runs that may be queued or delayed at once; more are refused with 429 before they are accepted", .min = 0, .max = 10'000'000},
    {.name = "queue.max_backlog_workspace", .type = SettingType::integer, .default_value = "50000",
     .doc = "The same of one workspace", .min = 0, .max = 10'000'000},
    {.name = "engine.run_memory", .type = SettingType::bytes, .default_value = "256MiB",
     .doc = "What one run may hold in memory of inputs, outputs and items; the step that would pass it fails", .min = 1 << 20},
    {.name = "engine.workspace_memory", .type = SettingType::bytes, .default_value = "1GiB",
     .doc = "What the active runs of a workspace may hold in memory together", .min = 1 << 20},
    {.name = "engine.sub_run_depth", .type = SettingType::integer, .default_value = "10",
     .doc = "How deep runs may start runs of other flows", .min = 1, .max = 100},
    {.name = "engine.error_flow", .type = SettingType::text, .default_value = "",
     .doc = "The name of the flow that is started in a failed run's workspace when the run's flow names none itself; empty: none"},
    {.name = "engine.stop_grace", .type = SettingType::duration, .default_value = "10s",
     .doc = "How long running steps may go on when the server stops; what is cut off is taken up at the next start",
     .min = 0, .max = 600'000'000},
    {.name = "retention.succeeded", .type = SettingType::duration, .default_value = "720h",
     .doc = "How long runs that succeeded or were cancelled are kept, unless their flow says otherwise; 0s: for ever", .min = 0},
    {.name = "retention.failed", .type = SettingType::duration, .default_value = "2160h",
     .doc = "How long runs that failed or timed out are kept, unless their flow says otherwise; 0s: for ever", .min = 0},
    {.name = "retention.max_runs_bytes", .type = SettingType::bytes, .default_value = "0",
     .doc = "What the journals of all ended runs may take; beyond it the oldest go first; 0: no limit", .min = 0},
};
}  // namespace

base::SettingRows settings() { return rows; }

}  // namespace sluice::engine
