// What API keys have beside their rows: limits of their own and budgets of their own, in the commit that makes the key. Who is
// limited passes on at most that.

#include "sluice/identity/key_grants.hpp"

#include <algorithm>

#include "llm/model_limits_json.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::llm {
namespace {

using budget::ScopeType;
using identity::ApiKey;

tl::unexpected<Error> mistake(std::string pointer, std::string message) {
    std::string whole = fmt::format("{} {}", pointer, message);
    return fail(Error{ErrorCode::invalid_argument, std::move(whole), {{std::move(pointer), std::move(message)}}, false});
}

tl::unexpected<Error> too_much(std::string message) { return fail(Error{ErrorCode::forbidden, std::move(message), {}, false}); }

/// Whose own limits bind what somebody grants; nothing: nobody's.
std::optional<ScopeType> own_scope(const Principal& maker) {
    if (maker.kind == Principal::Kind::api_key) return ScopeType::api_key;
    if (maker.kind == Principal::Kind::user) return ScopeType::user;
    return std::nullopt;
}

/// Fills what is not said from what the maker has. Errors: forbidden (more than that).
Result<void> bind(LimitTerms& terms, const LimitTerms& own) {
    for (const auto& [name, wanted, most] : {std::tuple("requests", &terms.requests_per_minute, &own.requests_per_minute),
                                             std::tuple("tokens", &terms.tokens_per_minute, &own.tokens_per_minute)}) {
        if (!*most) continue;
        if (!*wanted) *wanted = **most;
        if (**wanted > **most)
            return too_much(fmt::format("you have {} {} of models a minute yourself, and can give at most that", **most, name));
    }
    if (!own.models) return {};
    if (!terms.models) terms.models = own.models;
    if (within(*terms.models, *own.models)) return {};
    std::string names;
    for (const auto& each : *own.models) names += (names.empty() ? "" : ", ") + each;
    return too_much(fmt::format("you can give only models that you may call yourself: {}", names.substr(0, 500)));
}

Result<std::optional<budget::NewBudget>> budget_of(const Json& body) {
    const auto* wanted = base::find_member(body, "budget");
    if (!wanted || wanted->is_null()) return std::optional<budget::NewBudget>();
    budget::NewBudget out;
    out.scope = ScopeType::api_key;
    const Json& limit = wanted->at("limit_usd");
    const auto amount = base::parse_usd(limit.is_string() ? limit.get<std::string>() : base::dump_json(limit));
    if (!amount) return mistake("/budget/limit_usd", amount.error().message);
    if (amount->value < 0) return mistake("/budget/limit_usd", "is below 0");
    out.limit = *amount;
    out.window = budget::window_from(base::string_or(*wanted, "window", "month")).value_or(budget::Window::month);
    out.action = budget::action_from(base::string_or(*wanted, "action", "block")).value_or(budget::Action::block);
    out.downgrade_to = base::string_or(*wanted, "downgrade_to", "");
    out.time_zone = base::string_or(*wanted, "time_zone", "UTC");
    return std::optional(std::move(out));
}

/// Adds what the maker's own budgets demand: in each of their windows at most as much. Errors: forbidden.
Result<void> bind(std::vector<budget::NewBudget>& wanted, const std::vector<budget::Budget>& own) {
    for (const auto& each : own) {
        if (each.action == budget::Action::warn) continue;
        const auto same = std::find_if(wanted.begin(), wanted.end(), [&](const auto& other) { return other.window == each.window; });
        if (same == wanted.end()) {
            budget::NewBudget passed;
            passed.scope = ScopeType::api_key;
            passed.window = each.window;
            passed.limit = each.limit;
            passed.action = each.action;
            passed.downgrade_to = each.downgrade_to;
            passed.time_zone = each.time_zone;
            wanted.push_back(std::move(passed));
        } else if (same->limit > each.limit || same->action == budget::Action::warn) {
            return too_much(fmt::format("your own budget of a {} is {} USD, and you can give at most that, with an action that blocks",
                                        budget::to_string(each.window), base::format_usd(each.limit)));
        }
    }
    return {};
}

Json budget_json(const budget::Budget& budget, const budget::Standing& standing) {
    return {{"id", budget.id.str()},
            {"window", budget::to_string(budget.window)},
            {"limit_usd", base::format_usd(budget.limit)},
            {"action", budget::to_string(budget.action)},
            {"spent_usd", base::format_usd(standing.spent)},
            {"left_usd", base::format_usd(standing.left())}};
}

class Made final : public identity::KeyGrants::Draft {
  public:
    Made(ModelLimits& limits, std::vector<ModelLimit> own, std::optional<budget::BudgetDrafts> budgets)
        : limits_(limits), own_(std::move(own)), budgets_(std::move(budgets)) {}
    void append(storage::WriteUnit& unit, const ApiKey& key) override {
        for (auto& limit : own_) {
            limit.scope_id = key.id.str();
            ModelLimits::append(unit, limit);
        }
        if (budgets_) budgets_->append(unit, key.id.str());
    }
    void committed() override {
        for (const auto& limit : own_) limits_.adopt(limit);
        if (budgets_) budgets_->committed();
    }
    Json describe() const override {
        const auto whole = std::find_if(own_.begin(), own_.end(), [](const ModelLimit& limit) { return limit.model.empty(); });
        auto out = terms_json(whole == own_.end() ? LimitTerms() : whole->terms);
        out["budgets"] = Json::array();
        if (budgets_)
            for (const auto& each : budgets_->items()) {
                budget::Standing standing;
                standing.limit = each.limit;
                out["budgets"].push_back(budget_json(each, standing));
            }
        return out;
    }

  private:
    ModelLimits& limits_;
    std::vector<ModelLimit> own_;
    std::optional<budget::BudgetDrafts> budgets_;
};

/// A change of the limit over all models: made, replaced or removed.
class Changed final : public identity::KeyGrants::Draft {
  public:
    Changed(ModelLimits& limits, std::optional<ModelLimit> before, std::optional<ModelLimit> after, Json described)
        : limits_(limits), before_(std::move(before)), after_(std::move(after)), described_(std::move(described)) {}
    void append(storage::WriteUnit& unit, const ApiKey&) override {
        if (before_ && after_)
            ModelLimits::append_change(unit, *after_);
        else if (after_)
            ModelLimits::append(unit, *after_);
        else if (before_)
            ModelLimits::append_removal(unit, *before_);
    }
    void committed() override {
        if (before_ && after_)
            limits_.replace(*after_);
        else if (after_)
            limits_.adopt(*after_);
        else if (before_)
            limits_.forget(*before_);
    }
    Json describe() const override { return described_; }

  private:
    ModelLimits& limits_;
    std::optional<ModelLimit> before_, after_;
    Json described_;
};

class Ended final : public identity::KeyGrants::Draft {
  public:
    Ended(ModelLimits& limits, std::vector<ModelLimit> own) : limits_(limits), own_(std::move(own)) {}
    void append(storage::WriteUnit& unit, const ApiKey&) override {
        for (const auto& limit : own_) ModelLimits::append_removal(unit, limit);
    }
    void committed() override {
        for (const auto& limit : own_) limits_.forget(limit);
    }
    Json describe() const override { return Json::object(); }

  private:
    ModelLimits& limits_;
    std::vector<ModelLimit> own_;
};

class Grants final : public identity::KeyGrants {
  public:
    Grants(budget::Budgets& budgets, ModelLimits& limits) : budgets_(budgets), limits_(limits) {}

    Awaitable<Result<std::unique_ptr<Draft>>> draft(Principal maker, Json wanted) override {
        using Answer = Result<std::unique_ptr<Draft>>;
        std::vector<ModelLimit> own;
        ModelLimit whole = empty_limit(maker);
        whole.terms = terms_of(wanted);
        if (auto good = check_terms(whole.terms); !good) co_return Answer(fail(std::move(good.error())));
        std::vector<budget::NewBudget> budgets;
        auto given = budget_of(wanted);
        if (!given) co_return Answer(fail(std::move(given.error())));
        if (*given) budgets.push_back(std::move(**given));
        if (const auto type = own_scope(maker)) {
            for (const auto& limit : limits_.of_scope_all(maker.workspace, *type, maker.id)) {
                if (limit.model.empty()) {
                    if (auto good = bind(whole.terms, limit.terms); !good) co_return Answer(fail(std::move(good.error())));
                    continue;
                }
                auto passed = empty_limit(maker);
                passed.model = limit.model;
                passed.terms = limit.terms;
                own.push_back(std::move(passed));
            }
            const auto bounds = budgets_.of_scope(maker.workspace, *type, maker.id);
            if (auto good = bind(budgets, bounds); !good) co_return Answer(fail(std::move(good.error())));
        }
        if (whole.terms.any()) own.insert(own.begin(), std::move(whole));
        for (auto& limit : own) {
            auto prepared = limits_.prepare(std::move(limit));
            if (!prepared) co_return Answer(fail(std::move(prepared.error())));
            limit = std::move(*prepared);
        }
        std::optional<budget::BudgetDrafts> drafts;
        if (!budgets.empty()) {
            auto drafted = co_await budgets_.draft(maker.workspace, std::move(budgets), maker.id);
            if (!drafted) co_return Answer(fail(std::move(drafted.error())));
            drafts.emplace(std::move(*drafted));
        }
        co_return Answer(std::make_unique<Made>(limits_, std::move(own), std::move(drafts)));
    }

    Result<std::unique_ptr<Draft>> change(const Principal& actor, ApiKeyId id, const Json& wanted) override {
        if (auto free = check_unbound(actor, limits_, ScopeType::api_key, id.str()); !free) return fail(std::move(free.error()));
        const auto present = limits_.of_scope(actor.workspace, ScopeType::api_key, id.str());
        auto terms = present ? present->terms : LimitTerms();
        const auto said = terms_of(wanted);
        if (wanted.contains("models")) terms.models = said.models;
        if (wanted.contains("requests_per_minute")) terms.requests_per_minute = said.requests_per_minute;
        if (wanted.contains("tokens_per_minute")) terms.tokens_per_minute = said.tokens_per_minute;
        if (const auto type = own_scope(actor))
            if (const auto own = limits_.of_scope(actor.workspace, *type, actor.id))
                if (auto good = bind(terms, own->terms); !good) return fail(std::move(good.error()));
        std::optional<ModelLimit> after;
        if (terms.any()) {
            auto next = empty_limit(actor);
            next.scope_id = id.str();
            next.terms = terms;
            auto prepared = present ? limits_.prepare_change(*present, terms) : limits_.prepare(std::move(next));
            if (!prepared) return fail(std::move(prepared.error()));
            after = std::move(*prepared);
        }
        auto described = describe(actor.workspace, id);
        described.update(terms_json(terms));
        return std::make_unique<Changed>(limits_, present, std::move(after), std::move(described));
    }

    std::unique_ptr<Draft> end(WorkspaceId workspace, ApiKeyId id) override {
        return std::make_unique<Ended>(limits_, limits_.of_scope_all(workspace, ScopeType::api_key, id.str()));
    }

    Json describe(WorkspaceId workspace, ApiKeyId id) const override {
        const auto scope_id = id.str();
        const auto own = limits_.of_scope(workspace, ScopeType::api_key, scope_id);
        auto out = terms_json(own ? own->terms : LimitTerms());
        out["budgets"] = Json::array();
        for (const auto& each : budgets_.of_scope(workspace, ScopeType::api_key, scope_id))
            out["budgets"].push_back(budget_json(each, budgets_.standing(each)));
        return out;
    }

  private:
    /// Of a key whose id is not known yet.
    static ModelLimit empty_limit(const Principal& maker) {
        ModelLimit out;
        out.workspace = maker.workspace;
        out.scope = ScopeType::api_key;
        out.scope_id = ApiKeyId::last().str();
        out.created_by = maker.id;
        return out;
    }

    budget::Budgets& budgets_;
    ModelLimits& limits_;
};

}  // namespace

std::unique_ptr<identity::KeyGrants> make_key_grants(budget::Budgets& budgets, ModelLimits& limits) {
    return std::make_unique<Grants>(budgets, limits);
}

}  // namespace sluice::llm
