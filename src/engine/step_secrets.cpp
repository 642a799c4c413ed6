#include "engine/step_secrets.hpp"

#include "engine/engine_state.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::engine {

namespace {

/// Values in the places of the marks that templates were rendered with.
void inject(command::Execute& execute, const Json& values) {
    for (const auto& field : execute.node->secret_fields) {
        Json& value = execute.config.at(Json::json_pointer(field));
        if (value.is_string()) value = flows::fill_secret_marks(value.get_ref<const std::string&>(), values);
    }
}

}  // namespace

void Engine::set_vault(vault::Vault& vault) { state_->vault = &vault; }

StepSecrets::~StepSecrets() {
    if (injected_ == nullptr) return;
    for (const auto& field : injected_->node->secret_fields) {
        Json& value = injected_->config.at(Json::json_pointer(field));
        if (value.is_string()) crypto::wipe(value.get_ref<std::string&>());
    }
}

Awaitable<Result<void>> StepSecrets::prepare(command::Execute& execute, const log::Logger& logger) {
    const auto& node = *execute.node;
    if (vault_ == nullptr) {
        if (node.secret_fields.empty()) co_return Result<void>();
        co_return fail(ErrorCode::unavailable, "this process has no vault, so the step's secrets cannot be read");
    }
    if (!node.secret_fields.empty()) {
        vault::Wanted wanted{workspace_, execute.instance->run->flow->name, node.type_name, node.secrets};
        auto granted = co_await vault_->grant(wanted);
        while (!granted && granted.error().code == ErrorCode::sealed) {
            logger.warn("a step waits because the vault is sealed; `sluice vault status` says what opens it");
            co_await vault_->wait_open();
            granted = co_await vault_->grant(wanted);
        }
        if (!granted) co_return fail(std::move(granted.error()));
        grant_ = std::move(*granted);
        inject(execute, grant_.values());
        injected_ = &execute;
    }
    if (!vault_->prepared(workspace_)) co_await vault_->prepare(workspace_);
    co_return Result<void>();
}

std::string StepSecrets::redacted(std::string_view text) const {
    const auto redactor = vault_ == nullptr ? nullptr : vault_->redactor(workspace_);
    return redactor ? redactor->redact(text) : std::string(text);
}

void StepSecrets::redact(Json& value) const {
    if (vault_ == nullptr) return;
    if (const auto redactor = vault_->redactor(workspace_)) redactor->redact(value);
}

Awaitable<void> StepSecrets::redact(Result<flows::StepOutput>& result) const {
    if (vault_ == nullptr) co_return;
    if (result) co_await vault_->redact(workspace_, result->output);
    else if (const auto redactor = vault_->redactor(workspace_)) redactor->redact(result.error());
}

}  // namespace sluice::engine
