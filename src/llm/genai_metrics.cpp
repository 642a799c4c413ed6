#include "llm/genai_metrics.hpp"

#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "sluice/base/metrics.hpp"
#include "sluice/budget/budget.hpp"
#include "sluice/budget/genai.hpp"

namespace sluice::llm {
namespace {

namespace genai = budget::genai;

constexpr std::size_t most_sets = 50;  ///< each is a hundred lines of /metrics

/// Prometheus' form of a name.
std::string plain(std::string_view name) {
    std::string out(name);
    for (auto& c : out)
        if (c == '.') c = '_';
    return out;
}

/// A label's value: names of models come from callers.
std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value.substr(0, 100)) {
        if (c == '\\' || c == '"') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

std::string label(std::string_view name, std::string_view value) { return fmt::format("{}=\"{}\"", plain(name), escaped(value)); }

struct Instruments {
    explicit Instruments(const std::string& labels)
        : duration(fmt::format("{}_us{{{}}}", plain(genai::duration_metric), labels), "Time of model calls, in microseconds"),
          first_chunk(fmt::format("{}_us{{{}}}", plain(genai::first_chunk_metric), labels), "Time until the first chunk of an answer, in microseconds"),
          input(fmt::format("{}{{{},{}}}", plain(genai::tokens_metric), labels, label(genai::token_type, "input")), "Tokens of model calls"),
          output(fmt::format("{}{{{},{}}}", plain(genai::tokens_metric), labels, label(genai::token_type, "output")), "Tokens of model calls") {}
    base::metrics::Histogram duration, first_chunk, input, output;
};

Instruments& instruments_of(const budget::Spend& call) {
    static auto& sets = *new std::map<std::string, Instruments*, std::less<>>();  // instruments live as long as the program
    const bool well = call.status == "ok" || call.status == "cached";
    const auto key_of = [&](std::string_view provider, std::string_view model) {
        return fmt::format("{}\n{}\n{}\n{}", genai::operation_of(call), provider, model, well ? std::string_view() : call.status);
    };
    std::string_view provider = call.provider, model = call.model;
    auto key = key_of(provider, model);
    if (const auto known = sets.find(key); known != sets.end()) return *known->second;
    if (sets.size() >= most_sets) {
        provider = model = "other";
        key = key_of(provider, model);
        if (const auto known = sets.find(key); known != sets.end()) return *known->second;
    }
    auto labels = label(genai::operation_name, genai::operation_of(call)) + "," + label(genai::provider_name, provider) + "," +
                  label(genai::request_model, model);
    // Every status is one of six: no caller can make another.
    if (!well) labels += "," + label(genai::error_type, call.status);
    return *sets.emplace(std::move(key), new Instruments(labels)).first->second;
}

std::uint64_t count(std::int64_t value) { return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)); }

}  // namespace

void observe_call(const budget::Spend& call) {
    auto& set = instruments_of(call);
    set.duration.observe(count(call.duration_us));
    if (call.first_token_us > 0) set.first_chunk.observe(count(call.first_token_us));
    const auto input = call.input_uncached + call.cache_read + call.cache_write_5m + call.cache_write_1h;
    const auto output = call.output_visible + call.output_reasoning;
    if (input > 0) set.input.observe(count(input));
    if (output > 0) set.output.observe(count(output));
}

}  // namespace sluice::llm
