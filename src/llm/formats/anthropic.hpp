#pragma once
/// The parts of Anthropic's Messages format; `anthropic_messages()` puts them together. Source: the types of
/// @anthropic-ai/sdk 1.14 and platform.claude.com/docs/en/api/messages (read 2026-11).

#include <memory>

#include "llm/formats/format.hpp"
#include "llm/formats/wire_json.hpp"

namespace sluice::llm::anthropic {

inline constexpr std::string_view format_name = "anthropic.messages";
inline constexpr std::string_view vendor = "anthropic";  ///< as in Block::signed_by

Result<ModelRequest> read_request(const Json& body);
Result<Json> write_request(const ModelRequest& request);

Result<ModelAnswer> read_answer(const Json& body);
Json write_answer(const ModelAnswer& answer, const AnswerContext& context);
/// A block of an answer; nothing for one that other formats have no like of (a server tool's use).
std::optional<Block> read_answer_block(const Json& block);
/// The answer's JSON before anything was said.
Json message_head(std::string id, std::string model);

/// Of a `usage` object. Nothing when it is absurd.
std::optional<UsageRecord> read_usage(const Json& usage);
Json write_usage(const UsageRecord& usage);
StopReason read_stop(std::string_view reason);
std::string_view write_stop(StopReason reason);

/// The words of both sides for kinds of errors.
std::string read_error_type(std::string_view type, int status);
std::string_view write_error_type(std::string_view type);
CallError read_error(int status, const net::Headers& headers, std::string_view body);
std::string write_error(const CallError& error, std::string_view request_id);
std::string write_stream_error(const CallError& error);

std::unique_ptr<StreamReader> stream_reader();
std::unique_ptr<StreamWriter> stream_writer(AnswerContext context);

}  // namespace sluice::llm::anthropic
