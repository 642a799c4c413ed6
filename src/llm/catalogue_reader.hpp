#pragma once
// Reads models and prices out of JSON and collects every mistake, not only the first.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/llm/prices.hpp"

namespace sluice::llm {

/// Members beyond those of a file: what `render_price` and `render_entry` add.
enum class Rendered : bool { no, yes };

class CatalogueReader {
  public:
    std::vector<base::ErrorDetail> mistakes, warnings;

    CatalogueRows read_file(const Json& file);
    PriceVersion read_price(const Json& price, const std::string& at, ModelKind kind, Rendered rendered);
    /// Without its prices.
    ModelEntry read_entry(const Json& model, const std::string& at, Rendered rendered);

  private:
    void mistake(std::string at, std::string message);
    /// Whether it is an object; members that are not in `known` are mistakes.
    bool object(const Json& value, const std::string& at, std::initializer_list<std::string_view> known);
    std::string text(const Json& object, std::string_view member, const std::string& at, std::size_t longest);
    std::string name(const Json& object, std::string_view member, const std::string& at);
    std::vector<std::string> names(const Json& object, std::string_view member, const std::string& at);
    std::optional<std::int64_t> whole(const Json& object, std::string_view member, const std::string& at);
    std::optional<Time> time(const Json& object, std::string_view member, const std::string& at);
    /// A decimal in billionths, at most `most` of them. Null and absent: nothing.
    std::optional<std::int64_t> decimal(const Json& value, const std::string& at, std::int64_t most, std::string_view what);
    Rates rates(const Json& price, const std::string& at, ModelKind kind);
    std::vector<Tier> tiers(const Json& price, const std::string& at, ModelKind kind);
    Multipliers multipliers(const Json& price, std::string_view member, const std::string& at);
    /// Overlaps are mistakes, gaps are warnings. `at` of the model.
    void check_validity(const std::vector<PriceVersion>& prices, const std::vector<std::size_t>& places, const std::string& at);
    void check_names(const std::vector<ModelEntry>& models);
};

}  // namespace sluice::llm
