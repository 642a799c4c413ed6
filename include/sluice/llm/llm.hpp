#pragma once
/// Setting up the model providers from the configuration. Two kinds exist: `openai_compatible`
/// (OpenAI itself, Ollama, llama.cpp, vLLM and whoever else speaks its chat completions) and
/// `simulated`, which is always there, needs no key and says of every answer that it is simulated.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/setting.hpp"
#include "sluice/llm/provider.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::net {
class Client;
}

namespace sluice::llm {

/// The values of this module's settings; `app` fills it from `settings()`.
struct LlmConfig {
    std::string default_model;                 ///< llm.default_model; empty: chosen by `configure`
    std::string openai_base_url;               ///< llm.openai.base_url, "http://127.0.0.1:11434/v1"
    std::string openai_api_key;                ///< llm.openai.api_key
    std::string openai_model;                  ///< llm.openai.model
    std::string openai_input_usd_per_million;  ///< decimal; empty: no price known
    std::string openai_output_usd_per_million;
    Duration simulated_latency{0};  ///< llm.simulated.latency
    std::string simulated_failure_rate =
        "0";  ///< llm.simulated.failure_rate, a decimal from 0 to 1
};

/// The rows of this module.
base::SettingRows settings();

/// Adds the providers that `config` asks for. `simulated` is always there. With a key or a base URL
/// set, an OpenAI-compatible provider named `openai` (or `local`, when the host is this machine or
/// network) becomes the default; its model is the configured one, else `gpt-4o-mini` at
/// api.openai.com, else the first that GET {base}/models names. Errors: invalid_argument (a
/// setting), upstream_failed (the models could not be asked for; the providers are added all the
/// same, without a default model of that provider). Thread: loop.
Awaitable<Result<void>> configure(Providers& providers, net::Client& client, runtime::Loop& loop,
                                  LlmConfig config);

/// How an OpenAI-compatible provider is reached.
struct OpenAiOptions {
    std::string name = "openai";
    std::string base_url = "https://api.openai.com/v1";
    std::string api_key;            ///< empty: no Authorization header
    std::vector<ModelInfo> models;  ///< the first is the default; any other name is passed through
};
/// Chat completions over HTTP. What a server turns out not to understand (`json_schema` answers,
/// `stream_options`, one of the two names of the output limit) is left out from then on, and said
/// in the prompt instead where it can be.
std::shared_ptr<Provider> make_openai_compatible(net::Client& client, runtime::Loop& loop,
                                                 OpenAiOptions options);
/// Asks GET {base_url}/models. Errors: as `Provider::chat`.
Awaitable<Result<std::vector<ModelInfo>>> list_openai_models(net::Client& client,
                                                             std::string base_url,
                                                             std::string api_key);

struct SimulatedOptions {
    Duration latency{0};        ///< added to every call
    double failure_rate = 0.0;  ///< share of calls that fail with rate_limited; decided by the
                                ///< request and its repetition
};
/// The built-in provider: models `simulated-small` and `simulated-large`. The same request gets the
/// same answer on every machine. It honours a JSON Schema, streams, calls tools, counts a token for
/// each started 4 bytes, and charges a price. A request's `extra.simulate` orders trouble:
/// {"delay": "200ms", "fail": "rate_limited" | "timeout" | "hang" | "upstream_failed" |
/// "unavailable" | "unauthenticated" | "invalid_argument" | "cut" | "bad_json", "fail_first": 2}
/// (the last: only the first two calls of this request fail). Errors: those; invalid_argument for a
/// schema that it cannot make a value for.
std::shared_ptr<Provider> make_simulated(runtime::Loop& loop, SimulatedOptions options = {});

/// One token for each started 4 bytes of text: the estimate used where a provider gives no usage.
std::int64_t estimate_tokens(std::string_view text);
/// The estimate of a whole request: the texts, names and schemas of its messages and tools.
std::int64_t estimate_input_tokens(const ChatRequest& request);
/// What `usage` costs at `price`, rounded up.
NanoUsd cost_of(const Usage& usage, const Price& price);

}  // namespace sluice::llm
