// How providers do: the circuits of their models, and a look at a provider's list of models on request. Nothing is polled.

#include <algorithm>

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "llm/provider_health.hpp"

namespace sluice::llm {
namespace {

constexpr Duration check_timeout = std::chrono::seconds(20);
constexpr std::size_t largest_list = 8u << 20;
constexpr base::JsonLimits list_limits{.size_bytes = largest_list, .depth = 32, .keys = 200'000, .string_bytes = 1 << 20};

constexpr const char* list_names[] = {"data", "models", "modelSummaries"};  ///< the last is AWS's

struct Sums {
    std::int64_t answered = 0, failed = 0, latency_us = 0;
    void add(const Sums& other) {
        answered += other.answered;
        failed += other.failed;
        latency_us += other.latency_us;
    }
};

Sums sums_of(const Health& health, Time now) {
    Sums out;
    const auto present = base::to_us(now) / 60'000'000;
    for (const auto& minute : health.minutes)
        if (minute.minute > present - static_cast<std::int64_t>(health.minutes.size()))
            out.add({minute.answered, minute.failed, minute.latency_us});
    return out;
}

Json rates_json(const Sums& sums) {
    const auto calls = sums.answered + sums.failed;
    return {{"window", "5m"},
            {"answered", sums.answered},
            {"failed", sums.failed},
            {"success_rate", calls == 0 ? Json() : Json(static_cast<double>(sums.answered) / static_cast<double>(calls))},
            {"latency_ms", sums.answered == 0 ? Json() : Json(static_cast<double>(sums.latency_us / sums.answered) / 1000.0)}};
}

Json circuit_json(const Health* health, Time now) {
    const auto circuit = health ? health->circuit(now) : Circuit::closed;
    const Time since = !health ? Time() : circuit == Circuit::half_open ? health->cool_until : health->since;
    Json error;
    if (health && !health->last_error.empty()) error = {{"message", health->last_error}, {"at", base::format_time(health->failed_at)}};
    return {{"state", to_string(circuit)},
            {"since", since == Time() ? Json() : Json(base::format_time(since))},
            {"retry_at", circuit == Circuit::open ? Json(base::format_time(health->cool_until)) : Json()},
            {"last_error", std::move(error)}};
}

int badness(Circuit circuit) { return circuit == Circuit::open ? 2 : circuit == Circuit::half_open ? 1 : 0; }

std::vector<std::string> names_in(const Json& body) {
    std::vector<std::string> out;
    for (const auto* list_name : list_names) {
        const auto* list = base::find_member(body, list_name);
        if (!list || !list->is_array()) continue;
        for (const auto& each : *list) {
            auto name = base::string_or(each, "id", "");
            if (name.empty()) name = base::string_or(each, "name", "");
            if (name.empty()) name = base::string_or(each, "modelId", "");
            if (name.starts_with("models/")) name.erase(0, 7);
            if (!name.empty()) out.push_back(std::move(name));
        }
        break;
    }
    return out;
}

bool is_list(const Json& body) {
    for (const auto* name : list_names)
        if (const auto* list = base::find_member(body, name); list && list->is_array()) return true;
    return false;
}

/// What a status says to whoever set the provider up.
std::string in_words(const ProviderRow& row, int status, std::string_view told, const std::string& url) {
    const auto vendor = told.empty() ? std::string() : fmt::format(" It says: {}", told.substr(0, 300));
    if (status == 401 || status == 403)
        return fmt::format("{} refuses the key ({}): copy the key again from the vendor, or give it the right to list models.{}", row.name, status, vendor);
    if (status == 402) return fmt::format("{} refuses for want of money (402): fill the account at the vendor.{}", row.name, vendor);
    if (status == 404 || status == 405)
        return fmt::format("{} has no list of models at {} ({}): look at base_url, which usually ends in the version, such as /v1.{}", row.name, url, status,
                           vendor);
    if (status == 429) return fmt::format("{} takes no more calls now (429): its rate or quota is used up.{}", row.name, vendor);
    if (status >= 300 && status < 400)
        return fmt::format("{} answers with a redirect ({}), which is not followed with a key: give base_url as it is in the end.", row.name, status);
    if (status >= 500) return fmt::format("{} is not well ({}): try again later.{}", row.name, status, vendor);
    return fmt::format("{} answers {}.{}", row.name, status, vendor);
}

}  // namespace

Json health_json(const Gateway::State& state, const ProviderRow& row) {
    const Time now = state.now();
    std::vector<const Health*> own;
    for (const auto& [name, health] : state.health)
        if (health.provider == row.id && health.revision == row.revision) own.push_back(&health);
    std::sort(own.begin(), own.end(), [](const Health* a, const Health* b) { return a->model < b->model; });
    const Health *worst = nullptr, *latest = nullptr;
    Sums all;
    Json models = Json::array();
    for (const auto* each : own) {
        if (!worst || badness(each->circuit(now)) > badness(worst->circuit(now))) worst = each;
        if (!each->last_error.empty() && (!latest || each->failed_at > latest->failed_at)) latest = each;
        const auto sums = sums_of(*each, now);
        all.add(sums);
        Json model{{"model", each->model}};
        model.update(circuit_json(each, now));
        model.update(rates_json(sums));
        models.push_back(std::move(model));
    }
    Json out{{"provider", row.name}};
    out.update(circuit_json(worst, now));
    out["last_error"] = circuit_json(latest, now)["last_error"];
    out.update(rates_json(all));
    out["models"] = std::move(models);
    return out;
}

Awaitable<Json> check_provider(Gateway::State& state, std::shared_ptr<const ProviderRow> row) {
    Json out{{"provider", row->name}, {"ok", nullptr}, {"message", ""}, {"status", nullptr}, {"took_ms", 0}, {"models", nullptr}, {"missing", Json::array()}};
    const auto* type = find_upstream_type(row->type);
    const std::string base_url = row->base_url.empty() ? std::string(type->default_base_url()) : row->base_url;
    UpstreamCall call;
    call.base_url = base_url;
    call.settings = &row->settings;
    call.operation = Operation::models;
    if (const auto why = type->why_no_list(call); !why.empty()) {
        out["message"] = fmt::format("{}: {}", type->title(), why);
        co_return out;
    }
    out["ok"] = false;
    auto key = state.parts.book.key_of(*row);
    if (!key) {
        out["message"] = key.error().message;
        co_return out;
    }
    call.format = &type->format(openai_chat());
    call.key = *key;
    call.now = state.now();
    net::ClientRequest request;
    request.verb = net::Verb::get;
    if (auto addressed = type->address(call, request); !addressed) {
        out["message"] = addressed.error().message;
        co_return out;
    }
    request.timeout = check_timeout;
    request.max_response = largest_list;
    request.max_redirects = 0;  // the vendor's key goes to the vendor's host alone
    request.operator_trusted = true;
    request.workspace = row->workspace;
    const std::string url = request.url;
    const auto began = state.parts.loop.clock().steady();
    auto answer = co_await state.parts.client.send(std::move(request));
    out["took_ms"] = static_cast<double>((state.parts.loop.clock().steady() - began).count()) / 1000.0;
    if (!answer) {
        out["message"] = fmt::format("{} cannot be reached at {}: {}", row->name, url, without_key(answer.error().message, *key));
        co_return out;
    }
    out["status"] = answer->status;
    auto text = without_key(std::move(answer->body), *key);
    if (answer->status < 200 || answer->status >= 300) {
        const auto error = call.format->read_error(answer->status, answer->headers, text);
        out["message"] = in_words(*row, answer->status, error.message, url);
        co_return out;
    }
    const auto body = base::parse_json(text, list_limits);
    if (!body || !is_list(*body)) {
        out["message"] = fmt::format("{} answers at {} with something that is no list of models: base_url is probably that of a page, not of the API",
                                     row->name, url);
        co_return out;
    }
    const auto names = names_in(*body);
    std::string missing;
    if (type->lists_what_is_called())
        for (const auto& model : row->models)
            if (!type->is_listed(model.id, names)) {
                out["missing"].push_back(model.id);
                missing += (missing.empty() ? "" : ", ") + model.id;
            }
    out["ok"] = true;
    out["models"] = names;
    out["message"] = fmt::format("{} answers and lists {} model{}", row->name, names.size(), names.size() == 1 ? "" : "s");
    std::string more;
    if (!missing.empty()) more = fmt::format(", but not {}", missing.substr(0, 500));
    more += type->not_in_list();
    out["message"] = out["message"].get<std::string>() + more;
    state.seen_well(row->id);
    co_return out;
}

}  // namespace sluice::llm
