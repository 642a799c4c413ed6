#pragma once
/// Reading the JSON of wire formats: members by type with every mistake noted under its pointer, counts of usage that
/// a hostile upstream may have made up, frames of streams. Thread: any.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/llm/conversation.hpp"
#include "sluice/net/client.hpp"

namespace sluice::llm::wire {

/// What is wrong with a document: the first of each place, twenty at most.
class Mistakes {
  public:
    void add(std::string pointer, std::string message);
    bool none() const { return found_.empty(); }
    /// invalid_argument with the pointers. Only when there are some.
    Error error(std::string_view what) &&;

  private:
    std::vector<base::ErrorDetail> found_;
};

/// A JSON object that stands under `pointer`. A member of null is an absent one. Borrows the value and the mistakes.
class Object {
  public:
    /// `camel`: members are found by their camelCase name however they are spelt; both spellings at once are a mistake.
    enum class Names : std::uint8_t { as_written, camel };
    Object(const Json& value, std::string pointer, Mistakes& mistakes, Names names = Names::as_written);

    const Json* find(std::string_view name);
    const Json* find_object(std::string_view name);
    const Json* find_array(std::string_view name);
    /// Its pointer, as the document spells it.
    std::string pointer(std::string_view name) const;
    bool has(std::string_view name) const;

    std::string text(std::string_view name, std::string_view fallback = {});
    /// A mistake when it is absent.
    std::string required_text(std::string_view name);
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
    std::optional<double> number(std::string_view name);
    std::optional<bool> boolean(std::string_view name);
    std::vector<std::string> texts(std::string_view name);
    void wrong(std::string_view name, std::string message) { mistakes_.add(pointer(name), std::move(message)); }
    Mistakes& mistakes() { return mistakes_; }

    /// The members that were not asked for.
    Json rest() const;

  private:
    struct Member {
        std::string name;     // canonical
        std::string_view written;
        const Json* value;
        bool read = false;
    };
    const Json* find_typed(std::string_view name, Json::value_t type, std::string_view expected);
    std::vector<Member> members_;
    std::string pointer_;
    Mistakes& mistakes_;
};

/// An integer, also one written as 5.0. Nothing: another value, or one that int64 cannot hold.
std::optional<std::int64_t> whole(const Json& value);

/// snake_case as camelCase ("max_output_tokens": "maxOutputTokens"); other names stay.
std::string camel_case(std::string_view name);

/// Adds the members of `extra` that `into` lacks, also inside objects that both have.
void merge_missing(Json& into, const Json& extra);

/// Counts of a usage object. Absent and null are 0.
class Counts {
  public:
    explicit Counts(const Json* usage) : usage_(usage) {}
    std::int64_t get(std::string_view name);
    Counts inside(std::string_view name);
    /// A count was no whole number from 0 to 2^40.
    bool absurd() const { return absurd_; }
    void add(const Counts& other) { absurd_ = absurd_ || other.absurd_; }

  private:
    const Json* usage_;
    bool absurd_ = false;
};

/// One frame or answer of a vendor. Errors: upstream_failed, naming the format.
Result<Json> parse_upstream(std::string_view text, std::string_view format);
/// The error of something that is not of the format, and of a stream that ended too early.
Error not_of_format(std::string_view format, std::string_view why);
Error broken_off();
/// A vendor's message for people: one line of at most 600 bytes without control characters, and without words that look
/// like a key that it repeats.
std::string told(std::string_view message);

/// JSON text of an object, as the models write their calls; empty is {}. Nothing: no object.
std::optional<Json> parse_arguments(std::string_view text);

/// What vendors say of trying again: retry-after-ms, Retry-After (seconds, or a date that the answer's own Date is
/// subtracted from; at most a day), x-should-retry.
void read_retry_headers(const net::Headers& headers, CallError& error);

/// One server-sent event.
std::string event(std::string_view name, const Json& data);

}  // namespace sluice::llm::wire
