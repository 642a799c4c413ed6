// Values on their way out: as JSON, and as text inside text.

#include <cmath>

#include "cel/base64.hpp"
#include "cel/evaluation.hpp"
#include "cel/time.hpp"

namespace sluice::cel {

namespace {
constexpr std::size_t deepest = 512;

/// Writes a value as JSON and counts what it costs as text, roughly, so that a small expression cannot make a huge result.
class JsonWriter {
  public:
    explicit JsonWriter(std::size_t limit) : left_(limit), limit_(limit) {}

    bool write(const Value& value, Json& out, std::size_t depth) {
        if (depth > deepest) return problem({ErrorCode::too_large, "the result is nested too deep", {}, false});
        switch (value.kind) {
            case Kind::error: return problem(to_error(value));
            case Kind::null: return spend(4);
            case Kind::boolean: out = value.boolean; return spend(5);
            case Kind::integer: out = value.integer; return spend(8);
            case Kind::uinteger: out = value.uinteger; return spend(8);
            case Kind::real:
                if (!std::isfinite(value.real))
                    return problem({ErrorCode::unprocessable,
                                    fmt::format("the result is {}, which JSON cannot hold", std::isnan(value.real) ? "NaN" : "infinite"), {}, false});
                out = value.real;
                return spend(8);
            case Kind::string:
            case Kind::type:
                if (!spend(value.extra + 2)) return false;
                out = std::string(value.view());
                return true;
            case Kind::bytes:
                if (!spend(value.extra / 3 * 4 + 2)) return false;
                out = encode_base64(value.view());
                return true;
            case Kind::timestamp: out = format_timestamp(value); return spend(24);
            case Kind::duration: out = format_duration(value); return spend(8);
            case Kind::optional: return value.inner == nullptr ? spend(4) : write(*value.inner, out, depth + 1);
            case Kind::list: return write_list(value, out, depth);
            case Kind::map: return write_map(value, out, depth);
        }
        return false;
    }
    Error error() { return std::move(error_); }

  private:
    bool write_list(const Value& value, Json& out, std::size_t depth) {
        if (value.form == Form::json) return copy(*value.json, out);
        out = Json::array();
        auto& items = *out.get_ptr<Json::array_t*>();
        items.reserve(count(value));
        for (std::size_t i = 0; i < count(value); ++i)
            if (!spend(1) || !write(element(value, i), items.emplace_back(), depth + 1)) return false;
        return true;
    }

    bool write_map(const Value& value, Json& out, std::size_t depth) {
        if (value.form == Form::json) return copy(*value.json, out);
        out = Json::object();
        auto& members = *out.get_ptr<Json::object_t*>();
        if (value.form == Form::lazy) {
            for (const std::string& key : value.lazy->keys())
                if (const Json* member = value.lazy->find(key))
                    if (!spend(key.size() + 4) || !copy(*member, add(members, key))) return false;
            return true;
        }
        for (std::size_t i = 0; i < count(value); ++i) {
            const Entry at = entry(value, i);
            std::string key;
            if (auto text = append_text(at.key, key, left_); !text) return problem(std::move(text.error()));
            // Keys of different types can become the same text: {1: 'a', '1': 'b'}.
            if (!at.key.is(Kind::string) && find_key(*value.map, Value::of_string(key)) != nullptr)
                return problem({ErrorCode::unprocessable, fmt::format("the key '{}' stands twice in the result, with two types", key), {}, false});
            if (!spend(key.size() + 4) || !write(at.value, add(members, key), depth + 1)) return false;
        }
        return true;
    }

    static Json& add(Json::object_t& members, const std::string& key) {
        return static_cast<std::vector<std::pair<const std::string, Json>>&>(members).emplace_back(key, nullptr).second;
    }

    bool copy(const Json& from, Json& to) {
        if (!measure(from)) return false;
        to = from;
        return true;
    }

    bool measure(const Json& json) {
        if (const auto* text = json.get_ptr<const std::string*>()) return spend(text->size() + 2);
        if (const auto* items = json.get_ptr<const Json::array_t*>()) {
            for (const Json& item : *items)
                if (!spend(1) || !measure(item)) return false;
            return spend(2);
        }
        if (const auto* members = json.get_ptr<const Json::object_t*>()) {
            for (const auto& member : *members)
                if (!spend(member.first.size() + 4) || !measure(member.second)) return false;
            return spend(2);
        }
        return spend(json.is_number() ? 8 : 4);
    }

    bool spend(std::size_t bytes) {
        if (bytes <= left_) {
            left_ -= bytes;
            return true;
        }
        left_ = 0;
        return problem({ErrorCode::too_large, fmt::format("the result is larger than {} bytes", limit_), {}, false});
    }
    bool problem(Error error) {
        error_ = std::move(error);
        return false;
    }

    std::size_t left_;
    std::size_t limit_;
    Error error_;
};

Result<void> append(std::string& out, std::string_view text, std::size_t limit) {
    if (text.size() > limit) return fail(ErrorCode::too_large, "the result is larger than {} bytes", limit);
    out += text;
    return {};
}
}  // namespace

Error to_error(const Value& value) { return {value.failure->code, std::string(value.failure->message), {}, false}; }

Result<Json> to_json(const Value& value, std::size_t limit_bytes) {
    JsonWriter writer(limit_bytes);
    Json out;
    if (!writer.write(value, out, 0)) return fail(writer.error());
    return out;
}

Result<void> append_text(const Value& value, std::string& out, std::size_t limit) {
    switch (value.kind) {
        case Kind::error: return fail(to_error(value));
        case Kind::null: return {};
        case Kind::boolean: return append(out, value.boolean ? "true" : "false", limit);
        case Kind::integer: return append(out, fmt::format_int(value.integer).str(), limit);
        case Kind::uinteger: return append(out, fmt::format_int(value.uinteger).str(), limit);
        case Kind::string:
        case Kind::type: return append(out, value.view(), limit);
        case Kind::timestamp: return append(out, format_timestamp(value), limit);
        case Kind::duration: return append(out, format_duration(value), limit);
        case Kind::optional: return value.inner == nullptr ? Result<void>{} : append_text(*value.inner, out, limit);
        case Kind::bytes: return append(out, encode_base64(value.view()), limit);
        case Kind::real:
        case Kind::list:
        case Kind::map: break;
    }
    auto json = to_json(value, limit);
    if (!json) return fail(std::move(json.error()));
    return append(out, base::dump_json(*json), limit);
}

}  // namespace sluice::cel
