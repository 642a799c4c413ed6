#pragma once
/// SQL as named constants. The name goes to metrics and slow-query logs; parameters are ?1 ?2 … , ?1 being the
/// workspace on tenant tables. Every Query registers itself in a list that the plan test and the tenancy test read.

#include <span>
#include <string_view>

namespace sluice::storage {

/// A statement. Define it as `const storage::Query name{"module.name", R"sql(…)sql"};` at the top of a store file.
class Query {
  public:
    /// Why a statement may lack what the tests demand; the reason stands in the store file.
    enum class Note : unsigned char {
        none = 0,
        instance_wide = 1,  ///< no workspace: an instance-level statement (recovery, migrations, key lookup by hash)
        scan = 2,           ///< a scan is wanted: the table is small by nature
        instance_scan = 3,  ///< both: the statement is about all of a table, such as a backup's
    };
    Query(const char* name, const char* sql, Note note = Note::none);
    const char* name() const { return name_; }
    const char* sql() const { return sql_; }
    Note note() const { return note_; }
    /// A small number unique in this process; prepared statements are cached by it.
    unsigned index() const { return index_; }
    /// Every Query of the program, for the tests.
    static std::span<const Query* const> all();

  private:
    const char* name_;
    const char* sql_;
    Note note_;
    unsigned index_;
};

}  // namespace sluice::storage
