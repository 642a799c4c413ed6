#pragma once
/// A wire format of model calls: what one vendor's API reads and writes. One file each; all run through one conformance
/// suite (tests/llm/format_conformance_test.cpp). Nothing here does I/O. Thread: any.

#include <memory>
#include <string>
#include <string_view>

#include "sluice/llm/conversation.hpp"
#include "sluice/net/client.hpp"

namespace sluice::llm {

/// Reads one stream of a vendor into events. It is fed whole server-sent events (net::SseParser deals with pieces, CRLF,
/// comments and cut UTF-8).
class StreamReader {
  public:
    virtual ~StreamReader() = default;
    /// Errors: upstream_failed (not of this format; says what). Kinds of events that it does not know are passed over.
    virtual Result<void> feed(const net::SseParser::Event& event, const EventSink& sink) = 0;
    /// The stream's bytes have ended: emits what is missing (block ends, stop) where the format ends by closing.
    /// Errors: upstream_failed, when the stream broke off before its end.
    virtual Result<void> finish(const EventSink& sink) = 0;
    /// True once the format's own last frame was seen.
    virtual bool ended() const = 0;
};

/// Writes events as one stream for a client: a state machine with at most one open block, whatever comes in.
class StreamWriter {
  public:
    virtual ~StreamWriter() = default;
    /// The bytes to send now (whole server-sent events; may be empty).
    virtual std::string write(const StreamEvent& event) = 0;
    /// What the client's format says at the very end ("data: [DONE]"); once, after stop or error.
    virtual std::string finish() = 0;
};

/// Who calls what: told to a writer of answers, as the vendor's answers have it.
struct AnswerContext {
    std::string id;      ///< ours, when the vendor gave none; without the format's prefix
    std::string model;   ///< as the client called it
    std::int64_t created_s = 0;
    bool stream_usage = false;  ///< OpenAI: the client asked for the usage chunk
    const ModelRequest* request = nullptr;  ///< what was asked; lives as long as the writer. Null: not known (same format)
};

class Format {
  public:
    virtual ~Format() = default;
    virtual std::string_view name() const = 0;  ///< "openai.chat", "openai.responses", "anthropic.messages", "gemini"

    /// Errors: invalid_argument with pointers into `body`: what is missing, of a wrong type, or cannot be carried.
    /// Gemini names model and streaming in the path: the caller fills `model` and `stream` there.
    virtual Result<ModelRequest> read_request(const Json& body) const = 0;
    /// Errors: unprocessable, naming what this format cannot say (another vendor's own tool, audio, …), and check_bound's.
    virtual Result<Json> write_request(const ModelRequest& request) const = 0;
    /// Errors: upstream_failed.
    virtual Result<ModelAnswer> read_answer(const Json& body) const = 0;
    virtual Json write_answer(const ModelAnswer& answer, const AnswerContext& context) const = 0;
    /// The usage in a whole answer's JSON, or in the part of a stream's frame that holds it; nothing where there is none or
    /// it is absurd (negative, above 2^40): the caller then counts itself.
    virtual std::optional<UsageRecord> read_usage(const Json& body) const = 0;
    virtual std::unique_ptr<StreamReader> stream_reader() const = 0;
    virtual std::unique_ptr<StreamWriter> stream_writer(AnswerContext context) const = 0;
    /// What a refused call means. `retry_after_ms` and `should_retry` come from headers and body.
    virtual CallError read_error(int status, const net::Headers& headers, std::string_view body) const = 0;
    /// The error's body as this format's SDKs read it (the status is the error's own).
    virtual std::string write_error(const CallError& error, std::string_view request_id) const = 0;
    /// The same after the status 200: one server-sent event.
    virtual std::string write_stream_error(const CallError& error) const = 0;
};

const Format& openai_chat();
const Format& openai_responses();
const Format& anthropic_messages();
const Format& gemini();

/// What each `write_request` asks first: whether `format` may carry the request at all. Errors: unprocessable with
/// `request.bound`, when the request was read from another format.
Result<void> check_bound(const ModelRequest& request, std::string_view format);

/// The error that the format's own clients get for one of ours (invalid JSON, no such model, a budget, …).
CallError call_error(const Error& error);

}  // namespace sluice::llm
