#include "llm/upstreams/upstream.hpp"

#include <algorithm>
#include <array>

namespace sluice::llm {

#define SLUICE_UPSTREAM(name) const UpstreamType& upstream_##name();
#include "llm/upstreams/upstreams.def"
#undef SLUICE_UPSTREAM

void UpstreamType::edit(BodyScan& body, const UpstreamCall& call) const {
    if (body.text("model") != call.model) body.set("model", encode_json_string(call.model));
}

bool UpstreamType::is_listed(std::string_view model, std::span<const std::string> names) const {
    return std::find(names.begin(), names.end(), model) != names.end();
}

std::string UpstreamType::why_no_list(const UpstreamCall&) const {
    return offers(Operation::models) ? std::string() : "it has no list of models that could be asked for; whether its key is good shows with the first call";
}

std::vector<base::ErrorDetail> UpstreamType::check(const Json&) const { return {}; }

std::span<const UpstreamType* const> upstream_types() {
    static const std::array list{
#define SLUICE_UPSTREAM(name) &upstream_##name(),
#include "llm/upstreams/upstreams.def"
#undef SLUICE_UPSTREAM
    };
    return list;
}

const UpstreamType* find_upstream_type(std::string_view name) {
    for (const auto* type : upstream_types())
        if (type->name() == name) return type;
    return nullptr;
}

}  // namespace sluice::llm
