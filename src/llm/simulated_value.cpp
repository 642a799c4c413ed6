#include "llm/simulated_value.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sluice/base/json_schema.hpp"

namespace sluice::llm {

namespace {

constexpr int deepest =
    12;                    // below it, optional members are left out so that recursive schemas end
constexpr int salts = 16;  // tries with other dice before giving up
constexpr std::size_t most_items = 3;

/// What speaks for a label, beyond its own words. The first column is looked for in the label.
struct Cue {
    std::string_view label;
    std::vector<std::string_view> words;
};
const std::vector<Cue>& cues() {
    static const std::vector<Cue> all{
        {"critical",
         {"outage", "down for everyone", "data loss", "security breach", "production down",
          "all users", "ausfall", "panne totale"}},
        {"urgent",
         {"urgent", "asap", "immediately", "right now", "outage", "is down", "cannot log in",
          "blocked", "emergency", "dringend", "sofort", "urgente", "deadline"}},
        {"high",
         {"urgent", "asap", "immediately", "right now", "outage", "is down", "blocked", "emergency",
          "cannot", "charged twice", "dringend", "sofort", "urgente", "bloqué", "broken",
          "stolen"}},
        {"medium",
         {"error", "fails", "slow", "sometimes", "wrong", "delayed", "fehler", "erreur", "problema",
          "late"}},
        {"normal",
         {"error", "fails", "slow", "sometimes", "wrong", "delayed", "fehler", "erreur", "problema",
          "late"}},
        {"low",
         {"question", "how do i", "wondering", "curious", "suggestion", "nice to have", "thanks",
          "whenever", "no rush", "frage", "feature request", "feedback"}},
        {"billing",
         {"invoice", "charged", "charge", "refund", "payment", "card", "subscription", "price",
          "rechnung", "facture", "factura", "bill", "reembolso"}},
        {"payment", {"invoice", "charged", "refund", "card", "rechnung", "facture", "factura"}},
        {"refund", {"money back", "charged twice", "erstattung", "remboursement", "reembolso"}},
        {"bug",
         {"error", "crash", "crashes", "broken", "fails", "exception", "fehler", "erreur",
          "not working", "stack trace"}},
        {"technical",
         {"error", "crash", "crashes", "broken", "api", "fails", "timeout", "fehler", "erreur",
          "not working", "integration"}},
        {"account",
         {"password", "login", "log in", "sign in", "locked out", "passwort", "mot de passe",
          "contraseña", "two factor", "profile"}},
        {"access", {"password", "login", "log in", "sign in", "locked out", "permission"}},
        {"shipping",
         {"package", "delivery", "tracking", "parcel", "arrived", "paket", "livraison", "envío",
          "shipment"}},
        {"delivery", {"package", "tracking", "parcel", "arrived", "paket", "livraison", "envío"}},
        {"feature",
         {"would be nice", "suggestion", "add support", "wish", "roadmap", "could you add",
          "feature"}},
        {"question",
         {"how do i", "how can", "where", "wondering", "what is", "wie kann", "comment", "cómo"}},
        {"sales", {"quote", "pricing", "upgrade", "demo", "enterprise", "trial", "angebot"}},
        {"spam", {"winner", "lottery", "crypto", "click here", "casino"}},
        {"positive",
         {"thanks", "thank you", "great", "love", "excellent", "perfect", "danke", "merci",
          "gracias"}},
        {"negative",
         {"angry", "terrible", "disappointed", "unacceptable", "worst", "useless", "frustrated",
          "refund"}},
        {"complaint", {"angry", "terrible", "disappointed", "unacceptable", "worst", "complaint"}},
    };
    return all;
}

constexpr std::array<std::array<std::string_view, 3>, 10> language_names{
    {{"en", "english", "eng"},
     {"de", "german", "deutsch"},
     {"fr", "french", "français"},
     {"es", "spanish", "español"},
     {"it", "italian", "italiano"},
     {"pt", "portuguese", "português"},
     {"nl", "dutch", "nederlands"},
     {"pl", "polish", "polski"},
     {"ja", "japanese", "jpn"},
     {"zh", "chinese", "zho"}}};

/// "de" for "de", "German", "de-DE"; empty when the label is no language.
std::string_view language_of(const PromptWords& label) {
    if (label.words().empty()) return {};
    for (const auto& names : language_names)
        for (const auto& name : names)
            if (label.words().front() == name) return names[0];
    return {};
}

class Maker {
  public:
    Maker(const Json& root, const PromptWords& prompt, std::uint64_t seed)
        : root_(root), prompt_(prompt), seed_(seed) {}

    Json make(const Json& schema, std::string_view name, int depth) {
        if (!schema.is_object() || depth > 2 * deepest) return simulate_text(prompt_);
        if (const auto* reference = base::find_member(schema, "$ref");
            reference && reference->is_string()) {
            const Json* target = resolve(reference->get_ref<const std::string&>());
            return target ? make(*target, name, depth + 1) : Json();
        }
        if (const auto* constant = base::find_member(schema, "const")) return *constant;
        if (const auto* choices = base::find_member(schema, "enum");
            choices && choices->is_array() && !choices->empty())
            return choose(*choices, name);
        if (const auto* parts = base::find_member(schema, "allOf");
            parts && parts->is_array() && !parts->empty())
            return make(merged(schema, *parts), name, depth + 1);
        for (const auto* keyword : {"anyOf", "oneOf"})
            if (const auto* options = base::find_member(schema, keyword);
                options && options->is_array() && !options->empty())
                return make(merged(without(schema, keyword), Json::array({pick(*options, name)})),
                            name, depth + 1);
        const std::string type = type_of(schema, name);
        if (type == "object") return object(schema, depth);
        if (type == "array") return array(schema, name, depth);
        if (type == "integer" || type == "number") return number(schema, name, type == "integer");
        if (type == "boolean") return boolean(name);
        if (type == "null") return Json();
        return text(schema, name);
    }

  private:
    std::uint64_t dice(std::string_view name) {
        return stable_hash(name, seed_ + ++rolled_ * 0x9e3779b97f4a7c15ULL);
    }

    const Json* resolve(const std::string& reference) const {
        if (reference == "#") return &root_;
        if (!reference.starts_with("#/")) return nullptr;
        try {
            const Json::json_pointer pointer(reference.substr(1));
            return root_.contains(pointer) ? &root_.at(pointer) : nullptr;
        } catch (const Json::exception&) {
            return nullptr;  // a pointer that is none; the schema's own check reports it
        }
    }

    static Json without(Json schema, const char* keyword) {
        schema.erase(keyword);
        return schema;
    }

    /// The conjunction, as far as merging keywords goes; the final check against the schema catches
    /// the rest.
    Json merged(const Json& schema, const Json& parts) const {
        Json result = without(schema, "allOf");
        for (const Json& written : parts) {
            const Json* part = &written;
            if (const auto* reference = base::find_member(*part, "$ref");
                reference && reference->is_string()) {
                part = resolve(reference->get_ref<const std::string&>());
                if (!part) continue;
            }
            if (!part->is_object()) continue;
            for (const auto& [key, value] : part->items()) {
                if (key == "properties" && result.contains("properties")) {
                    result["properties"].update(value);
                } else if (key == "required" && result.contains("required")) {
                    for (const auto& each : value) result["required"].push_back(each);
                } else {
                    result[key] = value;
                }
            }
        }
        return result;
    }

    Json pick(const Json& options, std::string_view name) {
        std::vector<const Json*> usable;
        for (const auto& option : options)
            if (base::string_or(option, "type", "") != "null") usable.push_back(&option);
        if (usable.empty()) return options.front();
        return *usable[dice(name) % usable.size()];
    }

    static std::string type_of(const Json& schema, std::string_view) {
        if (const auto* type = base::find_member(schema, "type")) {
            if (type->is_string()) return type->get<std::string>();
            if (type->is_array())
                for (const auto& each : *type)
                    if (each.is_string() && each != "null") return each.get<std::string>();
            return "null";
        }
        if (schema.contains("properties") || schema.contains("required")) return "object";
        if (schema.contains("items")) return "array";
        if (schema.contains("minimum") || schema.contains("maximum")) return "number";
        return "string";
    }

    int score(const std::string& value, bool own_words_tell, std::string_view name) const {
        int points = own_words_tell && prompt_.has(value) ? 3 : 0;
        const PromptWords label(value);
        if (const auto code = language_of(label);
            !code.empty() && (names_language(name) || value.size() <= 5))
            if (code == prompt_.language()) points += 4;
        for (const auto& cue : cues()) {
            if (std::find(label.words().begin(), label.words().end(), cue.label) ==
                label.words().end())
                continue;
            for (const auto& word : cue.words) points += prompt_.has(word) ? 2 : 0;
        }
        return points;
    }

    /// The value that the prompt speaks for; by the dice when none is. Where the prompt lists every
    /// value (as instructions do), the mere words tell nothing.
    Json choose(const Json& choices, std::string_view name) {
        const bool all_named = std::all_of(choices.begin(), choices.end(), [&](const Json& each) {
            return each.is_string() && prompt_.has(each.get_ref<const std::string&>());
        });
        int best = 0;
        const Json* winner = nullptr;
        for (const auto& each : choices) {
            if (!each.is_string()) continue;
            if (const int points = score(each.get_ref<const std::string&>(), !all_named, name);
                points > best) {
                best = points;
                winner = &each;
            }
        }
        // A language that is not listed; a scale without a sign for either end.
        if (!winner)
            for (const auto& each : choices)
                if (names_language(name) ? each == "other" : each == "normal" || each == "medium")
                    return each;
        return winner ? *winner : choices[dice(name) % choices.size()];
    }

    static bool names_language(std::string_view name) {
        const PromptWords words(name);
        return words.has("language") || words.has("lang") || words.has("locale");
    }

    Json object(const Json& schema, int depth) {
        Json result = Json::object();
        const auto* required = base::find_member(schema, "required");
        const auto needed = [&](const std::string& key) {
            return required && required->is_array() &&
                   std::find(required->begin(), required->end(), Json(key)) != required->end();
        };
        if (const auto* properties = base::find_member(schema, "properties");
            properties && properties->is_object())
            for (const auto& [key, member] : properties->items())
                if (depth < deepest || needed(key)) result[key] = make(member, key, depth + 1);
        const auto* additional = base::find_member(schema, "additionalProperties");
        const Json any = Json::object({{"type", "string"}});
        const Json& rest = additional && additional->is_object() ? *additional : any;
        if (required && required->is_array())
            for (const auto& key : *required)
                if (key.is_string() && !result.contains(key.get_ref<const std::string&>()))
                    result[key.get_ref<const std::string&>()] =
                        make(rest, key.get_ref<const std::string&>(), depth + 1);
        if (const auto* least = base::find_member(schema, "minProperties");
            least && least->is_number_integer())
            for (const auto& word : prompt_.keywords(64))
                if (static_cast<std::int64_t>(result.size()) < least->get<std::int64_t>())
                    result[word] = make(rest, word, depth + 1);
        return result;
    }

    static std::size_t size_of(const Json& schema, const char* keyword, std::size_t fallback) {
        const auto* value = base::find_member(schema, keyword);
        return value && value->is_number_integer() && value->get<std::int64_t>() >= 0
                   ? static_cast<std::size_t>(
                         std::min<std::int64_t>(value->get<std::int64_t>(), 1000))
                   : fallback;
    }

    Json array(const Json& schema, std::string_view name, int depth) {
        Json result = Json::array();
        const auto* items = base::find_member(schema, "items");
        if (items && items->is_array()) {
            for (const auto& each : *items) result.push_back(make(each, name, depth + 1));
            return result;
        }
        const std::size_t least = size_of(schema, "minItems", 0);
        const std::size_t most = size_of(schema, "maxItems", std::max(least, most_items));
        std::size_t count =
            std::clamp<std::size_t>(1 + dice(name) % most_items, least, std::max(least, most));
        if (depth > deepest) count = least;
        const Json any = Json::object({{"type", "string"}});
        const Json& item = items ? *items : any;
        const bool unique = schema.value("uniqueItems", false);
        const auto words = prompt_.keywords(64);
        const bool plain =
            !items ||
            (item.is_object() && base::string_or(item, "type", "") == "string" && item.size() == 1);
        for (std::size_t i = 0, tries = 0; result.size() < count && tries < count * 8 + 8;
             ++i, ++tries) {
            Json made = plain && i < words.size() ? Json(words[i]) : make(item, name, depth + 1);
            if (unique && item.is_object() && item.contains("enum"))
                made = item["enum"][(i + dice(name)) % item["enum"].size()];
            if (unique && std::find(result.begin(), result.end(), made) != result.end()) continue;
            result.push_back(std::move(made));
        }
        return result;
    }

    Json number(const Json& schema, std::string_view name, bool integer) {
        const auto bound = [&](const char* keyword, double fallback) {
            const auto* value = base::find_member(schema, keyword);
            return value && value->is_number() ? value->get<double>() : fallback;
        };
        const PromptWords words(name);
        const bool share = !integer && (words.has("confidence") || words.has("score") ||
                                        words.has("probability") || words.has("certainty"));
        double low =
            bound("minimum", bound("exclusiveMinimum", std::numeric_limits<double>::quiet_NaN()));
        double high =
            bound("maximum", bound("exclusiveMaximum", std::numeric_limits<double>::quiet_NaN()));
        if (std::isnan(low)) low = std::isnan(high) ? 0 : high - 100;
        if (std::isnan(high) || (share && high > low + 1 && !schema.contains("maximum")))
            high = low + (share ? 1 : 100);
        double step = bound("multipleOf", integer ? 1 : 0.01);
        if (!(step > 0)) step = 1;
        const auto open_low = base::find_member(schema, "exclusiveMinimum"),
                   open_high = base::find_member(schema, "exclusiveMaximum");
        double first = std::ceil(low / step), last = std::floor(high / step);
        if (open_low && open_low->is_number() && first * step <= open_low->get<double>())
            first += 1;
        if (open_high && open_high->is_number() && last * step >= open_high->get<double>())
            last -= 1;
        // Between bounds closer than the step lies only a fraction.
        if (last < first)
            return integer ? Json(static_cast<std::int64_t>(std::ceil(low)))
                           : Json((low + high) / 2);
        const double span = std::min(last - first, 1e6);
        double chosen =
            first + static_cast<double>(dice(name) % (static_cast<std::uint64_t>(span) + 1));
        if (share)
            chosen = last - static_cast<double>(dice(name) % (static_cast<std::uint64_t>(span / 3) +
                                                              1));  // models are sure of themselves
        const double value = chosen * step;
        if (integer || (std::floor(value) == value && step >= 1)) {
            if (std::abs(value) > 9e15)
                return Json(static_cast<std::int64_t>(low > 0 ? 9e15 : -9e15));
            return Json(static_cast<std::int64_t>(std::llround(value)));
        }
        return Json(std::round(value * 1e9) / 1e9);
    }

    Json boolean(std::string_view name) {
        const PromptWords own(name);
        for (const auto& word : own.words())
            if (word.size() > 3 && prompt_.has(word)) return true;
        return dice(name) % 4 == 0;
    }

    Json text(const Json& schema, std::string_view name) {
        const std::size_t least = size_of(schema, "minLength", 0),
                          most = size_of(schema, "maxLength", 100'000);
        if (const auto* pattern = base::find_member(schema, "pattern");
            pattern && pattern->is_string())
            return text_matching(pattern->get_ref<const std::string&>(), dice(name));
        if (const auto format = base::string_or(schema, "format", ""); !format.empty())
            if (auto made = formatted(format, name); !made.empty()) return made;
        std::string made;
        const PromptWords words(name);
        if (names_language(name)) {
            made = prompt_.language();
        } else if (words.has("title") || words.has("subject") || words.has("headline") ||
                   words.has("name") || words.has("topic") || words.has("label")) {
            for (const auto& word : prompt_.keywords(
                     words.has("title") || words.has("subject") || words.has("headline") ? 5 : 2))
                made += (made.empty() ? "" : " ") + word;
        }
        if (made.empty()) made = simulate_text(prompt_);
        while (made.size() < least) made += " " + simulate_text(prompt_);
        return cut(std::move(made), most);
    }

    /// At most `most` characters, never inside one; the schema counts code points.
    static std::string cut(std::string text, std::size_t most) {
        std::size_t characters = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
            if (characters++ == most) return text.substr(0, i);
        }
        return text;
    }

    std::string formatted(const std::string& format, std::string_view name) {
        const auto roll = dice(name);
        if (format == "date-time")
            return fmt::format("2026-{:02}-{:02}T{:02}:{:02}:00Z", 1 + roll % 12,
                               1 + roll / 16 % 28, roll / 512 % 24, roll / 8192 % 60);
        if (format == "date")
            return fmt::format("2026-{:02}-{:02}", 1 + roll % 12, 1 + roll / 16 % 28);
        if (format == "time") return fmt::format("{:02}:{:02}:00Z", roll % 24, roll / 32 % 60);
        if (format == "email" || format == "idn-email") return email();
        if (format == "uri" || format == "iri" || format == "uri-reference")
            return "https://example.com/" +
                   (prompt_.keywords(1).empty() ? "page" : fmt::format("{:x}", roll % 0xffff));
        if (format == "hostname") return "host.example.com";
        if (format == "ipv4") return fmt::format("192.0.2.{}", 1 + roll % 254);
        if (format == "ipv6") return fmt::format("2001:db8::{:x}", 1 + roll % 0xfffe);
        if (format == "uuid")
            return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", roll & 0xffffffff,
                               roll >> 48, roll & 0xfff, roll >> 52, roll >> 16);
        return {};
    }

    /// An address that stands in the prompt, else one of a reserved domain.
    std::string email() const {
        const auto& text = prompt_.text();
        const auto part = [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' ||
                   c == '_' || c == '+';
        };
        for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) {
            std::size_t begin = at, end = at + 1;
            while (begin > 0 && part(text[begin - 1])) --begin;
            while (end < text.size() && part(text[end])) ++end;
            while (end > at + 1 && text[end - 1] == '.') --end;
            if (begin < at && text.substr(at, end - at).find('.') != std::string::npos)
                return text.substr(begin, end - begin);
        }
        return "someone@example.com";
    }

    const Json& root_;
    const PromptWords& prompt_;
    std::uint64_t seed_, rolled_ = 0;
};

}  // namespace

std::uint64_t stable_hash(std::string_view text, std::uint64_t seed) {
    std::uint64_t hash = 0xcbf29ce484222325ULL ^ (seed * 0x9e3779b97f4a7c15ULL);
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
    return hash ^ (hash >> 31);
}

Result<Json> simulate_value(const Json& schema, const PromptWords& prompt, std::uint64_t seed) {
    auto compiled = base::JsonSchema::compile(schema);
    if (!compiled)
        return fail(ErrorCode::invalid_argument, "the response schema is not usable: {}",
                    compiled.error().message);
    std::string mistake;
    for (int salt = 0; salt < salts; ++salt) {
        Json value =
            Maker(schema, prompt, seed + static_cast<std::uint64_t>(salt)).make(schema, "", 0);
        const auto mistakes = compiled->validate(value);
        if (mistakes.empty()) return value;
        if (mistake.empty())
            mistake = fmt::format("{} {}", mistakes.front().pointer, mistakes.front().message);
    }
    return fail(ErrorCode::invalid_argument,
                "the simulated model found no value for the response schema ({}); use a simpler "
                "schema or a real model",
                mistake);
}

}  // namespace sluice::llm
