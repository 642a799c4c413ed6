#pragma once
/// What an API key has beside its row: budgets, rates and the models that it may call. The modules that keep those stand
/// above this one and implement it (llm); without it keys have none. Thread: loop.

#include <functional>
#include <memory>

#include "sluice/base/json_fwd.hpp"
#include "sluice/identity/identity.hpp"

namespace sluice::identity {

class KeyGrants {
  public:
    virtual ~KeyGrants() = default;

    /// What one new key, or a change of one, brings along: judged, and not yet stored. Short-lived: others wait for it.
    class Draft {
      public:
        virtual ~Draft() = default;
        /// Into the unit that stores the key.
        virtual void append(storage::WriteUnit& unit, const ApiKey& key) = 0;
        /// The unit was stored.
        virtual void committed() = 0;
        /// The members that an answer about the key has then.
        virtual Json describe() const = 0;
    };
    /// `wanted`: the body of a creation. Who is limited gives at most what it has itself, and that where it says nothing.
    /// Errors: invalid_argument with pointers, forbidden (more than `maker` has), conflict.
    virtual Awaitable<Result<std::unique_ptr<Draft>>> draft(Principal maker, Json wanted) = 0;
    /// `wanted`: the body of a change; what it leaves out stays. Errors: as `draft`.
    virtual Result<std::unique_ptr<Draft>> change(const Principal& actor, ApiKeyId id, const Json& wanted) = 0;
    /// A revoked key needs none of it any more; what it has spent stays counted.
    virtual std::unique_ptr<Draft> end(WorkspaceId workspace, ApiKeyId id) = 0;
    /// models, requests_per_minute, tokens_per_minute, budgets.
    virtual Json describe(WorkspaceId workspace, ApiKeyId id) const = 0;
};

/// Before the first request. `grants` outlives `identity`'s requests.
void set_key_grants(Identity& identity, KeyGrants& grants);

}  // namespace sluice::identity
