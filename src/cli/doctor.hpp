#pragma once
// The single checks of `sluice doctor`.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "sluice/base/time.hpp"

namespace sluice::cli {

enum class Verdict { ok, warn, fail };

struct Finding {
    std::string name;
    Verdict verdict = Verdict::ok;
    std::string text;
    std::string advice;  ///< what to do; empty when all is well
};

/// There, a directory, writable, closed to others.
Finding check_directory(const std::filesystem::path& data);
/// Free space below the directory, and that its disk is a local one.
Finding check_disk(const std::filesystem::path& data);
/// That no process but `holder` (a pid) has the database open. Sees the processes of this user (all
/// as root).
Finding check_database_owner(const std::filesystem::path& data, std::string_view holder);
/// That the server's vault is open; `system` is the answer of /api/v1/system.
Finding check_vault(const Json& system);
/// That nobody else may read the file with the root key.
Finding check_key_file(const std::filesystem::path& file);
/// That a backup was taken, when, and that it is there still. (backup_commands.cpp)
Finding check_backup(const std::filesystem::path& data, Time now);
Finding check_clock(const std::filesystem::path& data, Time now);
Finding check_descriptors(std::uint64_t hard);
/// `proxy`: a trusted proxy is named.
Finding check_bind(std::string_view listen, bool tls, bool proxy);
/// Fails when it is over or unreadable, warns three weeks before its end.
Finding check_certificate(const std::filesystem::path& file, Time now);
std::string_view to_string(Verdict verdict);

}  // namespace sluice::cli
