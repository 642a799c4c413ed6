// The catalogue in use: its layers are read, added to and replaced here; whoever uses it holds a snapshot.

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "llm/catalogue_store.hpp"
#include "sluice/base/log.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/turns.hpp"

namespace sluice::llm {

namespace {

using Rows = std::shared_ptr<const CatalogueRows>;

Rows no_rows() { return std::make_shared<const CatalogueRows>(); }

Rows built_in() {
    auto read = read_catalogue(embedded_catalogue());
    if (!read) throw std::logic_error("config/models.json: " + read.error().message);
    return std::make_shared<const CatalogueRows>(std::move(read->rows));
}

/// Blocking.
Result<Rows> read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    if (file) content << file.rdbuf();
    if (!file || content.fail())
        return fail(ErrorCode::invalid_argument, "models.file: {} cannot be read; name a file that the server may read, or none", path.string());
    auto read = read_catalogue(content.str());
    if (!read) {
        read.error().message = fmt::format("models.file: {}: {}; see `sluice models check`", path.string(), read.error().message);
        return fail(std::move(read.error()));
    }
    return std::make_shared<const CatalogueRows>(std::move(read->rows));
}

bool overlap(const PriceVersion& a, const PriceVersion& b) {
    return (!a.valid_to || b.valid_from < *a.valid_to) && (!b.valid_to || a.valid_from < *b.valid_to);
}

/// Whether importing it again would change nothing: it stands there, and nothing of its time was imported after it.
bool is_in_use(const std::vector<PriceVersion>& imported, const PriceVersion& price) {
    for (auto row = imported.rbegin(); row != imported.rend(); ++row) {
        if (row->id == price.id) return true;
        if (row->provider == price.provider && row->model == price.model && overlap(*row, price)) return false;
    }
    return false;
}

/// What an import would come to; made off the loop, and put in use once it is committed.
struct Prepared {
    ImportReport report;
    std::vector<ModelEntry> models;
    Rows imported;
    std::shared_ptr<const Catalogue> snapshot;
};

Result<Prepared> prepare(const std::string& text, const CatalogueRows& old, std::vector<Catalogue::Layer> layers) {
    auto read = read_catalogue(text);
    if (!read) return fail(std::move(read.error()));
    Prepared out;
    out.report.models = static_cast<std::int64_t>(read->rows.models.size());
    out.report.warnings = std::move(read->warnings);
    for (const auto& price : read->rows.prices)
        if (!is_in_use(old.prices, price)) out.report.added.push_back(price);
    out.report.unchanged = static_cast<std::int64_t>(read->rows.prices.size() - out.report.added.size());
    out.models = std::move(read->rows.models);
    CatalogueRows all = old;
    all.models.insert(all.models.end(), out.models.begin(), out.models.end());
    all.prices.insert(all.prices.end(), out.report.added.begin(), out.report.added.end());
    out.imported = std::make_shared<const CatalogueRows>(std::move(all));
    for (auto& layer : layers)
        if (layer.origin == PriceOrigin::imported) layer.rows = out.imported;
    out.snapshot = std::make_shared<const Catalogue>(std::move(layers));
    return out;
}

}  // namespace

struct Catalogues::State {
    State(runtime::Loop& loop, storage::Storage& the_storage, runtime::Pool& the_files, base::Clock& the_clock, std::filesystem::path path)
        : storage(the_storage), files(the_files), clock(the_clock), file_path(std::move(path)), changes(loop) {}

    storage::Storage& storage;
    runtime::Pool& files;
    base::Clock& clock;
    std::filesystem::path file_path;
    runtime::Turns changes;  ///< one change at a time: each builds on the one before it
    Rows provider = no_rows(), imported = no_rows(), file = no_rows(), embedded = built_in();
    std::vector<Recorded> recorded;  ///< versions that were built in or in the file once
    std::shared_ptr<const Catalogue> snapshot = build(layers());

    std::vector<Catalogue::Layer> layers() const {
        return {{PriceOrigin::provider, provider}, {PriceOrigin::imported, imported}, {PriceOrigin::file, file}, {PriceOrigin::embedded, embedded}};
    }

    static std::shared_ptr<const Catalogue> build(std::vector<Catalogue::Layer> layers) {
        return std::make_shared<const Catalogue>(std::move(layers));
    }

    Awaitable<void> rebuild() {
        auto job = [layers = layers()] { return build(layers); };
        snapshot = co_await files.run(std::move(job));
    }

    /// Versions of the file and of the program that the database has not seen yet.
    Awaitable<Result<void>> record_new(std::set<std::pair<std::string, PriceOrigin>> seen) {
        storage::WriteUnit unit;
        const Time now = clock.now();
        const auto record = [&](const CatalogueRows& rows, PriceOrigin origin) {
            for (const auto& price : rows.prices)
                if (seen.emplace(price.id, origin).second) {
                    store::add_price(unit, price, origin, now, "system");
                    recorded.push_back({price, origin, false});
                }
        };
        record(*embedded, PriceOrigin::embedded);
        record(*file, PriceOrigin::file);
        if (unit.empty()) co_return Result<void>();
        co_return co_await storage.submit(std::move(unit));
    }
};

Catalogues::Catalogues(runtime::Loop& loop, storage::Storage& storage, runtime::Pool& files, base::Clock& clock,
                       std::filesystem::path file)
    : state_(std::make_unique<State>(loop, storage, files, clock, std::move(file))) {}

Catalogues::~Catalogues() = default;

Awaitable<Result<void>> Catalogues::start() {
    State& s = *state_;
    const auto turn = co_await s.changes.take();
    if (!s.file_path.empty()) {
        auto job = [path = s.file_path] { return read_file(path); };
        auto read = co_await s.files.run(std::move(job));
        if (!read) co_return fail(std::move(read.error()));
        s.file = std::move(*read);
    }
    auto stored = co_await store::load_catalogue(s.storage);
    if (!stored) co_return fail(std::move(stored.error()));
    CatalogueRows imported;
    imported.models = std::move(stored->models);
    std::set<std::pair<std::string, PriceOrigin>> seen;
    for (auto& row : stored->prices) {
        if (row.origin == PriceOrigin::imported) {
            imported.prices.push_back(std::move(row.price));
        } else {
            seen.emplace(row.price.id, row.origin);
            s.recorded.push_back({std::move(row.price), row.origin, false});
        }
    }
    s.imported = std::make_shared<const CatalogueRows>(std::move(imported));
    co_await s.rebuild();
    // What could not be recorded is so at the next start: the prices themselves are in use either way.
    auto done = co_await s.record_new(std::move(seen));
    if (!done) log::warn("new price versions could not be recorded", {{"cause", done.error().message}});
    co_return Result<void>();
}

std::shared_ptr<const Catalogue> Catalogues::snapshot() const { return state_->snapshot; }

Time Catalogues::now() const { return state_->clock.now(); }

Awaitable<void> Catalogues::set_provider_rows(CatalogueRows rows) {
    State& s = *state_;
    const auto turn = co_await s.changes.take();
    s.provider = std::make_shared<const CatalogueRows>(std::move(rows));
    co_await s.rebuild();
}

Awaitable<Result<ImportReport>> Catalogues::import(std::string text, bool dry_run, std::string by,
                                                   std::function<void(storage::WriteUnit&, const ImportReport&)> also) {
    State& s = *state_;
    const auto turn = co_await s.changes.take();
    auto job = [text = std::move(text), old = s.imported, layers = s.layers()]() mutable { return prepare(text, *old, std::move(layers)); };
    auto prepared = co_await s.files.run(std::move(job));
    if (!prepared) co_return fail(std::move(prepared.error()));
    prepared->report.dry_run = dry_run;

    storage::WriteUnit unit;
    if (!dry_run) {
        const Time now = s.clock.now();
        for (const auto& price : prepared->report.added) store::add_price(unit, price, PriceOrigin::imported, now, by);
        for (const auto& entry : prepared->models) store::add_entry(unit, entry, now, by);
    }
    if (also) also(unit, prepared->report);
    if (!unit.empty()) {
        auto done = co_await s.storage.submit(std::move(unit));
        if (!done) co_return fail(std::move(done.error()));
    }
    if (!dry_run) {
        s.imported = prepared->imported;
        s.snapshot = prepared->snapshot;
    }
    co_return std::move(prepared->report);
}

std::vector<Catalogues::Recorded> Catalogues::history(std::string_view model, std::string_view provider) const {
    std::vector<Recorded> out;
    std::set<std::string_view> seen;
    for (const auto& version : state_->snapshot->history(model, provider)) {
        if (seen.insert(version.price->id).second) out.push_back({*version.price, version.origin, true});
    }
    for (const auto& row : state_->recorded) {
        if (row.price.model != model || (!provider.empty() && row.price.provider != provider)) continue;
        if (seen.insert(row.price.id).second) out.push_back(row);
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Recorded& a, const Recorded& b) { return a.price.valid_from > b.price.valid_from; });
    return out;
}

}  // namespace sluice::llm
