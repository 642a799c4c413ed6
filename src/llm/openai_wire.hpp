#pragma once
/// The wire format of OpenAI's chat completions, without any I/O: what to send, and what an answer
/// means. Source: https://platform.openai.com/docs/api-reference/chat (read 2026-11).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sluice/base/json.hpp"
#include "sluice/llm/provider.hpp"

namespace sluice::llm {

/// What one server understands; learnt from its refusals.
struct Dialect {
    enum class Structure { schema, object, prompt };
    Structure structure = Structure::schema;  ///< how an answer's schema is asked for
    bool max_completion_tokens = false;       ///< the newer name of the output limit
    bool stream_options = true;
    bool operator==(const Dialect&) const = default;
};

/// The request's body.
Json openai_body(const ChatRequest& request, const Dialect& dialect, bool stream);
/// The dialect to try after a refusal with this message; nothing when the refusal is about
/// something else.
std::optional<Dialect> openai_adapt(const Dialect& dialect, const ChatRequest& request,
                                    std::string_view message);
/// The error of a status that is no success, from its body and the Retry-After header.
Error openai_error(const std::string& provider, int status, std::string_view body,
                   std::string_view retry_after, Time now);

/// Puts a completion together from a whole answer or from the events of a stream.
class OpenAiAnswer {
  public:
    explicit OpenAiAnswer(const TextSink& on_text) : on_text_(on_text) {}
    /// A whole `chat.completion` object. Errors: upstream_failed.
    Result<void> whole(const std::string& provider, std::string_view body);
    /// The data of one event. Errors: upstream_failed.
    Result<void> event(const std::string& provider, std::string_view data);
    /// The end. Errors: upstream_failed when the stream broke off, or a tool call's arguments are
    /// no JSON.
    Result<Completion> finish(const std::string& provider, const ChatRequest& request);

  private:
    struct Partial {
        std::string id, name, arguments;
    };
    Result<void> add_tool_calls(const Json& calls);
    void add_usage(const Json& chunk);

    const TextSink& on_text_;
    Completion completion_;
    std::map<std::int64_t, Partial> calls_;
    bool seen_ = false, ended_ = false, usage_ = false;
};

}  // namespace sluice::llm
