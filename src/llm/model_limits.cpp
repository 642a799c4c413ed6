// Buckets of requests and tokens, and lists of allowed models: what covers a call, and how definitions change.

#include "sluice/llm/model_limits.hpp"

#include <algorithm>

#include "llm/model_limits_store.hpp"
#include "sluice/net/http.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::llm {

struct LimitEntry {
    ModelLimit limit;
    // When each bucket will be full again, steady: an idle one needs no sweep.
    std::int64_t requests_full_at_ns = 0, tokens_full_at_ns = 0;
};

namespace {

using budget::ScopeType;
using EntryPtr = std::shared_ptr<LimitEntry>;

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::int64_t most_owed_ns = 60 * minute_ns;  ///< what a vendor tells must not close a scope for ever
constexpr std::int64_t most_rate = 1'000'000'000;
constexpr std::size_t most_limits = 2'000, most_models = 200, longest_name = 300;

tl::unexpected<Error> mistake(std::string pointer, std::string message) {
    std::string whole = fmt::format("{} {}", pointer, message);
    return fail(Error{ErrorCode::invalid_argument, std::move(whole), {{std::move(pointer), std::move(message)}}, false});
}

tl::unexpected<Error> no_limit(ModelLimitId id) {
    return fail(ErrorCode::not_found, "there is no limit {}; `sluice model-limits list` shows those that there are", id.str());
}

/// How much of a bucket's minute so many are. Rounded down, so that a full bucket has room for exactly its limit.
std::int64_t cost_ns(std::int64_t count, std::int64_t limit) {
    const auto cost = static_cast<__int128>(count) * minute_ns / limit;
    return static_cast<std::int64_t>(std::clamp<__int128>(cost, count > 0 ? 1 : 0, most_owed_ns));
}

std::int64_t used_ns(std::int64_t full_at_ns, std::int64_t now_ns) { return std::max<std::int64_t>(0, full_at_ns - now_ns); }

Duration rounded_up(std::int64_t ns) { return Duration((std::max<std::int64_t>(ns, 0) + 999) / 1000); }

RateStanding standing_of(std::int64_t limit, std::int64_t full_at_ns, std::int64_t now_ns) {
    const auto used = used_ns(full_at_ns, now_ns);
    const auto free = static_cast<__int128>(std::max<std::int64_t>(0, minute_ns - used));
    return {limit, static_cast<std::int64_t>(free * limit / minute_ns), rounded_up(used)};
}

/// Of several the one that has least left, in parts of its limit.
void keep_tightest(std::optional<RateStanding>& best, const RateStanding& other) {
    if (!best || static_cast<__int128>(other.left) * best->limit < static_cast<__int128>(best->left) * other.limit) best = other;
}

bool is_pattern(std::string_view text) {
    if (text.empty() || text.size() > longest_name || text.substr(0, text.size() - 1).find('*') != std::string_view::npos) return false;
    const auto visible = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; };
    return std::all_of(text.begin(), text.end(), visible);
}

bool matches(std::string_view pattern, const ModelNames& names) {
    return matches_model(pattern, names.asked) || matches_model(pattern, names.model) || matches_model(pattern, names.label);
}

bool allowed_by(const ModelLimit& limit, const ModelNames& names) {
    return !limit.terms.models || std::any_of(limit.terms.models->begin(), limit.terms.models->end(),
                                              [&](const std::string& pattern) { return matches(pattern, names); });
}

std::string name_of(const ModelLimit& limit) {
    if (limit.scope == ScopeType::workspace && limit.model.empty()) return "the workspace";
    auto type = std::string(budget::to_string(limit.scope));
    std::replace(type.begin(), type.end(), '_', ' ');
    std::string out = limit.scope == ScopeType::workspace ? "the workspace" : fmt::format("the {} {}", type, limit.scope_id);
    if (!limit.model.empty()) out += fmt::format(", models {}", limit.model);
    return out;
}

Result<void> check_match(const ModelLimit& limit, const std::optional<std::string>& if_match) {
    if (!if_match || net::etag_matches(*if_match, etag_of(limit))) return {};
    return fail(ErrorCode::precondition_failed, "limit {} has changed since you read it (its ETag is now {}); read it again and repeat "
                "your change", limit.id.str(), etag_of(limit));
}

Result<void> check_scope(const ModelLimit& limit) {
    switch (limit.scope) {
        case ScopeType::workspace:
            if (!limit.scope_id.empty()) return mistake("/scope/id", "is empty for a limit of the whole workspace");
            return {};
        case ScopeType::project:
        case ScopeType::agent:
        case ScopeType::flow:
            if (limit.scope_id.empty() || limit.scope_id.size() > 200) return mistake("/scope/id", "is missing or longer than 200 bytes");
            if (budget::has_controls(limit.scope_id)) return mistake("/scope/id", "has line ends or other control characters, which no name has");
            return {};
        case ScopeType::api_key:
            if (!ApiKeyId::parse(limit.scope_id)) return mistake("/scope/id", "is no id of a key (key_…)");
            return {};
        case ScopeType::user:
            if (!UserId::parse(limit.scope_id)) return mistake("/scope/id", "is no id of a person (usr_…)");
            return {};
        case ScopeType::model:
            if (!is_pattern(limit.scope_id)) return mistake("/scope/id", "is a model's name, or its beginning and *");
            return {};
        default: break;
    }
    return mistake("/scope/type", "is workspace, project, agent, flow, api_key, user or model");
}

}  // namespace

std::string etag_of(const ModelLimit& limit) { return fmt::format("\"{}\"", limit.revision); }

bool matches_model(std::string_view pattern, std::string_view name) {
    if (pattern.ends_with('*')) return !name.empty() && name.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == name;
}

bool within(const std::vector<std::string>& narrow, const std::vector<std::string>& wide) {
    return std::all_of(narrow.begin(), narrow.end(), [&](const std::string& one) {
        return std::any_of(wide.begin(), wide.end(), [&](const std::string& other) {
            // A beginning is within another one alone, however many names a list has.
            const std::string_view start = one.ends_with('*') ? std::string_view(one).substr(0, one.size() - 1) : std::string_view(one);
            if (one.ends_with('*') && !other.ends_with('*')) return false;
            return one == other || (other.ends_with('*') && start.starts_with(std::string_view(other).substr(0, other.size() - 1)));
        });
    });
}

Result<void> check_terms(const LimitTerms& terms) {
    for (const auto& [value, pointer] : {std::pair(terms.requests_per_minute, "/requests_per_minute"),
                                         std::pair(terms.tokens_per_minute, "/tokens_per_minute")})
        if (value && (*value < 1 || *value > most_rate)) return mistake(pointer, "is from 1 to 1000000000; leave it out for no limit");
    if (!terms.models) return {};
    if (terms.models->empty() || terms.models->size() > most_models)
        return mistake("/models", "has 1 to 200 names; leave it out, or give null, for all models");
    for (std::size_t i = 0; i < terms.models->size(); ++i)
        if (!is_pattern((*terms.models)[i])) return mistake(fmt::format("/models/{}", i), "is a model's name, or its beginning and *");
    return {};
}

void LimitShare::settle(std::int64_t tokens) {
    for (auto& [entry, ns] : tokens_) {
        const auto limit = entry->limit.terms.tokens_per_minute;
        if (limit) entry->tokens_full_at_ns += cost_ns(std::max<std::int64_t>(0, tokens), *limit) - ns;
    }
    tokens_.clear();
}

ModelLimits::ModelLimits(storage::Storage& storage, base::Clock& clock, base::Random& random)
    : storage_(storage), clock_(clock), random_(random) {}
ModelLimits::~ModelLimits() = default;

Awaitable<Result<void>> ModelLimits::start() {
    auto loaded = co_await store::load_limits(storage_);
    if (!loaded) co_return fail(std::move(loaded.error()));
    for (const auto& limit : *loaded) adopt(limit);
    co_return Result<void>();
}

std::int64_t ModelLimits::now_ns() const { return clock_.steady().count() * 1000; }

template <class Each>
void ModelLimits::cover(const budget::CallScope& scope, const Each& each) const {
    const auto own = spaces_.find(scope.workspace);
    if (own == spaces_.end()) return;
    for (const auto& [type, id] : {std::pair<ScopeType, std::string_view>{ScopeType::workspace, {}},
                                   {ScopeType::project, scope.project},
                                   {ScopeType::agent, scope.agent},
                                   {ScopeType::flow, scope.flow},
                                   {ScopeType::api_key, scope.api_key},
                                   {ScopeType::user, scope.user}}) {
        const auto& of_type = own->second.by_scope[static_cast<std::size_t>(type)];
        if (of_type.empty() || (id.empty() && type != ScopeType::workspace)) continue;
        if (const auto named = of_type.find(id); named != of_type.end())
            for (const auto& entry : named->second) each(entry);
    }
}

ModelLimits::Verdict ModelLimits::admit(const budget::CallScope& scope, const ModelNames& names, std::int64_t tokens,
                                        CountedLimits& counted) {
    Verdict out;
    const auto own = spaces_.find(scope.workspace);
    if (own == spaces_.end()) return out;
    found_.clear();
    const auto take_up = [&](const EntryPtr& entry) {
        const auto& limit = entry->limit;
        if (!limit.terms.requests_per_minute && !limit.terms.tokens_per_minute) return;
        if (!limit.model.empty() && !matches(limit.model, names)) return;
        if (std::find(found_.begin(), found_.end(), entry) == found_.end()) found_.push_back(entry);
    };
    cover(scope, take_up);
    const auto& of_models = own->second.by_scope[static_cast<std::size_t>(ScopeType::model)];
    if (!of_models.empty())
        for (const auto name : {names.asked, names.model, names.label})
            if (const auto named = of_models.find(name); named != of_models.end())
                for (const auto& entry : named->second) take_up(entry);
    for (const auto& entry : own->second.by_beginning)
        if (matches(entry->limit.scope_id, names)) take_up(entry);

    // Judged all before any is taken from: a refused call uses nothing up.
    const auto now = now_ns();
    const auto judge = [&](const LimitEntry& entry, std::int64_t limit, std::int64_t full_at, std::int64_t count, std::string_view unit) {
        const auto cost = std::min(cost_ns(count, limit), minute_ns), used = used_ns(full_at, now);
        if (used + cost <= minute_ns) return;
        const bool of_some = !entry.limit.model.empty() || entry.limit.scope == ScopeType::model;
        const auto wait = rounded_up(used + cost - minute_ns);
        const bool only_models = of_some && (!out.refusal || out.refusal->of_models);
        if (!out.refusal || wait > out.refusal->retry_in) {
            out.refusal.emplace();
            out.refusal->retry_in = wait;
            out.refusal->message = fmt::format("{} {} a minute are allowed for {}, and this call needs {} of them; try again in {} s", limit, unit,
                                               name_of(entry.limit), std::min(count, limit), (wait.count() + 999'999) / 1'000'000);
        }
        out.refusal->of_models = only_models;
    };
    const auto is_counted = [&](const EntryPtr& entry) { return std::find(counted.begin(), counted.end(), entry) != counted.end(); };
    for (const auto& entry : found_) {
        const auto& terms = entry->limit.terms;
        if (terms.requests_per_minute && !is_counted(entry))
            judge(*entry, *terms.requests_per_minute, entry->requests_full_at_ns, 1, "requests");
        if (terms.tokens_per_minute) judge(*entry, *terms.tokens_per_minute, entry->tokens_full_at_ns, tokens, "tokens");
    }
    for (const auto& entry : found_) {
        const auto& terms = entry->limit.terms;
        if (terms.requests_per_minute) {
            if (!out.refusal && !is_counted(entry)) {
                entry->requests_full_at_ns = std::max(entry->requests_full_at_ns, now) + cost_ns(1, *terms.requests_per_minute);
                out.share.requests_.push_back(entry);
                counted.push_back(entry);
            }
            keep_tightest(out.standings.requests, standing_of(*terms.requests_per_minute, entry->requests_full_at_ns, now));
        }
        if (terms.tokens_per_minute) {
            if (!out.refusal) {
                const auto cost = std::min(cost_ns(tokens, *terms.tokens_per_minute), minute_ns);
                entry->tokens_full_at_ns = std::max(entry->tokens_full_at_ns, now) + cost;
                out.share.tokens_.push_back({entry, cost});
            }
            keep_tightest(out.standings.tokens, standing_of(*terms.tokens_per_minute, entry->tokens_full_at_ns, now));
        }
    }
    found_.clear();
    return out;
}

void ModelLimits::release(LimitShare share, CountedLimits& counted) {
    for (const auto& entry : share.requests_) {
        if (entry->limit.terms.requests_per_minute) entry->requests_full_at_ns -= cost_ns(1, *entry->limit.terms.requests_per_minute);
        std::erase(counted, entry);
    }
    share.settle(0);
}

bool ModelLimits::allows(const budget::CallScope& scope, const ModelNames& names) const {
    bool allowed = true;
    cover(scope, [&](const EntryPtr& entry) { allowed = allowed && allowed_by(entry->limit, names); });
    return allowed;
}

bool ModelLimits::restricts(const budget::CallScope& scope) const {
    bool restricted = false;
    cover(scope, [&](const EntryPtr& entry) { restricted = restricted || entry->limit.terms.models; });
    return restricted;
}

std::vector<ModelLimit> ModelLimits::list(WorkspaceId workspace) const {
    std::vector<ModelLimit> out;
    if (const auto own = spaces_.find(workspace); own != spaces_.end())
        for (auto each = own->second.all.rbegin(); each != own->second.all.rend(); ++each) out.push_back(each->second->limit);
    return out;
}

std::optional<ModelLimit> ModelLimits::find(WorkspaceId workspace, ModelLimitId id) const {
    const auto own = spaces_.find(workspace);
    if (own == spaces_.end()) return std::nullopt;
    const auto found = own->second.all.find(id);
    return found == own->second.all.end() ? std::nullopt : std::optional(found->second->limit);
}

std::vector<ModelLimit> ModelLimits::of_scope_all(WorkspaceId workspace, ScopeType scope, std::string_view scope_id) const {
    std::vector<ModelLimit> out;
    const auto own = spaces_.find(workspace);
    if (own == spaces_.end()) return out;
    const auto& of_type = own->second.by_scope[static_cast<std::size_t>(scope)];
    if (const auto named = of_type.find(scope_id); named != of_type.end())
        for (const auto& entry : named->second) out.push_back(entry->limit);
    return out;
}

std::optional<ModelLimit> ModelLimits::of_scope(WorkspaceId workspace, ScopeType scope, std::string_view scope_id) const {
    for (auto& limit : of_scope_all(workspace, scope, scope_id))
        if (limit.model.empty()) return std::move(limit);
    return std::nullopt;
}

LimitStandings ModelLimits::standings(const ModelLimit& limit) const {
    LimitStandings out;
    std::int64_t requests = 0, tokens = 0;
    if (const auto own = spaces_.find(limit.workspace); own != spaces_.end())
        if (const auto found = own->second.all.find(limit.id); found != own->second.all.end()) {
            requests = found->second->requests_full_at_ns;
            tokens = found->second->tokens_full_at_ns;
        }
    const auto now = now_ns();
    if (limit.terms.requests_per_minute) out.requests = standing_of(*limit.terms.requests_per_minute, requests, now);
    if (limit.terms.tokens_per_minute) out.tokens = standing_of(*limit.terms.tokens_per_minute, tokens, now);
    return out;
}

Result<ModelLimit> ModelLimits::prepare(ModelLimit wanted) const {
    if (auto good = check_scope(wanted); !good) return fail(std::move(good.error()));
    if (auto good = check_terms(wanted.terms); !good) return fail(std::move(good.error()));
    if (!wanted.terms.any()) return mistake("", "limits nothing: give requests_per_minute, tokens_per_minute or models");
    if (!wanted.model.empty() && !is_pattern(wanted.model)) return mistake("/model", "is a model's name, or its beginning and *");
    const bool of_some = !wanted.model.empty() || wanted.scope == ScopeType::model;
    if (wanted.terms.models && of_some) return mistake("/models", "goes with a limit of all models; leave out `model`, or name another scope");
    if (const auto own = spaces_.find(wanted.workspace); own != spaces_.end() && own->second.all.size() >= most_limits)
        return fail(ErrorCode::conflict, "a workspace has at most {} limits; delete one that is not needed", most_limits);
    wanted.id = ModelLimitId::make(clock_.now(), random_);
    wanted.revision = 1;
    wanted.created_at = wanted.updated_at = clock_.now();
    return wanted;
}

Result<ModelLimit> ModelLimits::prepare_change(ModelLimit limit, LimitTerms terms) const {
    if (auto good = check_terms(terms); !good) return fail(std::move(good.error()));
    if (!terms.any()) return mistake("", "limits nothing any more; delete the limit instead");
    if (terms.models && (!limit.model.empty() || limit.scope == ScopeType::model)) return mistake("/models", "goes with a limit of all models");
    limit.terms = std::move(terms);
    ++limit.revision;
    limit.updated_at = clock_.now();
    return limit;
}

void ModelLimits::append_change(storage::WriteUnit& unit, const ModelLimit& limit) { store::update(unit, limit, limit.revision - 1); }
void ModelLimits::replace(const ModelLimit& limit) {
    if (const auto own = spaces_.find(limit.workspace); own != spaces_.end())
        if (const auto found = own->second.all.find(limit.id); found != own->second.all.end()) found->second->limit = limit;
}
void ModelLimits::append(storage::WriteUnit& unit, const ModelLimit& limit) { store::insert(unit, limit); }
void ModelLimits::append_removal(storage::WriteUnit& unit, const ModelLimit& limit) { store::remove(unit, limit); }

void ModelLimits::adopt(const ModelLimit& limit) {
    auto entry = std::make_shared<LimitEntry>();
    entry->limit = limit;
    Space& space = spaces_[limit.workspace];
    if (limit.scope == ScopeType::model && limit.scope_id.ends_with('*'))
        space.by_beginning.push_back(entry);
    else
        space.by_scope[static_cast<std::size_t>(limit.scope)][limit.scope_id].push_back(entry);
    space.all[limit.id] = std::move(entry);
}

void ModelLimits::forget(const ModelLimit& limit) {
    const auto own = spaces_.find(limit.workspace);
    if (own == spaces_.end()) return;
    Space& space = own->second;
    const auto found = space.all.find(limit.id);
    if (found == space.all.end()) return;
    const auto entry = found->second;
    std::erase(space.by_beginning, entry);
    auto& of_type = space.by_scope[static_cast<std::size_t>(limit.scope)];
    if (const auto named = of_type.find(limit.scope_id); named != of_type.end()) {
        std::erase(named->second, entry);
        if (named->second.empty()) of_type.erase(named);
    }
    space.all.erase(found);
    if (space.all.empty()) spaces_.erase(own);
}

Awaitable<Result<ModelLimit>> ModelLimits::create(ModelLimit wanted, Also also) {
    auto limit = prepare(std::move(wanted));
    if (!limit) co_return limit;
    storage::WriteUnit unit;
    if (also) also(unit, *limit);
    store::insert(unit, *limit);
    auto done = co_await storage_.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    adopt(*limit);
    co_return limit;
}

Awaitable<Result<ModelLimit>> ModelLimits::edit(WorkspaceId workspace, ModelLimitId id, LimitTerms terms, std::optional<std::string> if_match,
                                                Also also) {
    std::optional<ModelLimit> limit = find(workspace, id);
    if (!limit) co_return no_limit(id);
    if (auto good = check_match(*limit, if_match); !good) co_return fail(std::move(good.error()));
    auto changed = prepare_change(std::move(*limit), std::move(terms));
    if (!changed) co_return changed;
    storage::WriteUnit unit;
    if (also) also(unit, *changed);
    append_change(unit, *changed);
    auto done = co_await storage_.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    replace(*changed);
    co_return changed;
}

Awaitable<Result<void>> ModelLimits::remove(WorkspaceId workspace, ModelLimitId id, std::optional<std::string> if_match, Also also) {
    const auto limit = find(workspace, id);
    if (!limit) co_return no_limit(id);
    if (auto good = check_match(*limit, if_match); !good) co_return good;
    storage::WriteUnit unit;
    if (also) also(unit, *limit);
    store::remove(unit, *limit);
    auto done = co_await storage_.submit(std::move(unit));
    if (!done) co_return done;
    forget(*limit);
    co_return Result<void>();
}

}  // namespace sluice::llm
