#pragma once
/// Forward declaration of `Json`, for headers that only name it.

#include <nlohmann/json_fwd.hpp>

namespace sluice::base {
using Json = nlohmann::ordered_json;
}
namespace sluice {
using base::Json;
}
