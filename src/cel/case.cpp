#include "sluice/cel/case.hpp"

#include <charconv>
#include <cmath>
#include <deque>

#include "cel/base64.hpp"
#include "cel/evaluation.hpp"
#include "cel/time.hpp"

namespace sluice::cel {

namespace {
constexpr std::string_view timestamp_url = "type.googleapis.com/google.protobuf.Timestamp";
constexpr std::string_view duration_url = "type.googleapis.com/google.protobuf.Duration";

/// Reads typed values into an arena; the JSON outlives what is read from it.
class TypedReader {
  public:
    explicit TypedReader(Arena& arena) : arena_(arena) {}

    Result<Value> read(const Json& typed) {
        if (!typed.is_object() || typed.size() != 1)
            return fail(ErrorCode::invalid_argument, "a typed value is an object with one member, such as {{\"int64_value\": \"1\"}}");
        const std::string& kind = typed.begin().key();
        const Json& value = typed.begin().value();
        const auto wrong = [&] { return fail(ErrorCode::invalid_argument, "the content of '{}' is not of its form", kind); };
        if (kind == "null_value") return Value::null();
        if (kind == "bool_value") return value.is_boolean() ? Result<Value>(Value::of(value.get<bool>())) : wrong();
        if (kind == "int64_value") {
            const auto number = whole<std::int64_t>(value);
            return number ? Result<Value>(Value::of_int(*number)) : wrong();
        }
        if (kind == "uint64_value") {
            const auto number = whole<std::uint64_t>(value);
            return number ? Result<Value>(Value::of_uint(*number)) : wrong();
        }
        if (kind == "double_value") {
            if (value.is_number()) return Value::of_real(value.get<double>());
            if (value == "NaN") return Value::of_real(std::nan(""));
            if (value == "Infinity") return Value::of_real(HUGE_VAL);
            if (value == "-Infinity") return Value::of_real(-HUGE_VAL);
            return wrong();
        }
        if (kind == "list_value") return read_list(value);
        if (kind == "map_value") return read_map(value);
        if (kind == "object_value") return read_object(value);
        if (!value.is_string()) return wrong();
        const std::string& text = value.get_ref<const std::string&>();
        if (kind == "string_value") return Value::of_string(text);
        if (kind == "type_value") return Value::of_type(text);
        if (kind != "bytes_value") return fail(ErrorCode::invalid_argument, "unknown kind of value '{}'", kind);
        const auto data = decode_base64(text);
        return data ? Result<Value>(Value::of_bytes(arena_.copy(*data))) : wrong();
    }

  private:
    template <class T>
    static std::optional<T> whole(const Json& value) {
        const std::string text = value.is_string() ? value.get<std::string>() : value.is_number_integer() ? value.dump() : "";
        T out{};
        const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
        if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
        return out;
    }

    Result<Value> read_list(const Json& value) {
        const Json* values = base::find_member(value, "values");
        const std::size_t size = values != nullptr && values->is_array() ? values->size() : 0;
        auto* items = arena_.array<Value>(size);
        auto* list = arena_.array<List>(1);
        if (items == nullptr || list == nullptr) return fail(to_error(out_of_memory));
        for (std::size_t i = 0; i < size; ++i) {
            auto item = read((*values)[i]);
            if (!item) return item;
            items[i] = *item;
        }
        *list = {items, size};
        return Value::of_list(list);
    }

    Result<Value> read_map(const Json& value) {
        const Json* rows = base::find_member(value, "entries");
        const std::size_t size = rows != nullptr && rows->is_array() ? rows->size() : 0;
        auto* entries = arena_.array<Entry>(size);
        if (entries == nullptr) return fail(to_error(out_of_memory));
        for (std::size_t i = 0; i < size; ++i) {
            const Json* key_json = base::find_member((*rows)[i], "key");
            const Json* value_json = base::find_member((*rows)[i], "value");
            if (key_json == nullptr || value_json == nullptr)
                return fail(ErrorCode::invalid_argument, "an entry of map_value needs 'key' and 'value'");
            auto key = read(*key_json);
            if (!key) return key;
            auto member = read(*value_json);
            if (!member) return member;
            if (!is_key(*key)) return fail(ErrorCode::invalid_argument, "a map's key cannot be {}", describe(*key));
            entries[i] = {*key, *member};
        }
        const Map* map = index_map(arena_, entries, size);
        return map == nullptr ? Result<Value>(fail(to_error(out_of_memory))) : Value::of_map(map);
    }

    static Result<Value> read_object(const Json& value) {
        const std::string url = base::string_or(value, "@type", "");
        const std::string text = base::string_or(value, "value", "");
        const auto out = url == timestamp_url ? parse_timestamp(text) : url == duration_url ? parse_duration(text) : std::nullopt;
        return out ? Result<Value>(*out) : fail(ErrorCode::invalid_argument, "an object_value here is a Timestamp or a Duration");
    }

    Arena& arena_;
};

constexpr std::size_t deepest = 500;

Result<Json> write_typed(const Value& value, std::size_t depth) {
    if (depth > deepest) return fail(ErrorCode::too_large, "the result is nested too deep");
    switch (value.kind) {
        case Kind::error: return fail(to_error(value));
        case Kind::null: return Json{{"null_value", nullptr}};
        case Kind::boolean: return Json{{"bool_value", value.boolean}};
        case Kind::integer: return Json{{"int64_value", fmt::format("{}", value.integer)}};
        case Kind::uinteger: return Json{{"uint64_value", fmt::format("{}", value.uinteger)}};
        case Kind::real:
            if (std::isnan(value.real)) return Json{{"double_value", "NaN"}};
            if (std::isinf(value.real)) return Json{{"double_value", value.real > 0 ? "Infinity" : "-Infinity"}};
            return Json{{"double_value", value.real}};
        case Kind::string: return Json{{"string_value", std::string(value.view())}};
        case Kind::bytes: return Json{{"bytes_value", encode_base64(value.view())}};
        case Kind::type: return Json{{"type_value", std::string(value.view())}};
        case Kind::timestamp: return Json{{"object_value", {{"@type", timestamp_url}, {"value", format_timestamp(value)}}}};
        case Kind::duration: return Json{{"object_value", {{"@type", duration_url}, {"value", format_duration(value)}}}};
        case Kind::optional: {
            if (value.inner == nullptr) return Json{{"null_value", nullptr}};
            return write_typed(*value.inner, depth + 1);
        }
        case Kind::list: {
            Json values = Json::array();
            for (std::size_t i = 0; i < count(value); ++i) {
                auto item = write_typed(element(value, i), depth + 1);
                if (!item) return item;
                values.push_back(std::move(*item));
            }
            Json list = Json::object();
            if (!values.empty()) list["values"] = std::move(values);
            return Json{{"list_value", std::move(list)}};
        }
        case Kind::map: {
            Json entries = Json::array();
            for (std::size_t i = 0; i < count(value); ++i) {
                const Entry at = entry(value, i);
                auto key = write_typed(at.key, depth + 1);
                auto member = write_typed(at.value, depth + 1);
                if (!key) return key;
                if (!member) return member;
                entries.push_back(Json{{"key", std::move(*key)}, {"value", std::move(*member)}});
            }
            Json map = Json::object();
            if (!entries.empty()) map["entries"] = std::move(entries);
            return Json{{"map_value", std::move(map)}};
        }
    }
    return Json(nullptr);
}

Result<Json> evaluate_case(const Json& json) {
    const Json* expr = base::find_member(json, "expr");
    if (expr == nullptr || !expr->is_string()) return fail(ErrorCode::invalid_argument, "a case is an object with a text \"expr\"");
    CompileOptions options;
    options.late_functions = true;
    options.container = base::string_or(json, "container", "");
    auto code = compile_code(expr->get_ref<const std::string&>(), 0, options);
    if (!code) return fail(std::move(code.error()));
    Arena arena(16 << 20);
    TypedReader reader(arena);
    std::deque<Value> values;
    Scope scope;
    if (const Json* bindings = base::find_member(json, "bindings"); bindings != nullptr && !bindings->is_null()) {
        if (!bindings->is_object()) return fail(ErrorCode::invalid_argument, "\"bindings\" is an object: name to {{\"value\": …}}");
        for (const auto& [name, binding] : bindings->items()) {
            const Json* typed = base::find_member(binding, "value");
            if (typed == nullptr) return fail(ErrorCode::invalid_argument, "the binding '{}' has no \"value\"", name);
            auto value = reader.read(*typed);
            if (!value) return fail(ErrorCode::invalid_argument, "the binding '{}': {}", name, value.error().message);
            values.push_back(*value);
            scope.set_value(name, &values.back());
        }
    }
    Evaluation evaluation(**code, scope);
    return write_typed(evaluation.run(), 0);
}
}  // namespace

std::string evaluate_case_line(std::string_view json_line) {
    auto json = base::parse_json(json_line);
    auto value = json ? evaluate_case(*json) : Result<Json>(fail(std::move(json.error())));
    return base::dump_json(value ? Json{{"value", std::move(*value)}} : Json{{"error", value.error().message}});
}

}  // namespace sluice::cel
