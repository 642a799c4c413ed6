// What a typical condition and a template cost. Prints nanoseconds for each as JSON (medians of nine rounds).

#include <algorithm>
#include <chrono>
#include <iostream>
#include <vector>

#include "sluice/base/json.hpp"
#include "sluice/cel/cel.hpp"
#include "sluice/cel/template.hpp"

namespace {

using namespace sluice;

template <class Work>
double median_ns(Work work) {
    constexpr int count = 100'000;
    std::vector<double> rounds;
    for (int round = 0; round < 9; ++round) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i) work();
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
        rounds.push_back(took.count() / count);
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[rounds.size() / 2];
}

}  // namespace

int main() {
    const Json input = Json::parse(R"({"customer": "acme", "items": [1, 2, 3, 4, 5]})");
    const Json nodes = Json::parse(R"({"classify": {"output": {"urgency": "high", "language": "en", "score": 0.91}}})");
    const auto condition = cel::Program::compile("nodes.classify.output.urgency == 'high' && size(input.items) > 3");
    const auto text = cel::Template::compile(Json::parse(R"({"subject": "{{ input.customer }}: {{ nodes.classify.output.urgency }}"})"));
    if (!condition || !text) return 1;
    bool right = true;
    const double condition_ns = median_ns([&] {
        cel::Scope scope;
        scope.set("input", &input);
        scope.set("nodes", &nodes);
        right = right && condition->evaluate_bool(scope).value_or(false);
    });
    const double template_ns = median_ns([&] {
        cel::Scope scope;
        scope.set("input", &input);
        scope.set("nodes", &nodes);
        right = right && text->render(scope).has_value();
    });
    if (!right) return 1;
    std::cout << "{\"condition_ns\": " << condition_ns << ", \"template_ns\": " << template_ns << "}" << std::endl;
    return 0;
}
