#include "sluice/base/json.hpp"

#include <charconv>
#include <cmath>

#include "base/utf8.hpp"

namespace sluice::base {

namespace {

void write_string(std::string& out, std::string_view text) {
    out += '"';
    const char* at = text.data();
    const char* const end = at + text.size();
    const char* run = at;
    while (at != end) {
        const auto c = static_cast<unsigned char>(*at);
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            ++at;
            continue;
        }
        if (c >= 0x80) {
            if (const auto length = utf8_length(at, end); length != 0) {
                at += length;
                continue;
            }
        }
        out.append(run, static_cast<std::size_t>(at - run));
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\b': out += "\\b"; break;
            case '\f': out += "\\f"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (c < 0x20) out += fmt::format("\\u{:04x}", c);
                else out += "\xef\xbf\xbd";  // U+FFFD
        }
        run = ++at;
    }
    out.append(run, static_cast<std::size_t>(at - run));
    out += '"';
}

template <class T>
void write_integer(std::string& out, T value) {
    char buffer[24];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    out.append(buffer, static_cast<std::size_t>(end - buffer));
}

void write_real(std::string& out, double value, bool canonical) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    if (canonical && std::abs(value) < 9007199254740992.0 && value == std::trunc(value))
        return write_integer(out, static_cast<std::int64_t>(value));
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
    out += text;
    // It was a floating-point number and stays one when it is read again.
    if (!canonical && text.find_first_of(".e") == text.npos) out += ".0";
}

enum class Style { compact, pretty, canonical };

void line(std::string& out, std::size_t depth) {
    out += '\n';
    out.append(depth * 2, ' ');
}

void write(std::string& out, const Json& value, Style style, std::size_t depth) {
    const bool pretty = style == Style::pretty;
    switch (value.type()) {
        case Json::value_t::null:
        case Json::value_t::discarded: out += "null"; return;
        case Json::value_t::boolean: out += value.get<bool>() ? "true" : "false"; return;
        case Json::value_t::number_integer: return write_integer(out, value.get<std::int64_t>());
        case Json::value_t::number_unsigned: return write_integer(out, value.get<std::uint64_t>());
        case Json::value_t::number_float:
            return write_real(out, value.get<double>(), style == Style::canonical);
        case Json::value_t::string:
            return write_string(out, value.get_ref<const Json::string_t&>());
        case Json::value_t::array: {
            if (value.empty()) {
                out += "[]";
                return;
            }
            out += '[';
            bool first = true;
            for (const auto& item : value.get_ref<const Json::array_t&>()) {
                if (!first) out += ',';
                first = false;
                if (pretty) line(out, depth + 1);
                write(out, item, style, depth + 1);
            }
            if (pretty) line(out, depth);
            out += ']';
            return;
        }
        case Json::value_t::object: {
            const auto& object = value.get_ref<const Json::object_t&>();
            if (object.empty()) {
                out += "{}";
                return;
            }
            out += '{';
            bool first = true;
            const auto member = [&](const auto& entry) {
                if (!first) out += ',';
                first = false;
                if (pretty) line(out, depth + 1);
                write_string(out, entry.first);
                out += pretty ? ": " : ":";
                write(out, entry.second, style, depth + 1);
            };
            if (style == Style::canonical) {
                std::vector<const Json::object_t::value_type*> sorted;
                sorted.reserve(object.size());
                for (const auto& entry : object) sorted.push_back(&entry);
                std::sort(sorted.begin(), sorted.end(),
                          [](auto* a, auto* b) { return a->first < b->first; });
                for (const auto* entry : sorted) member(*entry);
            } else {
                for (const auto& entry : object) member(entry);
            }
            if (pretty) line(out, depth);
            out += '}';
            return;
        }
        case Json::value_t::binary:
            out += "null";
            return;  // JSON has no such value, and the reader makes none
    }
}

}  // namespace

std::string dump_json(const Json& value) {
    std::string out;
    write(out, value, Style::compact, 0);
    return out;
}

void append_json(std::string& out, const Json& value) { write(out, value, Style::compact, 0); }

std::string dump_json_pretty(const Json& value) {
    std::string out;
    write(out, value, Style::pretty, 0);
    out += '\n';
    return out;
}

std::string dump_json_canonical(const Json& value) {
    std::string out;
    write(out, value, Style::canonical, 0);
    return out;
}

std::string escape_pointer(std::string_view token) {
    std::string out;
    out.reserve(token.size());
    for (const char c : token) {
        if (c == '~') out += "~0";
        else if (c == '/') out += "~1";
        else out += c;
    }
    return out;
}

const Json* find_member(const Json& object, std::string_view key) {
    if (!object.is_object()) return nullptr;
    for (const auto& [name, value] : object.get_ref<const Json::object_t&>())
        if (name == key) return &value;
    return nullptr;
}

std::string string_or(const Json& object, std::string_view key, std::string_view fallback) {
    const auto* member = find_member(object, key);
    if (!member || !member->is_string()) return std::string(fallback);
    return member->get_ref<const Json::string_t&>();
}

std::size_t approximate_size(const Json& value) {
    std::size_t size = sizeof(Json);
    switch (value.type()) {
        case Json::value_t::string:
            size += sizeof(std::string) + value.get_ref<const Json::string_t&>().capacity();
            break;
        case Json::value_t::array:
            size += sizeof(Json::array_t);
            for (const auto& item : value.get_ref<const Json::array_t&>())
                size += approximate_size(item);
            break;
        case Json::value_t::object:
            size += sizeof(Json::object_t);
            for (const auto& [key, member] : value.get_ref<const Json::object_t&>())
                size += sizeof(std::string) + key.size() + approximate_size(member);
            break;
        default: break;
    }
    return size;
}

}  // namespace sluice::base
