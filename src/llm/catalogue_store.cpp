#include "llm/catalogue_store.hpp"

#include "sluice/base/json.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::llm::store {

namespace {

using storage::Query;
using storage::Row;

// Read whole at the start: a row for each price that there ever was.
const Query all_prices{"llm.all_prices", "SELECT id, origin, document FROM model_price ORDER BY seq", Query::Note::instance_scan};
const Query all_entries{"llm.all_entries", "SELECT document FROM model_entry ORDER BY seq", Query::Note::instance_scan};
const Query insert_price{"llm.insert_price", R"sql(
    INSERT INTO model_price (id, origin, provider, model, valid_from_us, valid_to_us, document, recorded_at_us, recorded_by)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))sql",
                         Query::Note::instance_wide};
const Query insert_entry{"llm.insert_entry", R"sql(
    INSERT INTO model_entry (provider, model, document, recorded_at_us, recorded_by) VALUES (?1, ?2, ?3, ?4, ?5))sql",
                         Query::Note::instance_wide};

PriceOrigin origin_from(std::string_view name) {
    if (name == "embedded") return PriceOrigin::embedded;
    return name == "file" ? PriceOrigin::file : PriceOrigin::imported;
}

Result<StoredCatalogue> load(storage::ReadTx& tx) {
    StoredCatalogue out;
    Result<void> damage;
    auto prices = tx.each(all_prices, {}, [&](const Row& row) {
        auto price = read_rendered_price(row.text(2));
        if (!price) {
            damage = fail(ErrorCode::internal, "the stored price {} cannot be read: {}; restore a backup", row.text(0),
                          price.error().message);
            return false;
        }
        price->id = row.str(0);
        out.prices.push_back({origin_from(row.text(1)), std::move(*price)});
        return true;
    });
    if (!prices) return fail(std::move(prices.error()));
    if (!damage) return fail(std::move(damage.error()));
    auto entries = tx.each(all_entries, {}, [&](const Row& row) {
        auto entry = read_rendered_entry(row.text(0));
        if (!entry) {
            damage = fail(ErrorCode::internal, "a stored model cannot be read: {}; restore a backup", entry.error().message);
            return false;
        }
        out.models.push_back(std::move(*entry));
        return true;
    });
    if (!entries) return fail(std::move(entries.error()));
    if (!damage) return fail(std::move(damage.error()));
    return out;
}

}  // namespace

Awaitable<Result<StoredCatalogue>> load_catalogue(storage::Storage& storage) {
    auto job = [](storage::ReadTx& tx) { return load(tx); };
    co_return co_await storage.read(std::move(job));
}

void add_price(storage::WriteUnit& unit, const PriceVersion& price, PriceOrigin origin, Time at, std::string_view by) {
    unit.add(insert_price, price.id, to_string(origin), price.provider, price.model, price.valid_from, price.valid_to,
             base::dump_json(render_price(price)), at, by);
}

void add_entry(storage::WriteUnit& unit, const ModelEntry& entry, Time at, std::string_view by) {
    unit.add(insert_entry, entry.provider, entry.id, base::dump_json(render_entry(entry)), at, by);
}

}  // namespace sluice::llm::store
