#pragma once
/// Model providers: one interface, one file each. A provider turns a chat request into a completion and says what it used.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/id.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/result.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::llm {

/// A call of a tool that the model asks for.
struct ToolCall {
    std::string id, name;
    Json arguments;
};

/// One message of a conversation. `content` is text, or a list of parts as OpenAI's chat format has them.
struct Message {
    std::string role;  ///< system | user | assistant | tool
    Json content;
    std::string tool_call_id;           ///< of a tool's answer
    std::vector<ToolCall> tool_calls;   ///< of an assistant's message
};

struct Tool {
    std::string name, description;
    Json parameters;  ///< JSON Schema
};

struct ChatRequest {
    std::string model;
    std::vector<Message> messages;
    std::optional<Json> response_schema;   ///< the answer must be JSON of this schema
    std::string response_schema_name = "answer";
    std::vector<Tool> tools;
    std::string tool_choice;               ///< "", "auto", "none", "required", or a tool's name
    std::optional<double> temperature;
    std::optional<std::int64_t> max_output_tokens;
    Json extra = Json::object();           ///< provider-specific members, passed through
    std::string idempotency_key;
    Duration timeout = std::chrono::seconds(60);
};

struct Usage {
    std::int64_t input_tokens = 0, output_tokens = 0, cached_input_tokens = 0;
    bool estimated = false;   ///< the provider gave none
};

struct Completion {
    std::string text;
    std::vector<ToolCall> tool_calls;
    std::string finish_reason;  ///< stop | length | tool_calls | content_filter
    std::string model;          ///< as the provider names it
    Usage usage;
    NanoUsd cost;
    bool cost_known = false;    ///< false: no price for this model
};

/// Receives text as it is produced.
using TextSink = std::function<void(std::string_view piece)>;

/// What a model costs, in nano-USD per million tokens.
struct Price {
    NanoUsd input_per_million, output_per_million;
};

struct ModelInfo {
    std::string id;
    std::optional<Price> price;
};

/// Where a provider of the configuration is reached, for calls that pass its bytes through.
struct Endpoint {
    std::string base_url, api_key;
    bool official = false;  ///< OpenAI itself
};

/// Thread: loop.
class Provider {
  public:
    virtual ~Provider() = default;
    virtual const std::string& name() const = 0;
    virtual std::string_view type() const = 0;   ///< "openai_compatible", "simulated"
    virtual const std::vector<ModelInfo>& models() const = 0;
    virtual std::optional<Endpoint> endpoint() const { return std::nullopt; }
    /// Calls the model. With `on_text` the answer is streamed. Errors: upstream_failed, timeout, rate_limited (retryable),
    /// invalid_argument (the provider refused the request), unauthenticated (its key), cancelled.
    virtual Awaitable<Result<Completion>> chat(ChatRequest request, TextSink on_text) = 0;
};

/// The configured providers. A model is called by its exact id, else by `provider/id`.
class Providers {
  public:
    void add(std::shared_ptr<Provider> provider);
    void remove(std::string_view name);
    struct Choice {
        std::shared_ptr<Provider> provider;
        std::string model;
        std::optional<Price> price;
    };
    /// `model` empty or "default": the default provider's first model. Errors: not_found, listing what there is.
    Result<Choice> resolve(std::string_view model) const;
    std::vector<std::shared_ptr<Provider>> all() const { return providers_; }
    void set_default(std::string model) { default_ = std::move(model); }

  private:
    std::vector<std::shared_ptr<Provider>> providers_;
    std::string default_;
};

}  // namespace sluice::llm
