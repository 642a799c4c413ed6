// The reader of JSON from outside: what it accepts is JSON to another parser as well and survives being written and read
// again; what it refuses is no JSON or beyond a limit; the limits hold.

#include "fuzz/check.hpp"
#include "sluice/base/json.hpp"

using namespace sluice;
using fuzz::check;

namespace {

constexpr base::JsonLimits tight{.size_bytes = 512, .depth = 4, .keys = 3, .string_bytes = 12, .number_digits = 6};

void check_limits(const Json& value, std::size_t depth) {
    if (value.is_structured()) check(depth < tight.depth, "the limit of depth holds");
    if (value.is_object()) {
        check(value.size() <= tight.keys, "the limit of keys holds");
        for (const auto& [key, member] : value.items()) {
            check(key.size() <= tight.string_bytes, "the limit of a key's size holds");
            check_limits(member, depth + 1);
        }
    } else if (value.is_array()) {
        for (const auto& item : value) check_limits(item, depth + 1);
    } else if (value.is_string()) {
        check(value.get_ref<const std::string&>().size() <= tight.string_bytes, "the limit of a string's size holds");
    }
}

bool is_our_own_rule(const Error& error) {
    if (error.code == ErrorCode::too_large) return true;
    return error.message.find("stands twice") != error.message.npos || error.message.find("byte order mark") != error.message.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::text_of(data, size);
    // The other parser takes a NUL for the end of the text, whatever follows.
    const bool accepted_elsewhere = text.find('\0') == text.npos && Json::accept(text);
    const auto value = base::parse_json(text);
    if (!value) {
        check(!accepted_elsewhere || is_our_own_rule(value.error()), "only a rule of our own refuses JSON", value.error().message);
        check(!base::parse_json(text, tight), "what the usual limits refuse, tighter ones refuse");
        return 0;
    }
    check(accepted_elsewhere, "what is accepted is JSON");

    const auto written = base::dump_json(*value);
    const auto again = base::parse_json(written);
    check(again.has_value(), "what was written is read", written);
    check(*again == *value, "it is the same value", written);
    check(base::dump_json(*again) == written, "it is written in the same way", written);
    const auto pretty = base::parse_json(base::dump_json_pretty(*value));
    check(pretty && *pretty == *value, "the indented form is the same value", written);
    const auto canonical = base::dump_json_canonical(*value);
    const auto of_canonical = base::parse_json(canonical);
    check(of_canonical && base::dump_json_canonical(*of_canonical) == canonical, "the canonical form is its own", canonical);

    if (const auto within = base::parse_json(text, tight)) {
        check(text.size() <= tight.size_bytes, "the limit of size holds");
        check(*within == *value, "limits change no value");
        check_limits(*within, 0);
    }
    return 0;
}
