#pragma once
/// What the attempts of the gateway share about answers.

#include "llm/gateway_state.hpp"

namespace sluice::llm {

/// A vendor may repeat its key in an error.
std::string without_key(std::string text, std::string_view key);
/// No answer came. `sent`: a byte of the request may have arrived.
Outcome failed_transport(Account& account, const Target& target, const Error& error, bool sent);
/// A status that is no success; the body of the same format goes on to the caller where another try cannot help.
Outcome failed_status(Gateway::State& state, const Incoming& in, Account& account, const Target& target, int status,
                      const net::Headers& headers, std::string body);
/// What came of a call that was sent for a whole answer, where that is no success: no answer, or a status that is none.
std::optional<Outcome> no_success(Gateway::State& state, const Incoming& in, Account& account, const Target& target,
                                  Result<net::ClientResponse>& answer, bool sent);
/// A success that holds no answer. Neither usage nor fallback: charged at the hold.
Outcome failed_answer(Account& account, const Target& target, std::string why, std::optional<UsageRecord> usage,
                      std::optional<NanoUsd> fallback);
/// The vendor's usage, or what is counted here where it told none.
UsageRecord judged_usage(std::optional<UsageRecord> told, std::int64_t input_bytes, std::int64_t answer_bytes,
                         Operation operation);
net::Response whole_response(const Target& target, const Account& account, std::string body,
                             std::optional<NanoUsd> left);
/// The same request with the same Idempotency-Key gets this answer again and is not paid twice. Before the account's
/// end.
void keep_answer(const Incoming& in, Account& account, std::string_view body);
AnswerContext answer_context(Gateway::State& state, const Incoming& in, const ModelRequest* request);
/// What a provider of the configuration used, as the one record.
UsageRecord usage_record(const Usage& usage);
/// The whole body of an answer that should have been a stream. Errors: too much of it, the connection's.
Awaitable<Result<std::string>> read_whole(net::AnswerStream& upstream);
/// Whether the answer's head says that it is a stream.
bool is_event_stream(const net::ClientResponse& head);

/// A stream of a model, put together to a whole answer; its text is told as it comes.
struct Gathered {
    ModelAnswer answer;
    std::int64_t deltas = 0, bytes = 0;  ///< what came, for a stream that does not end
    bool told = false;                   ///< the caller has seen some of it
    /// What is charged for one that broke off.
    UsageRecord so_far(std::int64_t sent_bytes) const;
};
/// Errors: upstream_failed (it broke off, or ended with an error); what came until then is in `out`.
Awaitable<Result<void>> gather(net::AnswerStream& upstream, const Target& target, const Format& spoken, const TextSink& on_text, Gathered& out);
/// A whole answer, told as a stream.
std::vector<StreamEvent> events_of(const ModelAnswer& answer);

}  // namespace sluice::llm
