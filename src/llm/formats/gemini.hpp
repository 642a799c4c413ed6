#pragma once
/// The parts of Gemini's generateContent format; `gemini()` puts them together. Source: the types of @google/genai 2.32
/// and ai.google.dev/api/generate-content (read 2026-11).
///
/// Model and streaming stand in the path (`models/M:generateContent`, `:streamGenerateContent?alt=sse`). Without `alt=sse`
/// the vendor streams one JSON array; that form is not offered: the caller refuses it with invalid_argument.

#include <memory>

#include "llm/formats/format.hpp"
#include "llm/formats/wire_json.hpp"

namespace sluice::llm::gemini_wire {

inline constexpr std::string_view format_name = "gemini";
inline constexpr std::string_view vendor = "gemini";  ///< as in Block::signed_by

Result<ModelRequest> read_request(const Json& body);
Result<Json> write_request(const ModelRequest& request);
/// The OpenAPI flavour of a schema ({"type": "OBJECT", "nullable": true}) as JSON Schema.
Json read_schema(const Json& schema, const std::string& pointer, wire::Mistakes& mistakes);

Result<ModelAnswer> read_answer(const Json& body);
Json write_answer(const ModelAnswer& answer, const AnswerContext& context);
/// A part of an answer; nothing for what other formats have no like of (code that the vendor ran). `call` counts the
/// calls of the answer: it makes the id of one that came without.
std::optional<Block> read_answer_part(const Json& part, std::string_view response_id, std::size_t& call);
/// Null: the format has no such part.
Json write_answer_part(const Block& block);
/// The first candidate; null when there is none.
const Json* first_candidate(const Json& body);
Json write_frame(Json parts, std::string_view finish_reason, const std::string& model, const std::string& id);

/// Of a frame or whole answer with `usageMetadata`. Nothing when there is none, or it is absurd.
std::optional<UsageRecord> read_usage(const Json& body);
Json write_usage(const UsageRecord& usage);
StopReason read_stop(std::string_view reason);
std::string_view write_stop(StopReason reason);

/// The error object of a body or frame, also inside an array of one; null: none.
const Json* find_error(const Json& body);
CallError read_error(int status, const net::Headers& headers, std::string_view body);
CallError read_error_object(const Json& error, int status);
std::string write_error(const CallError& error, std::string_view request_id);
std::string write_stream_error(const CallError& error);

std::unique_ptr<StreamReader> stream_reader();
std::unique_ptr<StreamWriter> stream_writer(AnswerContext context);

}  // namespace sluice::llm::gemini_wire
