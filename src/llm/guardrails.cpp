#include "sluice/llm/guardrails.hpp"

#include <algorithm>
#include <unordered_map>

#include "llm/guard.hpp"
#include "llm/guardrails_store.hpp"
#include "sluice/base/log.hpp"
#include "sluice/budget/budget.hpp"
#include "sluice/net/http.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t most_in_workspace = 100;
constexpr std::size_t most_names = 100;

using RulePtr = std::shared_ptr<const GuardRule>;

Error mistake(std::string pointer, std::string message) {
    return Error{ErrorCode::invalid_argument, "the guardrail is not right: " + message, {{std::move(pointer), message}}, false};
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

bool covers(const std::vector<std::string>& patterns, std::string_view name) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const std::string& each) { return fits(each, name); });
}

bool comes_before(const RulePtr& a, const RulePtr& b) {
    return a->row.position != b->row.position ? a->row.position < b->row.position : a->row.name < b->row.name;
}

/// The row inside of a rule, without a copy.
std::shared_ptr<const Guardrail> row_of(const RulePtr& rule) { return {rule, &rule->row}; }

Result<RulePtr> checked(Guardrail wanted) {
    if (!is_name(wanted.name)) return fail(mistake("/name", "a name has 1 to 64 letters, digits, dots, hyphens or underscores"));
    if (wanted.position < 0 || wanted.position > 1'000'000) return fail(mistake("/position", "is from 0 to 1000000"));
    struct List {
        const char* name;
        const std::vector<std::string>& names;
    };
    for (const auto& list : {List{"models", wanted.models}, {"api_keys", wanted.api_keys}, {"flows", wanted.flows}, {"projects", wanted.projects}}) {
        if (list.names.size() > most_names)
            return fail(mistake(fmt::format("/{}", list.name), fmt::format("has at most {} names", most_names)));
        for (const auto& each : list.names)
            if (each.empty() || each.size() > 200)
                return fail(mistake(fmt::format("/{}", list.name), "a name has 1 to 200 characters"));
        for (const auto& each : list.names)
            if (budget::has_controls(each))
                return fail(mistake(fmt::format("/{}", list.name), "a name has no line ends or other control characters"));
    }
    return compile_rule(std::move(wanted));
}

}  // namespace

std::string_view to_string(GuardDirection direction) {
    switch (direction) {
        case GuardDirection::input: return "input";
        case GuardDirection::output: return "output";
        case GuardDirection::both: return "both";
    }
    return "";
}

std::optional<GuardDirection> guard_direction_from(std::string_view text) {
    for (const auto each : {GuardDirection::input, GuardDirection::output, GuardDirection::both})
        if (to_string(each) == text) return each;
    return std::nullopt;
}

std::string etag_of(const Guardrail& guardrail) { return fmt::format("\"{}\"", guardrail.revision); }

struct Guardrails::State {
    storage::Storage& storage;
    base::Clock& clock;
    base::Random& random;
    std::unordered_map<WorkspaceId, std::vector<RulePtr>> rules;  ///< in order of asking

    RulePtr find(WorkspaceId workspace, std::string_view id_or_name) const {
        const auto own = rules.find(workspace);
        if (own == rules.end()) return nullptr;
        for (const auto& rule : own->second)
            if (rule->row.name == id_or_name || rule->row.id.str() == id_or_name) return rule;
        return nullptr;
    }
    void put(RulePtr rule) {
        auto& own = rules[rule->row.workspace];
        std::erase_if(own, [&](const RulePtr& each) { return each->row.id == rule->row.id; });
        own.insert(std::upper_bound(own.begin(), own.end(), rule, comes_before), rule);
    }
    void drop(const Guardrail& row) {
        const auto own = rules.find(row.workspace);
        if (own == rules.end()) return;
        std::erase_if(own->second, [&](const RulePtr& each) { return each->row.id == row.id; });
        if (own->second.empty()) rules.erase(own);
    }
};

Guardrails::Guardrails(storage::Storage& storage, base::Clock& clock, base::Random& random)
    : state_(std::make_unique<State>(State{storage, clock, random, {}})) {}
Guardrails::~Guardrails() = default;

Awaitable<Result<void>> Guardrails::start() {
    auto loaded = co_await store::load_guardrails(state_->storage);
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (auto& row : *loaded) {
        const auto name = row.name;
        auto rule = compile_rule(std::move(row));
        // A call that a rule should have judged must not pass because of it.
        if (!rule)
            co_return fail(ErrorCode::internal, "the stored guardrail {} cannot be used by this program: {}", name, rule.error().message);
        state_->put(std::move(*rule));
    }
    co_return Result<void>();
}

std::vector<std::shared_ptr<const Guardrail>> Guardrails::list(WorkspaceId workspace) const {
    std::vector<std::shared_ptr<const Guardrail>> out;
    if (const auto own = state_->rules.find(workspace); own != state_->rules.end())
        for (const auto& rule : own->second) out.push_back(row_of(rule));
    return out;
}

std::shared_ptr<const Guardrail> Guardrails::find(WorkspaceId workspace, std::string_view id_or_name) const {
    const auto rule = state_->find(workspace, id_or_name);
    return rule ? row_of(rule) : nullptr;
}

Awaitable<Result<Guardrail>> Guardrails::create(Guardrail wanted, Also also) {
    State& s = *state_;
    const auto workspace = wanted.workspace;
    wanted.id = GuardrailId::make(s.clock.now(), s.random);
    wanted.revision = 1;
    wanted.created_at = wanted.updated_at = s.clock.now();
    auto rule = checked(std::move(wanted));
    if (!rule) co_return fail(std::move(rule.error()));
    const auto& row = (*rule)->row;
    if (s.find(workspace, row.name))
        co_return fail(ErrorCode::conflict, "there is a guardrail {} already; choose another name, or change that one", row.name);
    if (const auto own = s.rules.find(workspace); own != s.rules.end() && own->second.size() >= most_in_workspace)
        co_return fail(ErrorCode::conflict, "a workspace has at most {} guardrails; delete one first", most_in_workspace);
    storage::WriteUnit unit;
    store::insert(unit, row);
    if (also) also(unit, row);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.put(*rule);
    co_return row;
}

Awaitable<Result<Guardrail>> Guardrails::edit(WorkspaceId workspace, std::string id_or_name, Guardrail wanted,
                                              std::optional<std::string> if_match, Also also) {
    State& s = *state_;
    const auto present = s.find(workspace, id_or_name);
    if (!present) co_return fail(ErrorCode::not_found, "there is no guardrail {}", id_or_name);
    if (if_match && !net::etag_matches(*if_match, etag_of(present->row)))
        co_return fail(ErrorCode::precondition_failed, "the guardrail was changed meanwhile; read it again and repeat the change");
    if (const auto other = s.find(workspace, wanted.name); other && other->row.id != present->row.id)
        co_return fail(ErrorCode::conflict, "there is a guardrail {} already; choose another name", wanted.name);
    wanted.workspace = workspace;
    wanted.id = present->row.id;
    wanted.revision = present->row.revision + 1;
    wanted.created_by = present->row.created_by;
    wanted.created_at = present->row.created_at;
    wanted.updated_at = s.clock.now();
    auto rule = checked(std::move(wanted));
    if (!rule) co_return fail(std::move(rule.error()));
    storage::WriteUnit unit;
    store::update(unit, (*rule)->row, present->row.revision);
    if (also) also(unit, (*rule)->row);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.put(*rule);
    co_return (*rule)->row;
}

Awaitable<Result<void>> Guardrails::remove(WorkspaceId workspace, std::string id_or_name, std::optional<std::string> if_match, Also also) {
    State& s = *state_;
    const auto present = s.find(workspace, id_or_name);
    if (!present) co_return fail(ErrorCode::not_found, "there is no guardrail {}", id_or_name);
    if (if_match && !net::etag_matches(*if_match, etag_of(present->row)))
        co_return fail(ErrorCode::precondition_failed, "the guardrail was changed meanwhile; read it again");
    storage::WriteUnit unit;
    store::remove(unit, present->row);
    if (also) also(unit, present->row);
    auto done = co_await s.storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    s.drop(present->row);
    co_return Result<void>();
}

bool Guardrails::any(WorkspaceId workspace) const { return !state_->rules.empty() && state_->rules.contains(workspace); }

std::shared_ptr<const Guard> Guardrails::covering(const budget::CallScope& scope, const std::vector<std::string>& models) const {
    const auto own = state_->rules.find(scope.workspace);
    if (own == state_->rules.end()) return nullptr;
    auto out = std::make_shared<Guard>();
    for (const auto& rule : own->second) {
        const auto& row = rule->row;
        if (!row.enabled || !covers(row.api_keys, scope.api_key) || !covers(row.flows, scope.flow) || !covers(row.projects, scope.project))
            continue;
        if (!row.models.empty() && std::none_of(models.begin(), models.end(), [&](const std::string& each) { return covers(row.models, each); }))
            continue;
        if (row.direction != GuardDirection::output) out->input.push_back(rule);
        if (row.direction != GuardDirection::input) out->output.push_back(rule);
        out->has_schema = out->has_schema || rule->type == GuardRule::Type::schema;
        out->stamp += fmt::format("{}:{} ", row.id, row.revision);
    }
    if (out->stamp.empty()) return nullptr;
    return out;
}

}  // namespace sluice::llm
