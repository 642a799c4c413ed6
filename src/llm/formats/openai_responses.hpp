#pragma once
/// OpenAI's Responses API, part by part. Source: https://platform.openai.com/docs/api-reference/responses (read 2026-11).
/// The gateway keeps no state between calls: what needs some (`previous_response_id`, `item_reference`, …) is bound to a
/// model of the same format.

#include <memory>

#include "llm/formats/openai_fields.hpp"

namespace sluice::llm::openai {

Result<ModelRequest> read_responses_request(const Json& body);
/// The items and the string of `input`.
std::vector<Turn> read_input(const Json& input, Mistakes& mistakes, std::vector<base::ErrorDetail>& bound);
Result<Json> write_responses_request(const ModelRequest& request);

/// Members of a request that its answer repeats.
Json write_responses_tools(const ModelRequest& request);
Json write_responses_tool_choice(const ModelRequest& request);  ///< null: unset
Json write_text_format(const AnswerFormat& answer);

Result<ModelAnswer> read_responses_answer(const Json& body);
Json write_responses_answer(const ModelAnswer& answer, const AnswerContext& context);
std::optional<UsageRecord> read_responses_usage(const Json& body);

/// The blocks of one output item; none for an item that only its vendor reads.
std::vector<Block> read_output_item(const Json& item);
/// Why an answer ended: its status, and what its blocks hold.
StopReason read_response_stop(const Json& response, bool called, bool refused);
/// An answer without output yet: everything that a response repeats of its request.
Json response_object(const std::string& id, const std::string& model, const AnswerContext& context);
/// Sets `status`, `incomplete_details` and `usage`. True: the answer is complete.
bool finish_response(Json& response, StopReason stop, bool refused, const std::optional<UsageRecord>& usage);
std::string response_id(const std::string& vendors, const AnswerContext& context);
/// "msg_…", "fc_…", "rs_…": the id of an item of the response.
std::string item_id(std::string_view prefix, const std::string& response, std::size_t index);
/// The item of a call; of a custom tool when `request` has such a one. `item` is its own id, with `status`; empty: a
/// request's.
Json write_call_item(const Block& call, const ModelRequest* request, const std::string& item, std::string_view status);
/// The part of a message: output_text, or refusal.
Json write_output_part(const Block& block);

/// What goes into `encrypted_content`: OpenAI's own as it is; another vendor's signature, or its opaque thought, so
/// marked that it finds back when the client sends it again. Empty: nothing.
std::string write_encrypted(const Block& block);
/// Reads it back into kind, signature and signed_by.
void read_encrypted(std::string_view text, Block& block);

std::unique_ptr<StreamReader> make_responses_reader();
std::unique_ptr<StreamWriter> make_responses_writer(AnswerContext context);

}  // namespace sluice::llm::openai
