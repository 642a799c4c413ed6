#include "llm/catalogue_reader.hpp"

#include <algorithm>
#include <map>

namespace sluice::llm {

namespace {

constexpr std::int64_t usd = 1'000'000'000;
constexpr std::int64_t most_per_million = 1'000'000 * usd;  ///< a dollar for each token: beyond it a price is a slip
constexpr std::int64_t most_per_call = 1'000 * usd;
constexpr std::int64_t most_multiplier = 100 * usd;
constexpr std::size_t most_mistakes = 100, most_models = 20'000, most_prices = 1'000, most_listed = 64, most_tiers = 16;
constexpr std::size_t longest_name = 200, longest_text = 1'000;

std::string below(const std::string& at, std::string_view member) { return at + "/" + base::escape_pointer(member); }

/// Letters, digits and marks, without spaces: what can stand in a request.
bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_name &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

void CatalogueReader::mistake(std::string at, std::string message) {
    if (mistakes.size() < most_mistakes) mistakes.push_back({std::move(at), std::move(message)});
}

bool CatalogueReader::object(const Json& value, const std::string& at, std::initializer_list<std::string_view> known) {
    if (!value.is_object()) {
        mistake(at, "must be an object");
        return false;
    }
    for (const auto& [name, member] : value.get_ref<const Json::object_t&>())
        if (std::find(known.begin(), known.end(), std::string_view(name)) == known.end())
            mistake(below(at, name), fmt::format("there is no such member here; there are {}", fmt::join(known, ", ")));
    return true;
}

std::string CatalogueReader::text(const Json& object, std::string_view member, const std::string& at, std::size_t longest) {
    const Json* value = base::find_member(object, member);
    if (!value || value->is_null()) return {};
    if (value->is_string() && value->get_ref<const std::string&>().size() <= longest) return value->get<std::string>();
    mistake(below(at, member), fmt::format("must be a text of at most {} bytes", longest));
    return {};
}

std::string CatalogueReader::name(const Json& object, std::string_view member, const std::string& at) {
    const Json* value = base::find_member(object, member);
    if (!value) {
        mistake(at, fmt::format("{} is missing", member));
        return {};
    }
    if (value->is_string() && is_name(value->get_ref<const std::string&>())) return value->get<std::string>();
    mistake(below(at, member), fmt::format("must be a name without spaces, of at most {} characters", longest_name));
    return {};
}

std::vector<std::string> CatalogueReader::names(const Json& object, std::string_view member, const std::string& at) {
    std::vector<std::string> out;
    const Json* value = base::find_member(object, member);
    if (!value || value->is_null()) return out;
    if (!value->is_array() || value->size() > most_listed) {
        mistake(below(at, member), fmt::format("must be a list of at most {} names", most_listed));
        return out;
    }
    for (std::size_t i = 0; i < value->size(); ++i) {
        const Json& item = (*value)[i];
        if (item.is_string() && is_name(item.get_ref<const std::string&>()))
            out.push_back(item.get<std::string>());
        else
            mistake(below(below(at, member), std::to_string(i)), "must be a name without spaces");
    }
    return out;
}

std::optional<std::int64_t> CatalogueReader::whole(const Json& object, std::string_view member, const std::string& at) {
    const Json* value = base::find_member(object, member);
    if (!value || value->is_null()) return std::nullopt;
    constexpr std::int64_t most = 1'000'000'000'000;
    const bool fits = value->is_number_unsigned() ? value->get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                                                  : value->is_number_integer() && value->get<std::int64_t>() >= 0;
    if (fits) return value->get<std::int64_t>();
    mistake(below(at, member), "must be a whole number of tokens, not negative");
    return std::nullopt;
}

std::optional<Time> CatalogueReader::time(const Json& object, std::string_view member, const std::string& at) {
    const Json* value = base::find_member(object, member);
    if (!value || value->is_null()) return std::nullopt;
    if (value->is_string()) {
        const auto& written = value->get_ref<const std::string&>();
        const auto parsed = base::parse_time(written);
        if (parsed && written.ends_with('Z')) return *parsed;
    }
    mistake(below(at, member), "must be a time in UTC such as 2026-12-01T00:00:00Z");
    return std::nullopt;
}

std::optional<std::int64_t> CatalogueReader::decimal(const Json& value, const std::string& at, std::int64_t most,
                                                     std::string_view what) {
    if (value.is_null()) return std::nullopt;
    std::string written;
    if (value.is_string()) written = value.get<std::string>();
    // 2.50 arrives as the double 2.5, which is written as 2.5; whole ones end in ".0" then.
    if (value.is_number()) written = base::dump_json(value);
    const auto amount = base::parse_usd(written);
    if (!amount) {
        mistake(at, fmt::format("must be {} such as \"2.50\", with at most nine decimals and no exponent", what));
        return std::nullopt;
    }
    if (amount->value < 0) {
        mistake(at, fmt::format("must be {}, which cannot be negative", what));
        return std::nullopt;
    }
    if (amount->value > most) {
        mistake(at, fmt::format("must be {} of at most {}", what, base::format_usd(NanoUsd{most})));
        return std::nullopt;
    }
    return amount->value;
}

Rates CatalogueReader::rates(const Json& price, const std::string& at, ModelKind kind) {
    Rates out;
    const Json* given = base::find_member(price, "usd_per_million");
    if (!given) {
        mistake(at, "usd_per_million is missing");
        return out;
    }
    const auto place = below(at, "usd_per_million");
    if (!object(*given, place, {"input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "output", "reasoning",
                                "audio_input", "audio_output", "image_input"}))
        return out;
    const auto one = [&](std::string_view member) -> std::optional<NanoUsd> {
        const Json* value = base::find_member(*given, member);
        if (!value) return std::nullopt;
        const auto amount = decimal(*value, below(place, member), most_per_million, "an amount in US dollars");
        return amount ? std::optional(NanoUsd{*amount}) : std::nullopt;
    };
    out.input = one("input");
    out.cache_read = one("cache_read");
    out.cache_write_5m = one("cache_write_5m");
    out.cache_write_1h = one("cache_write_1h");
    if (const auto only = one("cache_write")) {
        if (out.cache_write_5m || out.cache_write_1h)
            mistake(below(place, "cache_write"), "is for vendors with one price for all writes; leave it out, or cache_write_5m and _1h");
        out.cache_write_5m = out.cache_write_1h = only;
    }
    out.output = one("output");
    out.reasoning = one("reasoning");
    out.audio_input = one("audio_input");
    out.audio_output = one("audio_output");
    out.image_input = one("image_input");
    const auto required = [&](std::string_view member) {
        const Json* value = base::find_member(*given, member);
        if (!value || value->is_null())
            mistake(place, fmt::format("{} is missing; a model whose {} price is not known has no price: leave the version out", member,
                                       member));
    };
    required("input");
    if (kind == ModelKind::chat) required("output");
    return out;
}

std::vector<Tier> CatalogueReader::tiers(const Json& price, const std::string& at, ModelKind kind) {
    std::vector<Tier> out;
    const Json* given = base::find_member(price, "tiers");
    if (!given || given->is_null()) return out;
    const auto place = below(at, "tiers");
    if (!given->is_array() || given->size() > most_tiers) {
        mistake(place, fmt::format("must be a list of at most {} objects", most_tiers));
        return out;
    }
    for (std::size_t i = 0; i < given->size(); ++i) {
        const auto here = below(place, std::to_string(i));
        const Json& one = (*given)[i];
        if (!object(one, here, {"above_input_tokens", "usd_per_million"})) continue;
        const auto before = mistakes.size();
        const auto above = whole(one, "above_input_tokens", here);
        if (!above && mistakes.size() == before) mistake(here, "above_input_tokens is missing");
        if (above && !out.empty() && *above <= out.back().above_input_tokens)
            mistake(below(here, "above_input_tokens"),
                    fmt::format("must be more than the tier before it ({}): tiers ascend", out.back().above_input_tokens));
        auto of_tier = rates(one, here, kind);
        if (above) out.push_back({*above, std::move(of_tier)});
    }
    return out;
}

Multipliers CatalogueReader::multipliers(const Json& price, std::string_view member, const std::string& at) {
    Multipliers out;
    const Json* given = base::find_member(price, member);
    if (!given || given->is_null()) return out;
    const auto place = below(at, member);
    if (!given->is_object() || given->size() > most_listed) {
        mistake(place, fmt::format("must be an object of at most {} factors", most_listed));
        return out;
    }
    for (const auto& [key, value] : given->get_ref<const Json::object_t&>()) {
        const auto factor = decimal(value, below(place, key), most_multiplier, "a factor");
        constexpr std::int64_t per_millionth = usd / multiplier_one;
        if (factor && (*factor == 0 || *factor % per_millionth != 0))
            mistake(below(place, key), "must be above 0, with at most six decimals");
        else if (!is_name(key))
            mistake(below(place, key), "must have a name without spaces");
        else if (factor)
            out[key] = *factor / per_millionth;
        else if (value.is_null())
            mistake(below(place, key), "must be a factor; leave out one that is not known");
    }
    return out;
}

PriceVersion CatalogueReader::read_price(const Json& price, const std::string& at, ModelKind kind, Rendered rendered) {
    PriceVersion out;
    const bool is_object =
        rendered == Rendered::yes
            ? object(price, at, {"price_version", "provider", "model", "valid_from", "valid_to", "usd_per_million", "tiers",
                                 "tier_multipliers", "region_multipliers", "usd_per_tool_call", "source", "as_of"})
            : object(price, at, {"valid_from", "valid_to", "usd_per_million", "tiers", "tier_multipliers", "region_multipliers",
                                 "usd_per_tool_call", "source", "as_of"});
    if (!is_object) return out;
    if (rendered == Rendered::yes) {
        out.provider = name(price, "provider", at);
        out.model = name(price, "model", at);
    }
    const auto before = mistakes.size();
    const auto from = time(price, "valid_from", at);
    if (!from && mistakes.size() == before) mistake(at, "valid_from is missing; write the time in UTC from which the price holds");
    out.valid_from = from.value_or(Time());
    out.valid_to = time(price, "valid_to", at);
    if (from && out.valid_to && *out.valid_to <= *from) mistake(below(at, "valid_to"), "must be after valid_from");
    out.rates = rates(price, at, kind);
    out.tiers = tiers(price, at, kind);
    out.tier_multipliers = multipliers(price, "tier_multipliers", at);
    out.region_multipliers = multipliers(price, "region_multipliers", at);
    if (const Json* tools = base::find_member(price, "usd_per_tool_call"); tools && !tools->is_null()) {
        const auto place = below(at, "usd_per_tool_call");
        if (!tools->is_object() || tools->size() > most_listed)
            mistake(place, fmt::format("must be an object of at most {} amounts", most_listed));
        else
            for (const auto& [tool, value] : tools->get_ref<const Json::object_t&>())
                if (const auto amount = decimal(value, below(place, tool), most_per_call, "an amount in US dollars"))
                    out.per_tool_call[tool] = NanoUsd{*amount};
    }
    out.source = text(price, "source", at, longest_text);
    out.as_of = text(price, "as_of", at, longest_text);
    return out;
}

ModelEntry CatalogueReader::read_entry(const Json& model, const std::string& at, Rendered rendered) {
    ModelEntry out;
    const bool is_object = rendered == Rendered::yes
                               ? object(model, at, {"provider", "id", "aliases", "kind", "context_window", "max_output_tokens",
                                                    "input_modalities", "capabilities", "source"})
                               : object(model, at, {"provider", "id", "aliases", "kind", "context_window", "max_output_tokens",
                                                    "input_modalities", "capabilities", "source", "prices"});
    if (!is_object) return out;
    out.provider = name(model, "provider", at);
    if (out.provider == "agent" || out.provider == "flow" || out.provider.find('/') != std::string::npos)
        mistake(below(at, "provider"), "cannot be agent or flow, nor have a slash");
    out.id = name(model, "id", at);
    out.aliases = names(model, "aliases", at);
    const Json* kind = base::find_member(model, "kind");
    if (!kind)
        mistake(at, "kind is missing; write chat or embedding");
    else if (*kind == "embedding")
        out.kind = ModelKind::embedding;
    else if (*kind != "chat")
        mistake(below(at, "kind"), "must be chat or embedding");
    out.context_window = whole(model, "context_window", at);
    out.max_output_tokens = whole(model, "max_output_tokens", at);
    out.input_modalities = names(model, "input_modalities", at);
    out.capabilities = names(model, "capabilities", at);
    out.source = text(model, "source", at, longest_text);
    return out;
}

void CatalogueReader::check_validity(const std::vector<PriceVersion>& prices, const std::vector<std::size_t>& places,
                                     const std::string& at) {
    std::vector<std::size_t> order(prices.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return prices[a].valid_from < prices[b].valid_from; });
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto& one = prices[order[i]];
        const auto here = below(below(at, "prices"), std::to_string(places[order[i]]));
        if (i + 1 == order.size()) {
            if (one.valid_to)
                warnings.push_back({below(here, "valid_to"),
                                    fmt::format("no price follows: from {} on the model has none", base::format_time(*one.valid_to))});
            break;
        }
        const auto& next = prices[order[i + 1]];
        if (!one.valid_to || *one.valid_to > next.valid_from)
            mistake(below(below(at, "prices"), std::to_string(places[order[i + 1]])),
                    fmt::format("begins at {}, when the version before it still holds; end that one with a valid_to",
                                base::format_time(next.valid_from)));
        else if (*one.valid_to < next.valid_from)
            warnings.push_back({below(here, "valid_to"), fmt::format("a gap: the model has no price from {} to {}",
                                                                     base::format_time(*one.valid_to),
                                                                     base::format_time(next.valid_from))});
    }
}

void CatalogueReader::check_names(const std::vector<ModelEntry>& models) {
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> ids;
    for (std::size_t i = 0; i < models.size(); ++i) {
        if (models[i].provider.empty() || models[i].id.empty()) continue;
        if (const auto [first, fresh] = ids.try_emplace({models[i].provider, models[i].id}, i); !fresh)
            mistake(fmt::format("/models/{}", i),
                    fmt::format("{} of {} stands here already, as /models/{}; list all its prices there", models[i].id,
                                models[i].provider, first->second));
    }
    for (std::size_t i = 0; i < models.size(); ++i)
        for (std::size_t j = 0; j < models[i].aliases.size(); ++j)
            if (!ids.try_emplace({models[i].provider, models[i].aliases[j]}, i).second)
                mistake(fmt::format("/models/{}/aliases/{}", i, j), fmt::format("{} names another model of {} already; a name means one model",
                                                                               models[i].aliases[j], models[i].provider));
}

CatalogueRows CatalogueReader::read_file(const Json& file) {
    CatalogueRows out;
    if (!object(file, "", {"format", "comment", "models"})) return out;
    if (const Json* format = base::find_member(file, "format"); !format || *format != 1)
        mistake(format ? "/format" : "", "format must be 1, which this program reads");
    text(file, "comment", "", longest_text * 4);
    const Json* models = base::find_member(file, "models");
    if (!models || !models->is_array() || models->size() > most_models) {
        mistake(models ? "/models" : "", fmt::format("models must be a list of at most {} objects", most_models));
        return out;
    }
    for (std::size_t i = 0; i < models->size(); ++i) {
        const auto at = fmt::format("/models/{}", i);
        const Json& model = (*models)[i];
        auto entry = read_entry(model, at, Rendered::no);
        const Json* prices = base::find_member(model, "prices");
        if (prices && (!prices->is_array() || prices->size() > most_prices))
            mistake(at + "/prices", fmt::format("must be a list of at most {} objects", most_prices));
        else if (!prices || prices->empty())
            warnings.push_back({at, "the model has no price: calls of it are refused where a budget must hold"});
        std::vector<PriceVersion> versions;
        std::vector<std::size_t> places;
        for (std::size_t j = 0; prices && prices->is_array() && j < std::min(prices->size(), most_prices); ++j) {
            const auto before = mistakes.size();
            auto price = read_price((*prices)[j], fmt::format("{}/prices/{}", at, j), entry.kind, Rendered::no);
            if (mistakes.size() != before) continue;
            price.provider = entry.provider;
            price.model = entry.id;
            price.id = price_id(price);
            versions.push_back(std::move(price));
            places.push_back(j);
        }
        check_validity(versions, places, at);
        out.models.push_back(std::move(entry));
        std::move(versions.begin(), versions.end(), std::back_inserter(out.prices));
    }
    check_names(out.models);
    return out;
}

}  // namespace sluice::llm
