#pragma once
/// Embeddings in the forms of OpenAI and Gemini, each to and from one record. Sources: openai-openapi and ai.google.dev/api/embeddings
/// (read 2026-11). Thread: any.

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"

namespace sluice::llm {

enum class EmbeddingForm : std::uint8_t {
    openai,        ///< /v1/embeddings
    gemini,        ///< :batchEmbedContents
    gemini_single  ///< :embedContent
};

/// What is to be embedded, without a vendor's form.
struct EmbeddingRequest {
    std::vector<std::string> texts;
    std::optional<std::int64_t> dimensions;
    bool base64 = false;           ///< OpenAI's: the numbers as little-endian float32
    std::string task_type, title;  ///< Gemini's; the same of all texts
};
/// Errors: invalid_argument with pointers; unprocessable (what only the form's own vendor can read: tokens, images).
Result<EmbeddingRequest> read_embedding_request(EmbeddingForm form, const Json& body);
/// Errors: invalid_argument (what the form cannot say).
Result<std::string> write_embedding_request(EmbeddingForm form, const EmbeddingRequest& request, const std::string& model);

/// What came back.
struct EmbeddingAnswer {
    std::vector<Json> vectors;            ///< arrays of numbers, in the order of the texts
    std::optional<std::int64_t> tokens;   ///< nothing: the vendor did not say
    std::string raw_usage;                ///< as it was told
};
/// `wanted`: how many vectors there must be. Errors: upstream_failed.
Result<EmbeddingAnswer> read_embedding_answer(EmbeddingForm form, const Json& answer, std::size_t wanted);
/// `tokens`: told, or counted here.
std::string write_embedding_answer(EmbeddingForm form, EmbeddingAnswer answer, const std::string& model, bool base64, std::int64_t tokens);

/// A request of Gemini's for another model: each part of it names its model as well. Nothing: it names the right one already, or none.
std::optional<std::string> renamed_embedding_request(const Json& body, const std::string& model);

}  // namespace sluice::llm
