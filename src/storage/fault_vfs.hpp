#pragma once
/// File operations of the database that tests can fail, slow or kill: a layer over SQLite's own
/// file system, in use only while a fail-point is armed.

namespace sluice::storage::sqlite {

/// The name to open databases with; null (SQLite's own) when no fail-point is armed.
const char* fault_vfs_name();

}  // namespace sluice::storage::sqlite
