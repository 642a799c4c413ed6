#pragma once
/// Names to addresses, on a pool because the system's resolver blocks: for many seconds when its server is dead. So the
/// same name is looked up once for all who ask at the same time, and no workspace holds more than a few threads.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::runtime {
class Pool;
}

namespace sluice::net {

using Addresses = std::vector<std::string>;
/// Blocking; runs on the pool. Errors: upstream_failed.
using LookUp = std::function<Result<Addresses>(const std::string& host)>;
/// The system's: every numeric address of the name, each once.
Result<Addresses> look_up_with_system(const std::string& host);

/// Thread: loop.
class Resolver {
  public:
    Resolver(runtime::Loop& loop, runtime::Pool& pool, LookUp look_up);

    /// Errors: upstream_failed, timeout (retryable both), cancelled (stopped).
    Awaitable<Result<Addresses>> resolve(std::string host, std::optional<WorkspaceId> workspace, Time deadline);
    /// Ends the waits; a look-up that has begun ends on its thread.
    Awaitable<void> stop();

    static constexpr std::size_t most_of_workspace = 2, most_of_instance = 4;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::net
