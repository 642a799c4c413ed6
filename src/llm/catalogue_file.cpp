// The file format of the catalogue, both ways; docs/models.md describes it.

#include "llm/catalogue_lines.hpp"
#include "llm/catalogue_reader.hpp"
#include "sluice/base/embedded.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::embedded {
std::span<const base::EmbeddedFile> models();
}

namespace sluice::llm {

namespace {

constexpr std::size_t id_digits = 16;
constexpr base::JsonLimits limits{.size_bytes = 8 << 20, .depth = 16, .keys = 1'000, .string_bytes = 64 << 10};

void add_lines(std::vector<base::ErrorDetail>& details, std::string_view text) {
    if (details.empty()) return;
    const auto lines = lines_of(text);
    for (auto& detail : details)
        if (const auto line = lines.find(detail.pointer); line != lines.end())
            detail.message = fmt::format("line {}: {}", line->second, detail.message);
}

Json render_rates(const Rates& rates) {
    Json out = Json::object();
    const auto add = [&](const char* name, const std::optional<NanoUsd>& rate) {
        if (rate) out[name] = base::format_usd(*rate);
    };
    add("input", rates.input);
    add("cache_read", rates.cache_read);
    add("cache_write_5m", rates.cache_write_5m);
    add("cache_write_1h", rates.cache_write_1h);
    add("output", rates.output);
    add("reasoning", rates.reasoning);
    add("audio_input", rates.audio_input);
    add("audio_output", rates.audio_output);
    add("image_input", rates.image_input);
    return out;
}

Json render_multipliers(const Multipliers& multipliers) {
    constexpr std::int64_t per_millionth = 1'000'000'000 / multiplier_one;
    Json out = Json::object();
    for (const auto& [name, factor] : multipliers) out[name] = base::format_usd(NanoUsd{factor * per_millionth});
    return out;
}

template <class Value, class Read>
Result<Value> read_rendered(std::string_view text, Read read) {
    auto json = base::parse_json(text, limits);
    if (!json) return fail(ErrorCode::internal, "{}", json.error().message);
    CatalogueReader reader;
    auto value = read(reader, *json);
    if (!reader.mistakes.empty())
        return fail(ErrorCode::internal, "{} {}", reader.mistakes.front().pointer, reader.mistakes.front().message);
    return value;
}

}  // namespace

Result<ReadCatalogue> read_catalogue(std::string_view text) {
    auto json = base::parse_json(text, limits);
    if (!json) return fail(std::move(json.error()));
    CatalogueReader reader;
    ReadCatalogue out;
    out.rows = reader.read_file(*json);
    add_lines(reader.mistakes, text);
    add_lines(reader.warnings, text);
    if (!reader.mistakes.empty()) {
        const auto& first = reader.mistakes.front();
        Error error{ErrorCode::invalid_argument,
                    fmt::format("the catalogue of models has {} {}; the first is at {}: {}", reader.mistakes.size(),
                                reader.mistakes.size() == 1 ? "mistake" : "mistakes",
                                first.pointer.empty() ? "its top" : first.pointer, first.message),
                    std::move(reader.mistakes), false};
        return fail(std::move(error));
    }
    out.warnings = std::move(reader.warnings);
    return out;
}

Result<PriceVersion> read_rendered_price(std::string_view text) {
    // As embedding: that the output's price stands there was judged when it was written.
    auto price = read_rendered<PriceVersion>(
        text, [](CatalogueReader& reader, const Json& json) { return reader.read_price(json, "", ModelKind::embedding, Rendered::yes); });
    if (price) price->id = price_id(*price);
    return price;
}

Result<ModelEntry> read_rendered_entry(std::string_view text) {
    return read_rendered<ModelEntry>(
        text, [](CatalogueReader& reader, const Json& json) { return reader.read_entry(json, "", Rendered::yes); });
}

std::string_view embedded_catalogue() {
    for (const auto& file : embedded::models())
        if (file.path == "models.json") return file.content;
    throw std::logic_error("config/models.json is not embedded");
}

Json render_price(const PriceVersion& price) {
    Json tiers = Json::array();
    for (const auto& tier : price.tiers)
        tiers.push_back({{"above_input_tokens", tier.above_input_tokens}, {"usd_per_million", render_rates(tier.rates)}});
    Json tools = Json::object();
    for (const auto& [tool, amount] : price.per_tool_call) tools[tool] = base::format_usd(amount);
    return {{"price_version", price.id},
            {"provider", price.provider},
            {"model", price.model},
            {"valid_from", base::format_time(price.valid_from)},
            {"valid_to", price.valid_to ? Json(base::format_time(*price.valid_to)) : Json()},
            {"usd_per_million", render_rates(price.rates)},
            {"tiers", std::move(tiers)},
            {"tier_multipliers", render_multipliers(price.tier_multipliers)},
            {"region_multipliers", render_multipliers(price.region_multipliers)},
            {"usd_per_tool_call", std::move(tools)},
            {"source", price.source},
            {"as_of", price.as_of}};
}

Json render_entry(const ModelEntry& entry) {
    return {{"provider", entry.provider},
            {"id", entry.id},
            {"aliases", entry.aliases},
            {"kind", to_string(entry.kind)},
            {"context_window", entry.context_window ? Json(*entry.context_window) : Json()},
            {"max_output_tokens", entry.max_output_tokens ? Json(*entry.max_output_tokens) : Json()},
            {"input_modalities", entry.input_modalities},
            {"capabilities", entry.capabilities},
            {"source", entry.source}};
}

std::string price_id(const PriceVersion& price) {
    Json content = render_price(price);
    for (const auto* aside : {"price_version", "source", "as_of"}) content.erase(aside);
    return "prc_" + crypto::sha256_hex(base::dump_json_canonical(content)).substr(0, id_digits);
}

}  // namespace sluice::llm
