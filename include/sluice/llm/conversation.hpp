#pragma once
/// What a model is asked and what it answers, in no vendor's format. Each wire format (src/llm/formats) reads its own
/// bytes into these values and writes them from these, so a request in one format can be answered by a model that speaks
/// another. Where both sides speak the same format nothing passes through here: the client's bytes go on unchanged.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/money.hpp"

namespace sluice::llm {

/// One piece of a message, in order.
struct Block {
    enum class Kind : std::uint8_t {
        text,               ///< `text`
        image,              ///< `media_type` and `data` (base64), or `url`
        file,               ///< the same, with `name`; also a file id of the vendor in `id`
        audio,              ///< `media_type` ("audio/wav") and `data`
        tool_use,           ///< the model asks for a call: `id`, `name`, `arguments`
        tool_result,        ///< its outcome: `id` of the call, `content`, `is_error`
        thinking,           ///< `text`, `signature`
        redacted_thinking,  ///< `data`: opaque, goes back as it came
        refusal,            ///< `text`
        native,             ///< of a request: `data` is JSON that only the vendor in `signed_by` reads; always listed in `bound`
    };
    Kind kind = Kind::text;
    std::string text;
    std::string id, name;
    std::string arguments;        ///< JSON text of an object, as the model wrote it; never re-encoded
    std::vector<Block> content;   ///< of a tool_result: text, image, file
    bool is_error = false;
    std::string media_type, data, url;
    /// What the vendor signed of this block (Anthropic's `signature`, Gemini's `thoughtSignature`, OpenAI's
    /// `encrypted_content`): only of use to that vendor, see `signed_by`.
    std::string signature;
    std::string signed_by;        ///< "anthropic", "gemini", "openai"; empty: unsigned
    bool cache_point = false;     ///< the prompt up to here may be cached (Anthropic's cache_control)
    std::string cache_lifetime;   ///< "", "5m", "1h"
    std::string detail;           ///< of an image: "low", "high", "auto"; empty: not said
};

/// One turn. Turns of `system` stand before or among the others; results of tools are blocks of a user's turn.
struct Turn {
    enum class Role : std::uint8_t { system, user, assistant };
    Role role = Role::user;
    std::vector<Block> blocks;
    std::string name;  ///< the speaker's, where the format has one (OpenAI's `name`); others leave it out
};

struct ToolSpec {
    std::string name, description;
    Json parameters = Json::object();  ///< JSON Schema
    std::optional<bool> strict;
    bool cache_point = false;          ///< as a block's
    std::string cache_lifetime;
    /// A tool that the vendor runs itself (web search, code execution): its JSON, and the format it is written in.
    /// Other formats refuse it by name.
    Json native;
    std::string native_format;
};

/// Which tools may be called.
struct ToolChoice {
    enum class Kind : std::uint8_t { unset, automatic, none, required, one } kind = Kind::unset;
    std::string name;  ///< of `one`
    /// Of `automatic` and `required`: the only tools that may be called; empty: all. A format that cannot say it offers
    /// those tools alone.
    std::vector<std::string> allowed;
};

/// What the answer's text must look like.
struct AnswerFormat {
    enum class Kind : std::uint8_t { text, json, schema } kind = Kind::text;
    std::string name = "answer";
    std::string description;
    Json schema;
    std::optional<bool> strict;
};

struct ModelRequest {
    std::string model;
    std::vector<Turn> turns;
    std::vector<ToolSpec> tools;
    ToolChoice tool_choice;
    std::optional<bool> parallel_tool_calls;
    AnswerFormat answer;
    std::optional<std::int64_t> max_output_tokens;
    std::int64_t choices = 1;  ///< OpenAI's `n`, Gemini's `candidateCount`
    std::optional<double> temperature, top_p, presence_penalty, frequency_penalty;
    std::optional<std::int64_t> top_k, seed;
    std::vector<std::string> stop;
    std::string effort;                            ///< of reasoning: "", "none", "minimal", "low", "medium", "high", …
    std::optional<std::int64_t> thinking_tokens;   ///< its budget; -1: the model decides; 0: off
    bool stream = false;
    bool stream_usage = false;                     ///< the client asked for usage in the stream (OpenAI's flag)
    std::string user;                              ///< the client's own name of its end user
    std::map<std::string, std::string> metadata;
    std::string service_tier;
    /// Members that only this format knows ("logit_bias"), for a model of the same format; other formats leave them out.
    Json extra = Json::object();
    std::string format;  ///< that it was read from ("openai.chat"); empty: made here. `extra` is written by this format alone
    /// What only a model of the same format can honour (state that the vendor keeps, items without a like), with pointers
    /// into the request: other formats refuse the request with it, see check_bound in src/llm/formats/format.hpp.
    std::vector<base::ErrorDetail> bound;
};

/// The one record of what a call used; every format fills it from the vendor's own. Counts are tokens.
struct UsageRecord {
    std::int64_t input_uncached = 0;   ///< without what came from or went into the cache
    std::int64_t cache_read = 0;
    std::int64_t cache_write_5m = 0;   ///< also a vendor's only kind of cache write
    std::int64_t cache_write_1h = 0;
    std::int64_t output_visible = 0;
    std::int64_t output_reasoning = 0;
    std::int64_t audio_input = 0, audio_output = 0, image_input = 0;  ///< parts of the sums above, where told
    std::map<std::string, std::int64_t> tool_uses;                    ///< calls of tools that the vendor bills ("web_search")
    std::string tier, region;
    bool estimated = false;            ///< the vendor told nothing: counted here
    std::string raw;                   ///< the vendor's JSON; empty: none
    std::int64_t input() const { return input_uncached + cache_read + cache_write_5m + cache_write_1h; }
    std::int64_t output() const { return output_visible + output_reasoning; }
    bool operator==(const UsageRecord&) const = default;
};

enum class StopReason : std::uint8_t { end, length, tool_use, stop_sequence, content_filter, refusal, paused, context_full };

/// A whole answer.
struct ModelAnswer {
    std::string id;     ///< the vendor's; empty: none given
    std::string model;  ///< as the vendor names it
    std::int64_t created_s = 0;
    std::vector<Block> blocks;
    StopReason stop = StopReason::end;
    std::string stop_sequence;
    std::optional<UsageRecord> usage;  ///< nothing: the vendor told none
};

/// What a stream tells, in this order: start, then for each block begin, deltas, end; usage whenever it is told
/// (cumulative: the last one counts); stop. Blocks are numbered from 0 and never overlap, except that the reader of
/// OpenAI's chat format may interleave deltas of several tool calls: writers buffer or reorder as their format needs.
struct StreamEvent {
    enum class Kind : std::uint8_t { start, block_begin, block_delta, block_end, usage, stop, error, ping };
    Kind kind = Kind::ping;
    std::string id, model;               ///< of start
    std::size_t index = 0;               ///< of the block events
    Block block;                         ///< of begin: kind, id, name; of delta: only what is new (text, arguments, signature, data)
    std::optional<UsageRecord> usage;    ///< of usage (and start, stop where the vendor tells it there)
    StopReason stop = StopReason::end;   ///< of stop
    std::string stop_sequence;
    std::string error_type, error_message;  ///< of error: after the status 200
};
using EventSink = std::function<Result<void>(StreamEvent)>;

/// A call that failed, for the caller's own format.
struct CallError {
    int status = 500;                     ///< HTTP
    std::string type;                     ///< ours: "invalid_request", "authentication", "permission", "not_found", "budget_exceeded",
                                          ///< "rate_limited", "too_large", "upstream_failed", "overloaded", "timeout", "internal", "content_filter"
    std::string message;
    std::string code;                     ///< finer, "budget_exceeded", "context_length_exceeded"; may be empty
    std::string parameter;                ///< the request's member that is wrong; may be empty
    std::optional<std::int64_t> retry_after_ms;
    std::optional<bool> should_retry;     ///< x-should-retry
};

}  // namespace sluice::llm
