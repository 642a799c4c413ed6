#pragma once
/// Kinds of model providers: how one vendor's API is called (addresses, headers, what it changes in a body). One file
/// each, one line in upstreams.def. What the bytes mean is the formats' business (src/llm/formats).

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "llm/body_scan.hpp"
#include "llm/formats/format.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/net/client.hpp"

namespace sluice::llm {

enum class Operation : std::uint8_t {
    chat,
    embeddings,
    single_embedding,  ///< of Gemini alone, where the caller asks in that form
    count_tokens,
    models
};

/// One call, as far as addressing it needs.
struct UpstreamCall {
    std::string_view base_url;       ///< without a slash at its end
    const Json* settings = nullptr;  ///< the provider's ("region", "api_version"); an object
    std::string_view model;          ///< the vendor's id
    Operation operation = Operation::chat;
    const Format* format = nullptr;  ///< of the body
    bool stream = false;
    std::string_view key;  ///< the provider's; empty: none
    Time now{};
};

/// Thread: any; without state.
class UpstreamType {
  public:
    virtual ~UpstreamType() = default;
    virtual std::string_view name() const = 0;   ///< "openai_compatible"
    virtual std::string_view title() const = 0;  ///< "OpenAI-compatible server"
    /// Under which name the catalogue has its prices ("openai"); empty: it is no vendor of its own.
    virtual std::string_view vendor() const = 0;
    virtual std::string_view default_base_url() const { return {}; }  ///< empty: it must be given
    virtual bool needs_key() const { return true; }
    /// The format to speak for a request that came in `door`: the same where the vendor understands it.
    virtual const Format& format(const Format& door) const = 0;
    virtual bool offers(Operation operation) const { return operation == Operation::chat; }
    /// Whether the names in its list of models are those by which they are called.
    virtual bool lists_what_is_called() const { return true; }
    /// Whether a list of models has this one.
    virtual bool is_listed(std::string_view model, std::span<const std::string> names) const;
    /// Why this provider's list of models cannot be asked for; empty: it can. `call`: base_url and settings.
    virtual std::string why_no_list(const UpstreamCall& call) const;
    /// What a list that was read says nothing about; empty: nothing to add.
    virtual std::string_view not_in_list() const { return {}; }
    /// What the vendor's way of calling wants otherwise in the outer members (the model's name at least).
    virtual void edit(BodyScan& body, const UpstreamCall& call) const;
    /// URL and headers; the body is in `out` already. Errors: invalid_argument (a setting is missing).
    virtual Result<void> address(const UpstreamCall& call, net::ClientRequest& out) const = 0;
    /// True where a stream comes in AWS's binary frames instead of server-sent events.
    virtual bool framed_stream() const { return false; }
    /// Mistakes in a provider's settings; empty: none.
    virtual std::vector<base::ErrorDetail> check(const Json& settings) const;
};

/// All kinds, in the order of their names.
std::span<const UpstreamType* const> upstream_types();
const UpstreamType* find_upstream_type(std::string_view name);

/// Reads AWS's event stream (vnd.amazon.eventstream) and gives the vendor's events inside as server-sent events.
class EventStreamReader {
  public:
    /// Errors: upstream_failed (a frame is broken, or carries an exception).
    Result<std::string> feed(std::string_view bytes);

  private:
    std::string waiting_;
    std::optional<Error> broken_;
};

}  // namespace sluice::llm
