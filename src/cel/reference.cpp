#include "sluice/cel/reference.hpp"

namespace sluice::cel {

std::string_view to_string(FunctionDoc::Kind kind) {
    switch (kind) {
        case FunctionDoc::Kind::function: return "function";
        case FunctionDoc::Kind::method: return "method";
        case FunctionDoc::Kind::macro: break;
    }
    return "macro";
}

std::span<const FunctionDoc> function_docs() {
    using enum FunctionDoc::Kind;
    static constexpr FunctionDoc rows[] = {
        {function, "base64.decode", "base64.decode(text) -> bytes", "The bytes that base64 text stands for."},
        {function, "base64.encode", "base64.encode(bytes) -> string", "Bytes as base64 text."},
        {function, "bool", "bool(x) -> bool", "A boolean from text such as 'true' or '1'."},
        {function, "bytes", "bytes(x) -> bytes", "Text as its UTF-8 bytes."},
        {function, "double", "double(x) -> double", "A number, or text that is one, as a double."},
        {function, "duration", "duration(text) -> duration", "A length of time from text such as '1h30m'; units h m s ms us ns."},
        {function, "dyn", "dyn(x) -> any", "The value itself; there for other dialects of the language."},
        {function, "int", "int(x) -> int", "A whole number from a number (cut), text, or a timestamp (seconds since 1970)."},
        {function, "matches", "matches(text, regex) -> bool", "Whether an RE2 regular expression is found in the text."},
        {function, "math.abs", "math.abs(x) -> number", "The number without its sign."},
        {function, "math.bitAnd", "math.bitAnd(a, b) -> int", "The bits that are set in both."},
        {function, "math.bitNot", "math.bitNot(a) -> int", "Every bit turned over."},
        {function, "math.bitOr", "math.bitOr(a, b) -> int", "The bits that are set in one or both."},
        {function, "math.bitShiftLeft", "math.bitShiftLeft(a, count) -> int", "The bits moved up by count places."},
        {function, "math.bitShiftRight", "math.bitShiftRight(a, count) -> int", "The bits moved down by count places."},
        {function, "math.bitXor", "math.bitXor(a, b) -> int", "The bits that are set in exactly one."},
        {function, "math.ceil", "math.ceil(x) -> double", "The next whole number up."},
        {function, "math.floor", "math.floor(x) -> double", "The next whole number down."},
        {function, "math.greatest", "math.greatest(a, b, ...) -> number", "The greatest of the numbers, or of one list."},
        {function, "math.isFinite", "math.isFinite(x) -> bool", "Whether a double is neither infinite nor NaN."},
        {function, "math.isInf", "math.isInf(x) -> bool", "Whether a double is infinite."},
        {function, "math.isNaN", "math.isNaN(x) -> bool", "Whether a double is no number."},
        {function, "math.least", "math.least(a, b, ...) -> number", "The least of the numbers, or of one list."},
        {function, "math.round", "math.round(x) -> double", "The nearest whole number; halves away from zero."},
        {function, "math.sign", "math.sign(x) -> number", "-1, 0 or 1."},
        {function, "math.sqrt", "math.sqrt(x) -> double", "The square root."},
        {function, "math.trunc", "math.trunc(x) -> double", "The number without its fraction."},
        {function, "now", "now() -> timestamp", "The present time, where the place has a clock."},
        {function, "optional.none", "optional.none() -> optional", "An empty optional."},
        {function, "optional.of", "optional.of(x) -> optional", "An optional that holds the value."},
        {function, "optional.ofNonZeroValue", "optional.ofNonZeroValue(x) -> optional", "An optional that is empty for 0, '', false, null and what is empty."},
        {function, "optional.unwrap", "optional.unwrap(list) -> list", "The values of the optionals that hold one."},
        {function, "size", "size(x) -> int", "Characters of text, bytes, elements of a list, entries of a map."},
        {function, "string", "string(x) -> string", "The value as text."},
        {function, "strings.quote", "strings.quote(text) -> string", "The text in double quotes, with its special characters escaped."},
        {function, "timestamp", "timestamp(x) -> timestamp", "A time from RFC 3339 text, or from seconds since 1970."},
        {function, "type", "type(x) -> type", "The type of the value."},
        {function, "uint", "uint(x) -> uint", "A whole number that is not negative."},
        {method, "charAt", "text.charAt(i) -> string", "The character at a position."},
        {method, "contains", "text.contains(part) -> bool", "Whether the part stands in the text."},
        {method, "endsWith", "text.endsWith(part) -> bool", "Whether the text ends with the part."},
        {method, "first", "list.first() -> optional", "The first element, or an empty optional."},
        {method, "format", "text.format(list) -> string", "The text with its %s %d %f %e %b %o %x %X filled from the list."},
        {method, "getDate", "time.getDate(zone?) -> int", "The day of the month, from 1."},
        {method, "getDayOfMonth", "time.getDayOfMonth(zone?) -> int", "The day of the month, from 0."},
        {method, "getDayOfWeek", "time.getDayOfWeek(zone?) -> int", "The day of the week; 0 is Sunday."},
        {method, "getDayOfYear", "time.getDayOfYear(zone?) -> int", "The day of the year, from 0."},
        {method, "getFullYear", "time.getFullYear(zone?) -> int", "The year."},
        {method, "getHours", "time.getHours(zone?) -> int", "The hour of the day; of a duration, the whole of it in hours."},
        {method, "getMilliseconds", "time.getMilliseconds(zone?) -> int", "The milliseconds of the second."},
        {method, "getMinutes", "time.getMinutes(zone?) -> int", "The minute of the hour; of a duration, the whole of it in minutes."},
        {method, "getMonth", "time.getMonth(zone?) -> int", "The month; 0 is January."},
        {method, "getSeconds", "time.getSeconds(zone?) -> int", "The second of the minute; of a duration, the whole of it in seconds."},
        {method, "hasValue", "optional.hasValue() -> bool", "Whether the optional holds a value."},
        {method, "indexOf", "text.indexOf(part, from?) -> int", "The position of the part, or -1."},
        {method, "join", "list.join(separator?) -> string", "The texts of a list as one."},
        {method, "last", "list.last() -> optional", "The last element, or an empty optional."},
        {method, "lastIndexOf", "text.lastIndexOf(part, from?) -> int", "The last position of the part, or -1."},
        {method, "lowerAscii", "text.lowerAscii() -> string", "A to Z as small letters."},
        {method, "matches", "text.matches(regex) -> bool", "Whether an RE2 regular expression is found in the text."},
        {method, "or", "optional.or(other) -> optional", "The optional, or another one where it is empty."},
        {method, "orValue", "optional.orValue(x) -> any", "What the optional holds, or another value where it is empty."},
        {method, "replace", "text.replace(old, new, limit?) -> string", "The text with each part replaced, at most limit times."},
        {method, "reverse", "text.reverse() -> string", "The characters in the opposite order."},
        {method, "size", "x.size() -> int", "Characters of text, bytes, elements of a list, entries of a map."},
        {method, "split", "text.split(separator, limit?) -> list", "The parts of the text between separators."},
        {method, "startsWith", "text.startsWith(part) -> bool", "Whether the text begins with the part."},
        {method, "substring", "text.substring(from, to?) -> string", "The characters from a position up to another."},
        {method, "trim", "text.trim() -> string", "The text without space at its ends."},
        {method, "unwrapOpt", "list.unwrapOpt() -> list", "The values of the optionals that hold one."},
        {method, "upperAscii", "text.upperAscii() -> string", "a to z as capital letters."},
        {method, "value", "optional.value() -> any", "What the optional holds; an error where it is empty."},
        {macro, "all", "list.all(x, condition) -> bool", "Whether the condition holds for every element (of a map: key)."},
        {macro, "cel.bind", "cel.bind(name, value, expression) -> any", "The expression, with a name for a value."},
        {macro, "exists", "list.exists(x, condition) -> bool", "Whether the condition holds for some element."},
        {macro, "existsOne", "list.existsOne(x, condition) -> bool", "Whether the condition holds for exactly one element."},
        {macro, "exists_one", "list.exists_one(x, condition) -> bool", "Whether the condition holds for exactly one element."},
        {macro, "filter", "list.filter(x, condition) -> list", "The elements for which the condition holds."},
        {macro, "has", "has(input.name) -> bool", "Whether the member is there."},
        {macro, "map", "list.map(x, condition?, value) -> list", "A value for each element (for which the condition holds)."},
        {macro, "optFlatMap", "optional.optFlatMap(x, optional) -> optional", "Another optional made of what the optional holds."},
        {macro, "optMap", "optional.optMap(x, value) -> optional", "A value made of what the optional holds; empty stays empty."},
        {macro, "transformList", "list.transformList(i, x, condition?, value) -> list", "A value for each element, with its index."},
        {macro, "transformMap", "map.transformMap(k, v, condition?, value) -> map", "A value for each entry, under the same keys."},
        {macro, "transformMapEntry", "map.transformMapEntry(k, v, condition?, {key: value}) -> map", "New entries for the entries of a map."},
    };
    return rows;
}

}  // namespace sluice::cel
