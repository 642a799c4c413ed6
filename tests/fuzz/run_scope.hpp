#pragma once
/// The variables that expressions see in a run, with a value of every kind.

#include "sluice/cel/cel.hpp"

namespace sluice::fuzz {

/// `nodes` as the engine gives it: members by name, absent when skipped.
class RunNodes final : public cel::LazyMap {
  public:
    const Json* find(std::string_view key) const override { return base::find_member(members_, key); }
    std::vector<std::string> keys() const override {
        std::vector<std::string> out;
        for (const auto& [key, value] : members_.items()) out.push_back(key);
        return out;
    }

  private:
    Json members_ = Json::parse(R"({"a": {"output": {"urgency": "high", "score": 4}}, "b": {"output": null}})");
};

inline const cel::Scope& run_scope() {
    static const RunNodes nodes;
    static const Json input = Json::parse(R"j({"id": 7, "text": "Printer on fire \u00e4\ud83d\ude00", "price": 1.5, "whole": 3.0,
        "big": 18446744073709551615, "least": -9223372036854775808, "note": null, "yes": true, "at": "2026-11-03T08:00:00Z",
        "tags": ["a", "b", "c"], "lines": [{"sku": "x", "count": 2}, {"sku": "y", "count": 5}], "m": {"k": {"l": [1, [2]]}},
        "content-type": "text/plain"})j");
    static const Json vars = Json::parse(R"({"limit": 10, "names": {}, "none": []})");
    static const Json item = "one", index = 3;
    static const auto scope = [] {
        cel::Scope out;
        out.set("input", &input);
        out.set("nodes", &nodes);
        out.set("vars", &vars);
        out.set("item", &item);
        out.set("index", &index);
        out.set_now(base::from_us(1'793'000'000'000'000));
        return out;
    }();
    return scope;
}

}  // namespace sluice::fuzz
