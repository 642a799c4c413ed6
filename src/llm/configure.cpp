#include <charconv>

#include "sluice/llm/llm.hpp"
#include "sluice/net/client.hpp"

namespace sluice::llm {

namespace {

constexpr std::string_view openai_url = "https://api.openai.com/v1";
constexpr std::string_view openai_model = "gpt-4o-mini";

/// True for this machine and private networks, by name or literal; nothing is resolved.
bool is_local(std::string_view host) {
    if (host == "localhost" || host == "::1" || host.ends_with(".local") ||
        host.ends_with(".internal"))
        return true;
    if (host.find('.') == std::string_view::npos && host.find(':') == std::string_view::npos)
        return true;  // a container's name
    return host.starts_with("127.") || host.starts_with("10.") || host.starts_with("192.168.");
}

Result<double> read_rate(const std::string& text) {
    double rate = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, bad] = std::from_chars(text.data(), end, rate);
    if (bad != std::errc{} || stop != end || !(rate >= 0 && rate <= 1))
        return fail(ErrorCode::invalid_argument,
                    "llm.simulated.failure_rate must be a number from 0 to 1, not {}", text);
    return rate;
}

Result<std::optional<Price>> read_price(const LlmConfig& config) {
    if (config.openai_input_usd_per_million.empty() && config.openai_output_usd_per_million.empty())
        return std::nullopt;
    auto input = base::parse_usd(config.openai_input_usd_per_million),
         output = base::parse_usd(config.openai_output_usd_per_million);
    if (!input || !output || input->value < 0 || output->value < 0)
        return fail(ErrorCode::invalid_argument,
                    "llm.openai.input_usd_per_million and llm.openai.output_usd_per_million must "
                    "both be decimals such as 0.15");
    return Price{*input, *output};
}

}  // namespace

Awaitable<Result<void>> configure(Providers& providers, net::Client& client, runtime::Loop& loop,
                                  LlmConfig config) {
    auto rate =
        read_rate(config.simulated_failure_rate.empty() ? "0" : config.simulated_failure_rate);
    if (!rate) co_return fail(std::move(rate.error()));
    auto price = read_price(config);
    if (!price) co_return fail(std::move(price.error()));

    std::string model = config.default_model, asked;
    std::optional<Error> trouble;
    if (!config.openai_api_key.empty() || !config.openai_base_url.empty()) {
        OpenAiOptions options;
        options.api_key = config.openai_api_key;
        options.base_url =
            config.openai_base_url.empty() ? std::string(openai_url) : config.openai_base_url;
        auto url = net::parse_url(options.base_url);
        if (!url)
            co_return fail(ErrorCode::invalid_argument, "llm.openai.base_url {} is not usable: {}",
                           options.base_url, url.error().message);
        if (is_local(url->host)) options.name = "local";
        if (!config.openai_model.empty()) {
            options.models = {{config.openai_model, *price}};
        } else if (url->host == "api.openai.com") {
            options.models = {{std::string(openai_model),
                               *price ? *price
                                      : Price{NanoUsd{150'000'000},
                                              NanoUsd{600'000'000}}}};  // openai.com/api/pricing
        } else {
            auto listed = co_await list_openai_models(client, options.base_url, options.api_key);
            if (listed && !listed->empty()) {
                options.models = std::move(*listed);
                options.models.front().price = *price;
            } else if (listed) {
                trouble = Error{ErrorCode::upstream_failed,
                                fmt::format("{} has no models; load one there, or set OPENAI_MODEL",
                                            options.base_url),
                                {},
                                false};
            } else {
                trouble = Error{ErrorCode::upstream_failed,
                                fmt::format("{}; start that server, or set OPENAI_MODEL",
                                            listed.error().message),
                                {},
                                true};
            }
        }
        if (model.empty() && !options.models.empty())
            model = options.name + "/" + options.models.front().id;
        asked = options.name;
        auto provider = make_openai_compatible(client, loop, std::move(options));
        providers.add(std::move(provider));
    }
    auto simulated = make_simulated(loop, {config.simulated_latency, *rate});
    providers.add(std::move(simulated));
    // A provider that was asked for and cannot say its models must not be replaced by a simulation
    // in silence.
    if (model.empty() && trouble) model = asked + "/default";
    if (model.empty()) model = "simulated-small";
    providers.set_default(std::move(model));
    if (trouble) co_return fail(std::move(*trouble));
    co_return Result<void>{};
}

}  // namespace sluice::llm
