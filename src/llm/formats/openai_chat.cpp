#include "llm/formats/openai_chat.hpp"

namespace sluice::llm {

namespace {

class OpenAiChat final : public Format {
  public:
    std::string_view name() const override { return openai::chat_name; }
    Result<ModelRequest> read_request(const Json& body) const override { return openai::read_chat_request(body); }
    Result<Json> write_request(const ModelRequest& request) const override { return openai::write_chat_request(request); }
    Result<ModelAnswer> read_answer(const Json& body) const override { return openai::read_chat_answer(body); }
    Json write_answer(const ModelAnswer& answer, const AnswerContext& context) const override {
        return openai::write_chat_answer(answer, context);
    }
    std::optional<UsageRecord> read_usage(const Json& body) const override { return openai::read_chat_usage(body); }
    std::unique_ptr<StreamReader> stream_reader() const override { return openai::make_chat_reader(); }
    std::unique_ptr<StreamWriter> stream_writer(AnswerContext context) const override {
        return openai::make_chat_writer(std::move(context));
    }
    CallError read_error(int status, const net::Headers& headers, std::string_view body) const override {
        return openai::read_error(status, headers, body);
    }
    std::string write_error(const CallError& error, std::string_view) const override {  // the id goes in the header x-request-id
        return base::dump_json(Json{{"error", openai::error_object(error)}});
    }
    std::string write_stream_error(const CallError& error) const override {
        return openai::frame(Json{{"error", openai::error_object(error)}});
    }
};

}  // namespace

const Format& openai_chat() {
    static const OpenAiChat format;
    return format;
}

}  // namespace sluice::llm
