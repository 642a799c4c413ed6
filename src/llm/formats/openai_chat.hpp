#pragma once
/// OpenAI's chat completions, part by part. Source: https://platform.openai.com/docs/api-reference/chat (read 2026-11),
/// and what servers with the same API add: `reasoning_content`, calls without index or id, usage in other places.

#include <memory>

#include "llm/formats/openai_fields.hpp"

namespace sluice::llm::openai {

Result<ModelRequest> read_chat_request(const Json& body);
Result<Json> write_chat_request(const ModelRequest& request);

Result<ModelAnswer> read_chat_answer(const Json& body);
Json write_chat_answer(const ModelAnswer& answer, const AnswerContext& context);
std::optional<UsageRecord> read_chat_usage(const Json& body);

std::unique_ptr<StreamReader> make_chat_reader();
std::unique_ptr<StreamWriter> make_chat_writer(AnswerContext context);

/// `finish_reason` of an answer; what it means, when it called tools and when it refused.
std::string_view chat_finish_reason(StopReason stop, bool refused);
StopReason read_finish_reason(std::string_view reason, bool called, bool refused);
/// "chatcmpl-…": the vendor's id, else ours.
std::string chat_id(const std::string& vendors, const AnswerContext& context);
/// One call as a message has it, `{id, type, function}`; of a custom tool when `request` has such a one of that name.
Json write_chat_call(const Block& call, const ModelRequest* request);

}  // namespace sluice::llm::openai
