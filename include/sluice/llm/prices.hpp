#pragma once
/// What models are and what they cost: the catalogue, and the two sums made with it. `cost` is what a call's usage came
/// to, `upper_bound` the most that a call can come to before it is made.
///
/// A price has a validity; a call is priced by the version that was in force when it began, and its spend row keeps that
/// version's id. Versions are never edited. Unknown is not 0: a rate that is not known is filled by a rule that is never
/// too cheap (docs/models.md), or there is no bound.
///
/// Units: nano-USD per million tokens; multipliers in millionths. Everything but `Catalogues` is immutable after it was
/// built and may be used on any thread.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/json_fwd.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"
#include "sluice/llm/conversation.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::runtime {
class Loop;
class Pool;
}
namespace sluice::storage {
class Storage;
class WriteUnit;
}
namespace sluice::net {
class Router;
}

namespace sluice::llm {

/// Prices of a million tokens. Nothing: not known, which is not 0. What stands in: `cache_read` and `image_input`: input;
/// `reasoning`: output; `cache_write_5m`: 1.25 times input; `cache_write_1h`: 2.5 times input (the dearest that any vendor
/// of config/models.json takes), never below `cache_write_5m`; audio: nothing safe, see `charge` and `upper_bound`.
struct Rates {
    std::optional<NanoUsd> input, cache_read;
    std::optional<NanoUsd> cache_write_5m;  ///< also a vendor's only kind of write
    std::optional<NanoUsd> cache_write_1h;  ///< also OpenAI's of 12 hours
    std::optional<NanoUsd> output, reasoning, audio_input, audio_output, image_input;
    bool operator==(const Rates&) const = default;
};

/// A call with more than `above_input_tokens` (all kinds of input together) is priced whole by these rates.
struct Tier {
    std::int64_t above_input_tokens = 0;
    Rates rates;
    bool operator==(const Tier&) const = default;
};

/// A factor in millionths: 500,000 is half.
using Multipliers = std::map<std::string, std::int64_t, std::less<>>;
inline constexpr std::int64_t multiplier_one = 1'000'000;

/// The price of a model from one time to another.
struct PriceVersion {
    std::string id;                   ///< "prc_" and 16 hexadecimal digits: a hash of provider, model, validity and prices
    std::string provider, model;
    Time valid_from{};
    std::optional<Time> valid_to;     ///< not in force any more at this time; nothing: open
    Rates rates;
    std::vector<Tier> tiers;          ///< ascending
    /// By service tier ("batch", "flex", "fast", …). "", "default", "standard" and "auto" are 1.
    Multipliers tier_multipliers;
    /// By region; "*" is any that is named. "", "global", "default" and "not_available" are 1.
    Multipliers region_multipliers;
    std::map<std::string, NanoUsd> per_tool_call;  ///< of one call of a tool that the vendor runs ("web_search")
    std::string source;               ///< where it was read
    std::string as_of;                ///< when, in the source's words ("autumn 2026")
    bool in_force(Time at) const { return at >= valid_from && (!valid_to || at < *valid_to); }
};

enum class ModelKind : std::uint8_t { chat, embedding };
std::string_view to_string(ModelKind kind);

struct ModelEntry {
    std::string provider;             ///< "openai", "anthropic", "gemini", "simulated", or an operator's provider by its name
    std::string id;
    std::vector<std::string> aliases; ///< other names of the same model at the same price
    ModelKind kind = ModelKind::chat;
    std::optional<std::int64_t> context_window, max_output_tokens;
    std::vector<std::string> input_modalities;  ///< "text", "image", "audio", "file"; empty: not known
    std::vector<std::string> capabilities;      ///< "tools", "reasoning", …; empty: not known
    std::string source;
};

/// Where a row of the catalogue comes from, the strongest first.
enum class PriceOrigin : std::uint8_t { provider, imported, file, embedded };
std::string_view to_string(PriceOrigin origin);

/// The models and prices of one origin. Of two versions of a model that are in force at one time the later one counts.
struct CatalogueRows {
    std::vector<ModelEntry> models;
    std::vector<PriceVersion> prices;
};

/// An immutable snapshot of what is known. Pointers that it gave live as long as it does: keep the shared_ptr.
class Catalogue {
  public:
    struct Layer {
        PriceOrigin origin;
        std::shared_ptr<const CatalogueRows> rows;
    };
    /// `layers` from the strongest to the weakest. Each priced model has an entry in its layer.
    explicit Catalogue(std::vector<Layer> layers);
    Catalogue(const Catalogue&) = delete;
    Catalogue& operator=(const Catalogue&) = delete;
    ~Catalogue();

    /// The price in force at `at`: of the strongest layer that has one. `model` may be an alias. Null: not priced (a call
    /// under a hard budget is refused then). Take it once, when the call begins.
    const PriceVersion* find(std::string_view provider, std::string_view model, Time at) const;
    /// What the model is: by the strongest layer that names it; what that leaves out, by the weaker ones. Null: not known.
    const ModelEntry* entry(std::string_view provider, std::string_view model) const;
    /// By provider and id, each once.
    std::span<const ModelEntry* const> entries() const;
    struct Version {
        const PriceVersion* price = nullptr;
        PriceOrigin origin = PriceOrigin::embedded;
    };
    /// As `find`, with where it comes from.
    Version find_version(std::string_view provider, std::string_view model, Time at) const;
    /// All versions of models with this id or alias, of every provider or of one, the newest `valid_from` first.
    std::vector<Version> history(std::string_view model, std::string_view provider = {}) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// What a usage came to.
struct Charge {
    NanoUsd cost;
    /// The rates and multipliers that were not known ("cache_write_1h", "tier:priority", "tool:web_search"), each filled by
    /// its rule; for audio that of text, for a tool nothing, for a tier or region the dearest that is listed. Not empty:
    /// mark the spend as estimated.
    std::vector<std::string> guessed;
};
/// Rounded up once. Negative counts are 0; what passes int64 is INT64_MAX. A tier of input length counts the clamped sum.
/// Audio and image tokens are taken out of the counts that they are part of. `price` must be the version of the call's start.
Charge charge(const UsageRecord& usage, const PriceVersion& price);
/// `charge(usage, price).cost`.
NanoUsd cost(const UsageRecord& usage, const PriceVersion& price);

/// The most that a call can use. What is left at its default is assumed at its dearest, save audio.
struct CallBound {
    std::int64_t input_tokens = 0;    ///< of all kinds, tools and images included
    std::int64_t output_tokens = 0;   ///< of all choices together, reasoning included
    bool audio_input = false, audio_output = false;  ///< the call may have some
    bool cache_write_5m = true, cache_write_1h = true;  ///< false: it surely writes none that lives so long
    std::map<std::string, std::int64_t> tool_uses;      ///< greatest number of calls of tools that the vendor bills
    /// The service tier asked for; nothing or "auto": any may be billed. A vendor may fall back to its standard tier: never below 1.
    std::optional<std::string> tier;
    std::optional<std::string> region;  ///< the same
};
/// Never less than `cost` of a usage within `bound`, rounded up, saturated at INT64_MAX. Nothing: a rate that can apply
/// (input, output, audio, a tool's, the tier or region that is asked for) is not known.
std::optional<NanoUsd> upper_bound(const CallBound& bound, const PriceVersion& price);
std::optional<NanoUsd> upper_bound(std::int64_t input_tokens, std::int64_t output_tokens, const PriceVersion& price,
                                   std::map<std::string, std::int64_t> tool_uses = {});

/// What reading a catalogue file gave (docs/models.md describes it).
struct ReadCatalogue {
    CatalogueRows rows;
    std::vector<base::ErrorDetail> warnings;  ///< gaps in validity, models without a price; messages begin with "line N: "
};
/// Errors: invalid_argument with a detail for each mistake: `pointer`, message beginning with "line N: "; too_large.
Result<ReadCatalogue> read_catalogue(std::string_view text);
/// Reads what `render_price` and `render_entry` wrote. Errors: internal (it is damaged).
Result<PriceVersion> read_rendered_price(std::string_view text);
Result<ModelEntry> read_rendered_entry(std::string_view text);
/// The models and prices that are built in: config/models.json.
std::string_view embedded_catalogue();
/// The price as in such a file, with `price_version`, `provider` and `model`.
Json render_price(const PriceVersion& price);
/// The entry as in such a file, without prices.
Json render_entry(const ModelEntry& entry);
/// The id that a version's content gives it.
std::string price_id(const PriceVersion& price);

struct ImportReport {
    std::vector<PriceVersion> added;
    std::int64_t models = 0, unchanged = 0;   ///< models in the file; versions that were in force already
    std::vector<base::ErrorDetail> warnings;
    bool dry_run = false;
};

/// The catalogue in use: an operator's providers, over imports, over the file of the setting `models.file`, over what is
/// built in. Thread: loop.
class Catalogues {
  public:
    Catalogues(runtime::Loop& loop, storage::Storage& storage, runtime::Pool& files, base::Clock& clock,
               std::filesystem::path file = {});
    ~Catalogues();
    Catalogues(const Catalogues&) = delete;
    Catalogues& operator=(const Catalogues&) = delete;

    /// Reads all of it, and records versions that the database has not seen, so that ids in spend rows stay explained.
    /// Errors: invalid_argument (the file; names it and the mistakes), unavailable.
    Awaitable<Result<void>> start();
    /// Never null; before `start` what is built in. Held for a call, it stays as it was.
    std::shared_ptr<const Catalogue> snapshot() const;
    /// Replaces what the operator's providers say of their models (`provider`: their name). In use when it returns.
    Awaitable<void> set_provider_rows(CatalogueRows rows);
    /// Adds the versions of a file for good and puts them in use. `also` commits with it. Errors: as of `read_catalogue`.
    Awaitable<Result<ImportReport>> import(std::string text, bool dry_run, std::string by,
                                           std::function<void(storage::WriteUnit&, const ImportReport&)> also = {});
    struct Recorded {
        PriceVersion price;
        PriceOrigin origin = PriceOrigin::embedded;
        bool in_use = true;  ///< false: of an earlier program or file; kept to explain what was spent by it
    };
    /// `Catalogue::history`, and the versions that were in use once.
    std::vector<Recorded> history(std::string_view model, std::string_view provider = {}) const;
    Time now() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// `/api/v1/models`.
void add_routes(net::Router& router, Catalogues& catalogues);

}  // namespace sluice::llm
