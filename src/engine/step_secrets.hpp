#pragma once
// The secrets of one attempt: put into its config after templates are rendered, and taken out of what it gives.

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/log.hpp"
#include "sluice/engine/machine.hpp"
#include "sluice/vault/vault.hpp"

namespace sluice::engine {

/// Thread: loop. `vault` may be null: then no step may use secrets.
class StepSecrets {
  public:
    StepSecrets(vault::Vault* vault, WorkspaceId workspace) : vault_(vault), workspace_(workspace) {}
    ~StepSecrets();
    StepSecrets(const StepSecrets&) = delete;
    StepSecrets& operator=(const StepSecrets&) = delete;

    /// Waits while the vault is sealed and the step names secrets, then writes their values into `execute`'s config, which
    /// outlives this. The vault judges node type and flow. Errors: not_found, forbidden; operation_aborted is thrown.
    Awaitable<Result<void>> prepare(command::Execute& execute, const log::Logger& logger);

    Result<void> may_send_to(std::string_view host, std::uint16_t port) const { return grant_.may_reach(host, port); }
    std::string redacted(std::string_view text) const;
    void redact(Json& value) const;
    /// Output or error of the attempt; the caller awaits at once.
    Awaitable<void> redact(Result<flows::StepOutput>& result) const;

  private:
    vault::Vault* vault_;
    WorkspaceId workspace_;
    vault::Grant grant_;
    command::Execute* injected_ = nullptr;
};

}  // namespace sluice::engine
