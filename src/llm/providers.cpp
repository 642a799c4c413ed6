#include <algorithm>

#include "sluice/llm/provider.hpp"

namespace sluice::llm {

namespace {

std::optional<Price> price_of(const Provider& provider, std::string_view model) {
    for (const auto& info : provider.models())
        if (info.id == model) return info.price;
    return std::nullopt;
}

}  // namespace

void Providers::add(std::shared_ptr<Provider> provider) {
    remove(provider->name());
    providers_.push_back(std::move(provider));
}

void Providers::remove(std::string_view name) {
    std::erase_if(providers_, [&](const auto& each) { return each->name() == name; });
}

Result<Providers::Choice> Providers::resolve(std::string_view model) const {
    std::string wanted(model);
    if (wanted.empty() || wanted == "default") {
        if (!default_.empty()) {
            wanted = default_;
        } else {
            for (const auto& each : providers_)
                if (!each->models().empty())
                    return Choice{each, each->models().front().id, each->models().front().price};
            return fail(
                ErrorCode::not_found,
                "no model is configured; set OPENAI_API_KEY or OPENAI_BASE_URL, or name a model");
        }
    }
    for (const auto& each : providers_)
        for (const auto& info : each->models())
            if (info.id == wanted) return Choice{each, info.id, info.price};
    if (const auto slash = wanted.find('/');
        slash != std::string::npos && slash + 1 < wanted.size()) {
        const std::string provider = wanted.substr(0, slash), rest = wanted.substr(slash + 1);
        for (const auto& each : providers_) {
            if (each->name() != provider) continue;
            // The simulated provider knows its models; a real server may have more than it was
            // asked to list.
            const bool known = std::any_of(each->models().begin(), each->models().end(),
                                           [&](const auto& m) { return m.id == rest; });
            if (known || each->type() != "simulated")
                return Choice{each, rest, price_of(*each, rest)};
        }
    }
    std::string names;
    for (const auto& each : providers_)
        for (const auto& info : each->models())
            names += fmt::format("{}{}", names.empty() ? "" : ", ", info.id);
    for (const auto& each : providers_)
        if (each->type() != "simulated")
            names += fmt::format(" (or any model as {}/<model>)", each->name());
    return fail(ErrorCode::not_found, "there is no model {}; the configured ones are {}", wanted,
                names.empty() ? "none" : names);
}

}  // namespace sluice::llm
