#include "sluice/llm/llm.hpp"

namespace sluice::llm {

namespace {

using base::SettingType;

constexpr base::Setting rows[] = {
    {.name = "llm.cache.max_bytes",
     .type = SettingType::bytes,
     .default_value = "64MiB",
     .doc = "Memory for answers of model calls that are kept (see llm.cache.ttl).",
     .min = 0,
     .max = 16LL << 30},
    {.name = "llm.cache.ttl",
     .type = SettingType::duration,
     .default_value = "0s",
     .doc = "How long a whole answer at the gateway's doors is kept for the same call again, which then costs nothing; "
            "0s: only where a request says so (x-sluice-cache: ttl=5m).",
     .min = 0,
     .max = 604'800'000'000},
    {.name = "llm.default_model",
     .doc = "The model that a step without one calls; empty: the configured provider's, else "
            "simulated-small."},
    {.name = "llm.openai.api_key",
     .doc = "The key of the OpenAI-compatible provider.",
     .env = "OPENAI_API_KEY",
     .secret = true},
    {.name = "llm.openai.base_url",
     .doc = "Where the OpenAI-compatible API is (Ollama: http://127.0.0.1:11434/v1); empty: "
            "api.openai.com when a key is set.",
     .env = "OPENAI_BASE_URL"},
    {.name = "llm.openai.input_usd_per_million",
     .doc = "What a million input tokens of llm.openai.model cost, in US dollars; empty: not "
            "known, and no cost is shown."},
    {.name = "llm.openai.model",
     .doc = "The model asked for; empty: gpt-4o-mini at api.openai.com, else the first the server "
            "lists.",
     .env = "OPENAI_MODEL"},
    {.name = "llm.openai.output_usd_per_million",
     .doc = "What a million output tokens of llm.openai.model cost, in US dollars; empty: not "
            "known, and no cost is shown."},
    {.name = "llm.semantic_cache.max_bytes",
     .type = SettingType::bytes,
     .default_value = "64MiB",
     .doc = "Memory for answers that are kept by the meaning of the question (x-sluice-semantic-cache).",
     .min = 0,
     .max = 16LL << 30},
    {.name = "llm.semantic_cache.model",
     .doc = "The model that embeds questions for that, where the request names none; empty: none."},
    {.name = "llm.simulated.failure_rate",
     .default_value = "0",
     .doc = "The share of simulated calls that fail with rate_limited, 0 to 1; for trying out "
            "retries."},
    {.name = "llm.simulated.latency",
     .type = SettingType::duration,
     .default_value = "0s",
     .doc = "How long every simulated call takes.",
     .min = 0,
     .max = 600'000'000},
    {.name = "models.file",
     .doc = "A catalogue of models and prices that counts before the built-in one (docs/models.md); "
            "empty: none. Imported prices count before both."},
};

}  // namespace

base::SettingRows settings() { return rows; }

}  // namespace sluice::llm
