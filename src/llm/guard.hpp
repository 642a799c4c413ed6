#pragma once
/// Judging by guardrails: what a rule finds in a text, in a JSON body, in a stream. Nothing here does I/O. Thread: loop.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/json_schema.hpp"
#include "sluice/llm/conversation.hpp"
#include "sluice/llm/guardrails.hpp"

namespace re2 {
class RE2;
}

namespace sluice::llm {

/// Kinds of things that are found without being told what they look like.
enum class Detector : std::uint8_t { email, phone, card, iban, secret };
std::string_view to_string(Detector detector);

/// A rule, ready to judge.
struct GuardRule {
    enum class Type : std::uint8_t { pattern, detect, size, tools, schema };
    Guardrail row;
    Type type = Type::pattern;
    bool redacts = false;  ///< else it refuses
    std::string replacement;
    std::shared_ptr<const re2::RE2> pattern;
    std::vector<Detector> detectors;
    std::int64_t max_characters = -1, max_messages = -1;
    std::vector<std::string> tools;
    std::optional<base::JsonSchema> schema;
    bool repair = false;
    std::size_t window = 0;  ///< bytes of a stream that are held back, so that what is found may be cut anywhere
    bool judges_text() const { return type == Type::pattern || type == Type::detect; }
};
/// Errors: invalid_argument with pointers.
Result<std::shared_ptr<const GuardRule>> compile_rule(Guardrail row);
/// A name against a pattern in which `*` stands for anything.
bool fits(std::string_view pattern, std::string_view name);

using GuardRules = std::vector<std::shared_ptr<const GuardRule>>;

/// What rules found in a call: counts, never the text.
class GuardReport {
  public:
    void add(const GuardRule& rule, std::string_view direction, std::string_view kind, bool blocked);
    /// Takes over what another one has found.
    void add(GuardReport other);
    bool empty() const { return hits_.empty(); }
    /// The rule that refused, with why.
    struct Refusal {
        std::shared_ptr<const GuardRule> rule;
        std::string why;
    };
    std::optional<Refusal> refusal;
    std::string json() const;
    /// What was found since this was asked last, as `json` has it.
    Json untold();

  private:
    struct Hit {
        std::string rule, direction, kind;
        bool blocked = false;
        int count = 0, told = 0;
        Json json(int of) const;
    };
    std::vector<Hit> hits_;
};
/// What the caller is told of a refusal: 400, `guardrail_blocked`.
CallError guard_error(const GuardReport::Refusal& refusal);

/// A text as it is seen: what nobody sees (joiners, soft hyphens, marks of direction, …) left out, and letters, digits, signs and
/// spaces of ASCII that are written in other forms (full width, mathematical, hyphens and spaces of all kinds) as themselves.
class SeenText {
  public:
    /// Nothing where the text is as it is seen.
    static std::optional<SeenText> of(std::string_view text);
    std::string_view text() const { return text_; }
    /// The place in `text()` of the first character from `at` on in the text itself.
    std::size_t seen_from(std::size_t at) const;
    /// The place in the text itself of what begins at `begin` and ends at `end`, not empty, in `text()`.
    std::pair<std::size_t, std::size_t> own(std::size_t begin, std::size_t end) const;

  private:
    /// From `seen` on the two run side by side until the next step, which begins where one of them goes on alone.
    struct Step {
        std::uint32_t seen = 0, own = 0;
        std::uint32_t own_size = 0;  ///< above 0: one byte at `seen` stands for so many
    };
    const Step& step_at(std::size_t seen) const;
    std::string text_;
    std::vector<Step> steps_;
};

/// A place in a text that a rule found.
struct Found {
    std::size_t begin = 0, end = 0;
    std::size_t rule = 0;   ///< index
    std::string_view kind;  ///< "email", "pattern"
};
/// All places from `from` on, in order and without overlaps: what overlaps is one place, of the earlier rule. Looked at are the text
/// and, where it is another one, the text as it is seen.
std::vector<Found> find_all(const GuardRules& rules, std::string_view text, std::size_t from = 0);
/// From where on the text may become a finding with what comes next, however far away (a private key); else its size.
std::size_t may_go_on(const GuardRules& rules, std::string_view text, std::size_t from);
std::vector<std::pair<std::size_t, std::size_t>> detect(Detector detector, std::string_view text, std::size_t from);
/// What stands in the place of what was found.
std::string replacement_of(const GuardRule& rule, std::string_view kind);

/// Judges one direction of a call.
class Judge {
  public:
    Judge(const GuardRules& rules, std::string_view direction, GuardReport& report);
    /// A whole body: every text in it, decoded; redacted in place. True: it was changed. A refusal stands in the report.
    bool body(Json& body);
    /// A part of one.
    bool part(Json& part);
    bool text(std::string& text);
    /// A tool that is offered or called.
    void tool(std::string_view name);
    bool refused() const { return report_.refusal.has_value(); }
    void refuse(const std::shared_ptr<const GuardRule>& rule, std::string_view kind, std::string why);
    /// Something was taken out.
    void redacted(const GuardRule& rule, std::string_view kind);
    /// Text that is judged elsewhere, for its size.
    void count(std::string_view text);
    /// Sizes, once everything was looked at.
    void finish(std::int64_t messages);

  private:
    void value(Json& value, std::string_view key, const Json* around);
    void string(Json& value, std::string_view key, const Json* around);
    void object(Json& value, std::string_view key);
    void elsewhere(std::string_view what);
    bool encoded(Json& value, std::string_view media_type, std::string_view prefix, std::string_view data);
    void fixed(std::string_view text, std::string_view what);
    void tools_in(const Json& body);
    void calls_in(const Json& value);
    const std::shared_ptr<const GuardRule>* first_text_rule() const;

    const GuardRules& rules_;
    std::string direction_;
    GuardReport& report_;
    bool texts_ = false, tools_ = false, changed_ = false;
    std::int64_t characters_ = 0;
    int data_ = 0;  ///< above 0: inside of what a tool is called with or gave, where no member means anything to a vendor
};

/// Judges an answer while it is streamed: text is held back by a window, so that what is found may be cut at any place; the
/// arguments of a tool's call wait for their end.
class StreamJudge {
  public:
    StreamJudge(std::shared_ptr<const Guard> guard, GuardReport& report);
    /// What may go on to the caller. After a refusal (which stands in the report) nothing does.
    std::vector<StreamEvent> feed(StreamEvent event);

  private:
    struct Open {
        Block::Kind kind = Block::Kind::text;
        std::string seen;          ///< a little of what has gone on, as the context of what is held
        std::string held;
    };
    void flush(std::size_t index, Open& open, bool last, std::vector<StreamEvent>& out);
    std::shared_ptr<const Guard> guard_;
    Judge judge_;
    std::map<std::size_t, Open> open_;
    std::size_t window_ = 0;
};

}  // namespace sluice::llm
