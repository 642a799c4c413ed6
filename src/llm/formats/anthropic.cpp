#include "llm/formats/anthropic.hpp"

namespace sluice::llm {

namespace {

class AnthropicMessages final : public Format {
  public:
    std::string_view name() const override { return anthropic::format_name; }
    Result<ModelRequest> read_request(const Json& body) const override { return anthropic::read_request(body); }
    Result<Json> write_request(const ModelRequest& request) const override { return anthropic::write_request(request); }
    Result<ModelAnswer> read_answer(const Json& body) const override { return anthropic::read_answer(body); }
    Json write_answer(const ModelAnswer& answer, const AnswerContext& context) const override {
        return anthropic::write_answer(answer, context);
    }
    std::optional<UsageRecord> read_usage(const Json& body) const override {
        const auto* usage = base::find_member(body, "usage");
        if (!usage)  // the stream's first frame has it inside the message
            if (const auto* message = base::find_member(body, "message")) usage = base::find_member(*message, "usage");
        return usage ? anthropic::read_usage(*usage) : std::nullopt;
    }
    std::unique_ptr<StreamReader> stream_reader() const override { return anthropic::stream_reader(); }
    std::unique_ptr<StreamWriter> stream_writer(AnswerContext context) const override {
        return anthropic::stream_writer(std::move(context));
    }
    CallError read_error(int status, const net::Headers& headers, std::string_view body) const override {
        return anthropic::read_error(status, headers, body);
    }
    std::string write_error(const CallError& error, std::string_view request_id) const override {
        return anthropic::write_error(error, request_id);
    }
    std::string write_stream_error(const CallError& error) const override { return anthropic::write_stream_error(error); }
};

}  // namespace

const Format& anthropic_messages() {
    static const AnthropicMessages format;
    return format;
}

}  // namespace sluice::llm
