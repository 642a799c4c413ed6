#include "llm/embedding_wire.hpp"

#include <algorithm>
#include <bit>

#include "sluice/crypto/crypto.hpp"

namespace sluice::llm {
namespace {

constexpr std::size_t most_inputs = 2048;

tl::unexpected<Error> mistake(ErrorCode code, std::string pointer, std::string message) {
    std::string whole = fmt::format("{} {}", pointer, message);
    return fail(Error{code, std::move(whole), {{std::move(pointer), std::move(message)}}, false});
}

/// Members of Gemini's may be camelCase or snake_case.
const Json* member(const Json& object, const char* camel, const char* snake) {
    const auto* found = base::find_member(object, camel);
    return found ? found : base::find_member(object, snake);
}

Result<EmbeddingRequest> read_openai(const Json& body) {
    EmbeddingRequest out;
    const auto* input = base::find_member(body, "input");
    if (input && input->is_string()) {
        out.texts.push_back(input->get<std::string>());
    } else if (input && input->is_array()) {
        for (const auto& each : *input) {
            if (!each.is_string())
                return fail(ErrorCode::unprocessable, "this model takes texts, not tokens: send `input` as a string or a list of strings");
            out.texts.push_back(each.get<std::string>());
        }
    }
    if (out.texts.empty())
        return fail(Error{ErrorCode::invalid_argument, "there is nothing to embed", {{"/input", "is a string or a list of strings"}}, false});
    if (const auto* size = base::find_member(body, "dimensions"); size && size->is_number_integer()) out.dimensions = size->get<std::int64_t>();
    out.base64 = base::string_or(body, "encoding_format", "float") == "base64";
    return out;
}

Result<void> read_one(const Json& one, const std::string& pointer, bool first, EmbeddingRequest& out) {
    const auto* content = base::find_member(one, "content");
    const auto* parts = content && content->is_object() ? base::find_member(*content, "parts") : nullptr;
    if (!parts || !parts->is_array() || parts->empty()) return mistake(ErrorCode::invalid_argument, pointer + "/content/parts", "is a list of parts with text");
    std::string text;
    for (std::size_t i = 0; i < parts->size(); ++i) {
        const auto* words = base::find_member((*parts)[i], "text");
        if (!words || !words->is_string())
            return mistake(ErrorCode::unprocessable, fmt::format("{}/content/parts/{}", pointer, i), "is no text, and this model embeds texts alone");
        text += words->get_ref<const std::string&>();
    }
    out.texts.push_back(std::move(text));
    std::optional<std::int64_t> dimensions;
    if (const auto* size = member(one, "outputDimensionality", "output_dimensionality"); size && size->is_number_integer())
        dimensions = size->get<std::int64_t>();
    const auto said = [&one](const char* camel, const char* snake) {
        const auto* value = member(one, camel, snake);
        return value && value->is_string() ? value->get<std::string>() : std::string();
    };
    auto task = said("taskType", "task_type"), title = said("title", "title");
    if (first) {
        out.dimensions = dimensions;
        out.task_type = std::move(task);
        out.title = std::move(title);
    } else if (dimensions != out.dimensions || task != out.task_type || title != out.title) {
        return mistake(ErrorCode::unprocessable, pointer, "asks otherwise than the one before; this model embeds texts of one call alike");
    }
    return {};
}

Result<EmbeddingRequest> read_gemini(const Json& body, bool single) {
    EmbeddingRequest out;
    if (single) {
        if (auto read = read_one(body, {}, true, out); !read) return fail(std::move(read.error()));
        return out;
    }
    const auto* requests = base::find_member(body, "requests");
    if (!requests || !requests->is_array() || requests->empty())
        return mistake(ErrorCode::invalid_argument, "/requests", "is a list of what is to be embedded");
    for (std::size_t i = 0; i < requests->size(); ++i)
        if (auto read = read_one((*requests)[i], fmt::format("/requests/{}", i), i == 0, out); !read) return fail(std::move(read.error()));
    return out;
}

Json numbers(const Json& values, bool base64) {
    if (!base64) return values;
    std::string bytes;
    for (const auto& value : values) {
        const auto bits = std::bit_cast<std::uint32_t>(value.is_number() ? value.get<float>() : 0.0F);
        for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xFF);
    }
    return crypto::base64(bytes);
}

tl::unexpected<Error> no_answer(std::string why) { return fail(Error{ErrorCode::upstream_failed, std::move(why), {}, true}); }

const Json* vector_in(const Json& object, const char* name) {
    const auto* values = object.is_object() ? base::find_member(object, name) : nullptr;
    return values && values->is_array() ? values : nullptr;
}

}  // namespace

Result<EmbeddingRequest> read_embedding_request(EmbeddingForm form, const Json& body) {
    auto out = form == EmbeddingForm::openai ? read_openai(body) : read_gemini(body, form == EmbeddingForm::gemini_single);
    if (out && out->texts.size() > most_inputs) return fail(ErrorCode::invalid_argument, "at most {} texts are embedded at once", most_inputs);
    return out;
}

Result<std::string> write_embedding_request(EmbeddingForm form, const EmbeddingRequest& request, const std::string& model) {
    if (form == EmbeddingForm::openai) {
        if (!request.task_type.empty())
            return mistake(ErrorCode::invalid_argument, "/taskType", "is understood by models of Gemini alone; leave it out");
        if (!request.title.empty()) return mistake(ErrorCode::invalid_argument, "/title", "is understood by models of Gemini alone; leave it out");
        Json out{{"model", model}, {"input", request.texts}, {"encoding_format", "float"}};
        if (request.dimensions) out["dimensions"] = *request.dimensions;
        return base::dump_json(out);
    }
    Json requests = Json::array();
    for (const auto& text : request.texts) {
        Json one{{"model", "models/" + model}, {"content", {{"parts", Json::array({{{"text", text}}})}}}};
        if (request.dimensions) one["outputDimensionality"] = *request.dimensions;
        if (!request.task_type.empty()) one["taskType"] = request.task_type;
        if (!request.title.empty()) one["title"] = request.title;
        requests.push_back(std::move(one));
    }
    return base::dump_json(Json{{"requests", std::move(requests)}});
}

Result<EmbeddingAnswer> read_embedding_answer(EmbeddingForm form, const Json& answer, std::size_t wanted) {
    EmbeddingAnswer out;
    const bool openai = form == EmbeddingForm::openai;
    const auto* list = vector_in(answer, openai ? "data" : "embeddings");
    if (!list) return no_answer("the answer holds no embeddings");
    if (list->size() != wanted) return no_answer(fmt::format("it holds {} embeddings for {} texts", list->size(), wanted));
    out.vectors.resize(wanted);
    for (std::size_t i = 0; i < wanted; ++i) {
        const auto& each = (*list)[i];
        const auto* values = vector_in(each, openai ? "embedding" : "values");
        if (!values) return no_answer("an embedding has no values");
        auto place = i;
        if (const auto* index = openai ? base::find_member(each, "index") : nullptr) {
            if (!index->is_number_unsigned() || index->get<std::size_t>() >= wanted) return no_answer("an embedding has an index that no text has");
            place = index->get<std::size_t>();
        }
        if (!out.vectors[place].is_null()) return no_answer("two embeddings are of one text");
        out.vectors[place] = *values;
    }
    const auto* usage = base::find_member(answer, openai ? "usage" : "usageMetadata");
    if (usage && usage->is_object()) {
        out.raw_usage = base::dump_json(*usage);
        const auto* tokens = base::find_member(*usage, openai ? "prompt_tokens" : "promptTokenCount");
        if (tokens && tokens->is_number_unsigned() && tokens->get<std::uint64_t>() <= 1'000'000'000'000) out.tokens = tokens->get<std::int64_t>();
    }
    return out;
}

std::string write_embedding_answer(EmbeddingForm form, EmbeddingAnswer answer, const std::string& model, bool base64, std::int64_t tokens) {
    if (form == EmbeddingForm::openai) {
        Json data = Json::array();
        for (std::size_t i = 0; i < answer.vectors.size(); ++i)
            data.push_back({{"object", "embedding"}, {"index", i}, {"embedding", numbers(answer.vectors[i], base64)}});
        return base::dump_json(Json{{"object", "list"}, {"data", std::move(data)}, {"model", model}, {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}});
    }
    Json out;
    if (form == EmbeddingForm::gemini_single) {
        out["embedding"] = {{"values", std::move(answer.vectors.front())}};
    } else {
        out["embeddings"] = Json::array();
        for (auto& vector : answer.vectors) out["embeddings"].push_back({{"values", std::move(vector)}});
    }
    out["usageMetadata"] = {{"promptTokenCount", tokens}};
    return base::dump_json(out);
}

std::optional<std::string> renamed_embedding_request(const Json& body, const std::string& model) {
    const auto name = "models/" + model;
    Json out = body;
    bool changed = false;
    const auto rename = [&](Json& object) {
        if (!object.is_object()) return;
        const auto own = object.find("model");
        if (own == object.end() || *own == name) return;
        *own = name;
        changed = true;
    };
    rename(out);
    if (const auto requests = out.find("requests"); requests != out.end() && requests->is_array())
        for (auto& each : *requests) rename(each);
    if (!changed) return std::nullopt;
    return base::dump_json(out);
}

}  // namespace sluice::llm
