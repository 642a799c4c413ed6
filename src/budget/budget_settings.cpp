#include "sluice/budget/budget.hpp"

namespace sluice::budget {

base::SettingRows settings() {
    static constexpr base::Setting rows[] = {
        {.name = "spend.retention", .type = base::SettingType::duration, .default_value = "9600h",
         .doc = "How long the rows of what calls of models cost are kept", .min = 86'400'000'000},
    };
    return rows;
}

}  // namespace sluice::budget
