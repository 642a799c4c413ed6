#pragma once
// The files of the built dashboard, as cmake/dashboard_files.cmake embeds them. Thread: any.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::dashboard {

/// Text was packed twice at build time and is not kept plain; everything else is kept as it is.
struct File {
    std::string_view path;  ///< "assets/main-4f2a.js"
    std::string_view tag;   ///< of the content, without the encoding
    std::string_view plain, brotli, gzip;
};

/// Sorted by path.
std::span<const File> embedded_files();
/// Null when there is none.
const File* find_file(std::span<const File> files, std::string_view path);

/// "text/javascript; charset=utf-8" of "boot.js".
std::string_view media_type(std::string_view path);

enum class Coding { identity, gzip, brotli };
/// The value of Content-Encoding; empty for identity.
std::string_view to_string(Coding coding);
/// The smallest form of the file that a client with this Accept-Encoding reads; identity where it names none of ours.
Coding choose_coding(std::string_view accept_encoding, const File& file);

/// Unpacks gzip of our own build. Errors: internal (it is broken: the binary is).
Result<std::string> unpack(std::string_view gzip);

/// Whether a path below the directory of `dashboard.dir` may be read: letters, digits, dot, dash, underline, no hidden part.
bool is_plain_path(std::string_view path);

}  // namespace sluice::dashboard
