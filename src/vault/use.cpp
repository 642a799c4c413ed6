// Who may use which value: judged when a flow is published and at each attempt; and what takes values out of texts.

#include "sluice/base/log.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/runtime/pool.hpp"
#include "vault/bindings.hpp"
#include "vault/vault_state.hpp"

namespace sluice::vault {

namespace {

bool names(const std::vector<std::string>& list, std::string_view one) {
    return list.empty() || std::find(list.begin(), list.end(), one) != list.end();
}

bool reaches(const std::vector<std::string>& hosts, std::string_view host, std::uint16_t port) {
    return std::any_of(hosts.begin(), hosts.end(), [&](const auto& pattern) { return covers(pattern, host, port); });
}

std::string not_bound(std::string_view secret, std::string_view kind, std::string_view name) {
    return fmt::format("secret {} is not bound to {} {}; who may write secrets binds it: sluice secrets bind {}", secret, kind, name, secret);
}

std::string not_to_host(std::string_view secret, std::string_view host, std::uint16_t port) {
    return fmt::format("secret {} may not be sent to {}:{}; who may write secrets allows a host: sluice secrets bind {} --host {}", secret,
                       host, port, secret, host);
}

void wipe_values(Json& value) {
    if (value.is_string()) crypto::wipe(value.get_ref<std::string&>());
    if (value.is_structured())
        for (auto& part : value) wipe_values(part);
}

}  // namespace

Grant::~Grant() { wipe_values(values_); }

Result<void> Grant::may_reach(std::string_view host, std::uint16_t port) const {
    for (const auto& bound : bound_)
        if (!reaches(bound.hosts, host, port)) return fail(ErrorCode::forbidden, "{}", not_to_host(bound.name, host, port));
    return {};
}

Judgement Vault::judge(WorkspaceId workspace, std::string_view flow, const std::vector<PlannedUse>& uses, const Principal& principal) const {
    Judgement out;
    for (const auto& use : uses) {
        const Secret* secret = state_->find(workspace, use.secret);
        if (secret == nullptr || secret->name != use.secret) {
            out.mistakes.push_back({use.pointer, fmt::format("there is no secret {}; set it first: sluice secrets set {}", use.secret, use.secret)});
            continue;
        }
        const auto& bindings = secret->bindings;
        const bool allowed = principal.may(Permission::secrets_use) || (bindings.developers && principal.may(Permission::flows_write));
        if (!allowed) {
            out.forbidden = true;
            out.mistakes.push_back({use.pointer, fmt::format("publishing a use of secret {} needs the permission secrets:use, or a secret "
                                                             "that is open to developers", use.secret)});
        }
        if (!names(bindings.node_types, use.node_type)) out.mistakes.push_back({use.pointer, not_bound(use.secret, "the node type", use.node_type)});
        if (!names(bindings.flows, flow)) out.mistakes.push_back({use.pointer, not_bound(use.secret, "the flow", flow)});
        if (use.host.empty()) continue;
        const auto [host, port] = split_host(use.host);
        if (!reaches(bindings.hosts, host, port)) out.mistakes.push_back({use.pointer, not_to_host(use.secret, host, port)});
    }
    return out;
}

identity::WrappedKeys& Vault::keys() const { return state_->keys; }

Awaitable<Result<void>> Vault::commit(storage::WriteUnit unit) {
    if (unit.empty()) co_return Result<void>();
    co_return co_await state_->storage.submit(std::move(unit));
}

bool Vault::sealed() const { return state_->keys.sealed(); }

Awaitable<void> Vault::wait_open() {
    while (state_->keys.sealed()) co_await state_->opened.wait();
}

Awaitable<Result<Grant>> Vault::grant(Wanted wanted) {
    Grant out;
    for (const auto& name : wanted.names) {
        const Secret* secret = state_->find(wanted.workspace, name);
        if (secret == nullptr || secret->name != name)
            co_return fail(ErrorCode::not_found, "there is no secret {}; set it (sluice secrets set {}), then retry the run", name, name);
        if (!names(secret->bindings.node_types, wanted.node_type))
            co_return fail(ErrorCode::forbidden, "{}", not_bound(name, "the node type", wanted.node_type));
        if (!names(secret->bindings.flows, wanted.flow))
            co_return fail(ErrorCode::forbidden, "{}", not_bound(name, "the flow", wanted.flow));
        out.bound_.push_back({name, secret->bindings.hosts});
        auto values = co_await state_->source->reveal(wanted.workspace, secret->id);
        if (!values) co_return fail(std::move(values.error()));
        out.values_[name] = std::string(values->front().text->view());
    }
    co_return out;
}

bool Vault::prepared(WorkspaceId workspace) const {
    if (state_->redactors.contains(workspace)) return true;
    const auto own = state_->secrets.find(workspace);
    return own == state_->secrets.end() || own->second.empty() || state_->keys.sealed();
}

Awaitable<void> Vault::prepare(WorkspaceId workspace) {
    if (prepared(workspace)) co_return;
    const auto turn = co_await state_->turns.take();
    if (!prepared(workspace)) co_await state_->refresh(workspace);
}

std::shared_ptr<const Redactor> Vault::redactor(WorkspaceId workspace) const {
    const auto found = state_->redactors.find(workspace);
    return found == state_->redactors.end() ? nullptr : found->second;
}

Awaitable<void> Vault::redact(WorkspaceId workspace, Json& value) const {
    constexpr std::size_t large = 64 << 10;
    const auto known = redactor(workspace);
    if (!known || known->empty()) co_return;
    if (base::approximate_size(value) < large) {
        known->redact(value);
        co_return;
    }
    auto job = [known, moved = std::move(value)]() mutable {
        known->redact(moved);
        return std::move(moved);
    };
    value = co_await state_->blocking.run(std::move(job));
}

Awaitable<void> Vault::State::refresh(WorkspaceId workspace) {
    std::vector<std::pair<std::string, SecretId>> wanted;
    if (const auto own = secrets.find(workspace); own != secrets.end())
        for (const auto& [name, secret] : own->second) wanted.emplace_back(name, secret.id);
    std::vector<std::pair<std::string, std::shared_ptr<const SecretText>>> values;
    for (const auto& [name, id] : wanted) {
        auto revealed = co_await source->reveal(workspace, id);
        if (!revealed) {
            log::warn("a secret's value could not be read, so it is not looked for in results and logs",
                      {{"secret", name}, {"cause", revealed.error().message}});
            continue;
        }
        for (auto& value : *revealed) values.emplace_back(name, std::move(value.text));
    }
    auto build = [values = std::move(values)] {
        std::vector<std::pair<std::string, std::string_view>> plain;
        for (const auto& [name, text] : values) plain.emplace_back(name, text->view());
        return std::make_shared<const Redactor>(plain);
    };
    redactors[workspace] = co_await blocking.run(std::move(build));
    filter_log();
}

void Vault::State::filter_log() {
    std::vector<std::shared_ptr<const Redactor>> all;
    for (const auto& [workspace, redactor] : redactors)
        if (!redactor->empty()) all.push_back(redactor);
    if (all.empty()) return log::set_filter(nullptr);
    log::set_filter(std::make_shared<const log::Filter>([all = std::move(all)](std::string_view text) {
        std::string out(text);
        for (const auto& redactor : all)
            if (redactor->touches(out)) out = redactor->redact(std::string_view(out));
        return out;
    }));
}

}  // namespace sluice::vault
