#include "llm/formats/gemini.hpp"

namespace sluice::llm {

namespace {

class Gemini final : public Format {
  public:
    std::string_view name() const override { return gemini_wire::format_name; }
    Result<ModelRequest> read_request(const Json& body) const override { return gemini_wire::read_request(body); }
    Result<Json> write_request(const ModelRequest& request) const override { return gemini_wire::write_request(request); }
    Result<ModelAnswer> read_answer(const Json& body) const override { return gemini_wire::read_answer(body); }
    Json write_answer(const ModelAnswer& answer, const AnswerContext& context) const override {
        return gemini_wire::write_answer(answer, context);
    }
    std::optional<UsageRecord> read_usage(const Json& body) const override { return gemini_wire::read_usage(body); }
    std::unique_ptr<StreamReader> stream_reader() const override { return gemini_wire::stream_reader(); }
    std::unique_ptr<StreamWriter> stream_writer(AnswerContext context) const override {
        return gemini_wire::stream_writer(std::move(context));
    }
    CallError read_error(int status, const net::Headers& headers, std::string_view body) const override {
        return gemini_wire::read_error(status, headers, body);
    }
    std::string write_error(const CallError& error, std::string_view request_id) const override {
        return gemini_wire::write_error(error, request_id);
    }
    std::string write_stream_error(const CallError& error) const override { return gemini_wire::write_stream_error(error); }
};

}  // namespace

const Format& gemini() {
    static const Gemini format;
    return format;
}

}  // namespace sluice::llm
