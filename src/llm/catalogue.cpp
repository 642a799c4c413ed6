// The snapshot: models and prices of all layers, by name.

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "sluice/llm/prices.hpp"

namespace sluice::llm {

namespace {

std::string key_of(std::string_view provider, std::string_view model) {
    std::string key;
    key.reserve(provider.size() + 1 + model.size());
    return key.append(provider).append(1, '\n').append(model);
}

/// What the stronger entry leaves out is taken from the weaker one.
void fill(ModelEntry& entry, const ModelEntry& weaker) {
    for (const auto& alias : weaker.aliases)
        if (std::find(entry.aliases.begin(), entry.aliases.end(), alias) == entry.aliases.end()) entry.aliases.push_back(alias);
    if (!entry.context_window) entry.context_window = weaker.context_window;
    if (!entry.max_output_tokens) entry.max_output_tokens = weaker.max_output_tokens;
    if (entry.input_modalities.empty()) entry.input_modalities = weaker.input_modalities;
    if (entry.capabilities.empty()) entry.capabilities = weaker.capabilities;
    if (entry.source.empty()) entry.source = weaker.source;
}

}  // namespace

std::string_view to_string(ModelKind kind) { return kind == ModelKind::chat ? "chat" : "embedding"; }

std::string_view to_string(PriceOrigin origin) {
    switch (origin) {
        case PriceOrigin::provider: return "provider";
        case PriceOrigin::imported: return "imported";
        case PriceOrigin::file: return "file";
        case PriceOrigin::embedded: return "embedded";
    }
    return "embedded";
}

struct Catalogue::State {
    struct Model {
        ModelEntry* entry = nullptr;
        std::vector<Version> versions;  ///< the strongest first
    };
    std::vector<Layer> layers;
    std::deque<ModelEntry> merged;
    std::unordered_map<std::string, Model> models;
    std::unordered_map<std::string, std::string> aliases;  ///< key of the alias → key of the model
    std::vector<const ModelEntry*> sorted;

    const Model* find(std::string_view provider, std::string_view model) const {
        const auto key = key_of(provider, model);
        if (const auto found = models.find(key); found != models.end()) return &found->second;
        const auto alias = aliases.find(key);
        if (alias == aliases.end()) return nullptr;
        const auto found = models.find(alias->second);
        return found == models.end() ? nullptr : &found->second;
    }
};

Catalogue::Catalogue(std::vector<Layer> layers) : state_(std::make_unique<State>()) {
    State& s = *state_;
    s.layers = std::move(layers);
    for (const auto& layer : s.layers) {
        // Of two rows of one layer the later one is the stronger.
        for (auto row = layer.rows->models.rbegin(); row != layer.rows->models.rend(); ++row) {
            auto& model = s.models[key_of(row->provider, row->id)];
            if (model.entry)
                fill(*model.entry, *row);
            else
                model.entry = &s.merged.emplace_back(*row);
        }
        for (auto row = layer.rows->prices.rbegin(); row != layer.rows->prices.rend(); ++row)
            s.models[key_of(row->provider, row->model)].versions.push_back({&*row, layer.origin});
    }
    for (const auto& entry : s.merged) {
        s.sorted.push_back(&entry);
        for (const auto& alias : entry.aliases) s.aliases.emplace(key_of(entry.provider, alias), key_of(entry.provider, entry.id));
    }
    std::sort(s.sorted.begin(), s.sorted.end(), [](const auto* a, const auto* b) {
        return std::tie(a->provider, a->id) < std::tie(b->provider, b->id);
    });
}

Catalogue::~Catalogue() = default;

Catalogue::Version Catalogue::find_version(std::string_view provider, std::string_view model, Time at) const {
    if (const auto* known = state_->find(provider, model))
        for (const auto& version : known->versions)
            if (version.price->in_force(at)) return version;
    return {};
}

const PriceVersion* Catalogue::find(std::string_view provider, std::string_view model, Time at) const {
    return find_version(provider, model, at).price;
}

const ModelEntry* Catalogue::entry(std::string_view provider, std::string_view model) const {
    const auto* known = state_->find(provider, model);
    return known ? known->entry : nullptr;
}

std::span<const ModelEntry* const> Catalogue::entries() const { return state_->sorted; }

std::vector<Catalogue::Version> Catalogue::history(std::string_view model, std::string_view provider) const {
    std::vector<Version> out;
    for (const auto* entry : state_->sorted) {
        if (!provider.empty() && entry->provider != provider) continue;
        const bool named = entry->id == model ||
                           std::find(entry->aliases.begin(), entry->aliases.end(), model) != entry->aliases.end();
        if (!named) continue;
        const auto& versions = state_->find(entry->provider, entry->id)->versions;
        out.insert(out.end(), versions.begin(), versions.end());
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Version& a, const Version& b) { return a.price->valid_from > b.price->valid_from; });
    return out;
}

}  // namespace sluice::llm
