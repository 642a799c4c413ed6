#pragma once
/// Expressions: the Common Expression Language (CEL) over JSON values. It is total and has no side effects; conditions,
/// templates, policy rules and filters are all written in it. The reference for users is docs/expressions.md.
///
/// A `Program` is compiled once (names resolved, regular expressions prepared) and evaluated many times against a
/// `Scope` of variables, which points at JSON and copies nothing. Numbers that come from JSON promote between int and
/// double; numbers written in an expression keep CEL's strict types.
/// Source of the language: github.com/google/cel-spec, doc/langdef.md at commit 508bd98.

#include <algorithm>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice::cel {

struct Value;
struct Code;

/// A map whose members are looked up when asked (e.g. `nodes`). Thread: the evaluating one.
class LazyMap {
  public:
    virtual ~LazyMap();
    /// The member, or null for an absent key. The pointer holds for the rest of the evaluation.
    virtual const Json* find(std::string_view key) const = 0;
    /// The keys of present members, for iteration, `size` and error messages.
    virtual std::vector<std::string> keys() const = 0;
};

/// The variables of one evaluation; it holds pointers and owns nothing, and copies for the price of its few entries.
/// Lifetime: names and values outlive the evaluation. Setting a name again replaces it.
class Scope {
  public:
    void set(std::string_view name, const Json* value) { put({name, Kind::json, value}); }
    void set(std::string_view name, const LazyMap* map) { put({name, Kind::lazy, map}); }
    /// A value of CEL's own types, for the module's conformance cases.
    void set_value(std::string_view name, const Value* value) { put({name, Kind::value, value}); }
    /// What `now()` gives; without it `now()` is an error.
    void set_now(Time now) { now_ = now; }

    enum class Kind : unsigned char { json, lazy, value };
    struct Entry {
        std::string_view name;
        Kind kind = Kind::json;
        const void* pointer = nullptr;
    };
    /// The entry of `name`, or null.
    const Entry* find(std::string_view name) const {
        for (std::size_t i = 0; i < std::min(size_, inline_size); ++i)
            if (inline_[i].name == name) return &inline_[i];
        for (const Entry& entry : more_)
            if (entry.name == name) return &entry;
        return nullptr;
    }
    /// All names, in the order they were set.
    std::vector<std::string_view> names() const;
    std::optional<Time> now() const { return now_; }
    /// Whether some name has a dot ("com.example.x"), so that selections must be tried as names first.
    bool dotted() const { return dotted_; }

  private:
    static constexpr std::size_t inline_size = 8;
    void put(Entry entry);
    Entry inline_[inline_size];
    std::size_t size_ = 0;
    bool dotted_ = false;
    std::vector<Entry> more_;
    std::optional<Time> now_;
};

/// What one expression may cost.
struct Limits {
    std::size_t steps = 100'000;              ///< evaluated nodes; long strings and lists count by their size
    std::size_t output_bytes = 1 << 20;       ///< of the result; values made on the way may take 16 MiB or twice this
    std::size_t expression_bytes = 64 * 1024;
    std::size_t depth = 100;                  ///< nested parentheses, brackets, calls and conditionals
};

/// What an expression refers to, for validation: a root identifier not bound by a macro, with its first selected member
/// where that is a name or a constant string (`nodes.x`, `nodes["x"]`); `member` is empty otherwise.
struct Reference {
    std::string root;
    std::string member;
    std::size_t offset = 0;  ///< of the root, in bytes from the start of the text
    bool operator==(const Reference&) const = default;
};

/// A compiled expression. Immutable and cheap to copy. Thread: any, also several at once.
class Program {
  public:
    /// Errors: invalid_argument with "line:column: what is wrong"; too_large for text over its limit.
    static Result<Program> compile(std::string_view expression, const Limits& limits = {});

    /// The value as JSON. *Shape*: timestamps are RFC 3339 strings, durations "1.5s" strings, bytes base64, uint a
    /// number, an empty optional null, a type its name, map keys strings.
    /// Errors: unprocessable naming what is missing or of the wrong type; too_large naming the limit.
    Result<Json> evaluate(const Scope& scope) const;
    /// The value of a condition. Errors: as `evaluate`; also when the value is no bool.
    Result<bool> evaluate_bool(const Scope& scope) const;
    /// The value as text inside other text: strings as they are, numbers and booleans as JSON, null as nothing, lists
    /// and maps as JSON; appended to `out`. Errors: as `evaluate`.
    Result<void> evaluate_text(const Scope& scope, std::string& out) const;

    const std::vector<Reference>& references() const;
    /// The expression as it was written.
    const std::string& text() const;

    Program() = default;  ///< of no expression: evaluates to null
    explicit Program(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

  private:
    std::shared_ptr<const Code> code_;
};

/// Reads the list of time zones, which the first expression that names one would do (milliseconds of file reading).
/// Call it once at the start, away from the loop. Thread: any.
void load_time_zones();

/// The last compiled programs by their text. Thread: the owner's.
class ProgramCache {
  public:
    explicit ProgramCache(std::size_t capacity = 1024) : capacity_(capacity) {}
    /// Errors: as `Program::compile`; failures are not kept.
    Result<Program> get(std::string_view expression);
    std::size_t size() const { return order_.size(); }

  private:
    using Order = std::list<std::pair<std::string, Program>>;
    std::size_t capacity_;
    Order order_;  ///< most recent first
    std::unordered_map<std::string_view, Order::iterator> index_;
};

}  // namespace sluice::cel
