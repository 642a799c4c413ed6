#include "sluice/engine/engine.hpp"

namespace sluice::engine {

namespace {
using base::SettingType;

constexpr base::Setting rows[] = {
    {.name = "engine.map_items", .type = SettingType::integer, .default_value = "100000",
     .doc = "The most items one map node may run over", .min = 1, .max = 10'000'000},
    {.name = "engine.max_active_runs", .type = SettingType::integer, .default_value = "100000",
     .doc = "Runs that may be under way at once; more are refused with 429", .min = 1, .max = 10'000'000},
    {.name = "engine.stop_grace", .type = SettingType::duration, .default_value = "10s",
     .doc = "How long running steps may go on when the server stops; what is cut off is taken up at the next start",
     .min = 0, .max = 600'000'000},
};
}  // namespace

base::SettingRows settings() { return rows; }

}  // namespace sluice::engine
