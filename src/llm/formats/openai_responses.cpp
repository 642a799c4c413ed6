#include "llm/formats/openai_responses.hpp"

namespace sluice::llm {

namespace {

class OpenAiResponses final : public Format {
  public:
    std::string_view name() const override { return openai::responses_name; }
    Result<ModelRequest> read_request(const Json& body) const override { return openai::read_responses_request(body); }
    Result<Json> write_request(const ModelRequest& request) const override { return openai::write_responses_request(request); }
    Result<ModelAnswer> read_answer(const Json& body) const override { return openai::read_responses_answer(body); }
    Json write_answer(const ModelAnswer& answer, const AnswerContext& context) const override {
        return openai::write_responses_answer(answer, context);
    }
    std::optional<UsageRecord> read_usage(const Json& body) const override { return openai::read_responses_usage(body); }
    std::unique_ptr<StreamReader> stream_reader() const override { return openai::make_responses_reader(); }
    std::unique_ptr<StreamWriter> stream_writer(AnswerContext context) const override {
        return openai::make_responses_writer(std::move(context));
    }
    CallError read_error(int status, const net::Headers& headers, std::string_view body) const override {
        return openai::read_error(status, headers, body);
    }
    std::string write_error(const CallError& error, std::string_view) const override {  // the id goes in the header x-request-id
        return base::dump_json(Json{{"error", openai::error_object(error)}});
    }
    /// The event's own members, and the `error` that OpenAI's SDKs raise.
    std::string write_stream_error(const CallError& error) const override {
        const auto object = openai::error_object(error);
        return wire::event("error", {{"type", "error"},
                                       {"code", object["code"]},
                                       {"message", object["message"]},
                                       {"param", object["param"]},
                                       {"sequence_number", 0},
                                       {"error", object}});
    }
};

}  // namespace

const Format& openai_responses() {
    static const OpenAiResponses format;
    return format;
}

}  // namespace sluice::llm
