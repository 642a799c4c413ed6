#include "dashboard/files.hpp"

#include <algorithm>
#include <array>

#include <zlib.h>

namespace sluice::dashboard {

namespace {

struct MediaType {
    std::string_view ending, name;
};

constexpr MediaType media_types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
};

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// "q=0", "q=0.0", "q=0.000": not wanted.
bool is_refused(std::string_view parameters) {
    const auto at = parameters.find("q=");
    if (at == std::string_view::npos) return false;
    const auto value = trimmed(parameters.substr(at + 2));
    return value.starts_with('0') && value.find_first_of("123456789") == std::string_view::npos;
}

}  // namespace

const File* find_file(std::span<const File> files, std::string_view path) {
    const auto found = std::ranges::lower_bound(files, path, {}, &File::path);
    return found != files.end() && found->path == path ? &*found : nullptr;
}

std::string_view media_type(std::string_view path) {
    for (const auto& [ending, name] : media_types)
        if (path.ends_with(ending)) return name;
    return "application/octet-stream";
}

std::string_view to_string(Coding coding) {
    switch (coding) {
        case Coding::gzip: return "gzip";
        case Coding::brotli: return "br";
        case Coding::identity: break;
    }
    return {};
}

Coding choose_coding(std::string_view accept_encoding, const File& file) {
    bool gzip = false, brotli = false;
    while (!accept_encoding.empty()) {
        const auto comma = accept_encoding.find(',');
        const auto item = accept_encoding.substr(0, comma);
        const auto semicolon = item.find(';');
        const auto name = trimmed(item.substr(0, semicolon));
        const bool wanted = semicolon == std::string_view::npos || !is_refused(item.substr(semicolon));
        if (name == "br") brotli = wanted;
        if (name == "gzip" || name == "x-gzip") gzip = wanted;
        if (comma == std::string_view::npos) break;
        accept_encoding.remove_prefix(comma + 1);
    }
    if (brotli && !file.brotli.empty()) return Coding::brotli;
    if (gzip && !file.gzip.empty()) return Coding::gzip;
    return Coding::identity;
}

Result<std::string> unpack(std::string_view gzip) {
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return fail(ErrorCode::internal, "a file of the dashboard cannot be unpacked: no memory");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(gzip.data()));
    stream.avail_in = static_cast<uInt>(gzip.size());
    std::string text;
    std::array<char, 64 << 10> piece;
    int outcome = Z_OK;
    while (outcome == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = piece.size();
        outcome = inflate(&stream, Z_NO_FLUSH);
        if (outcome == Z_OK || outcome == Z_STREAM_END) text.append(piece.data(), piece.size() - stream.avail_out);
        if (outcome == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) outcome = Z_DATA_ERROR;  // it ends too early
    }
    inflateEnd(&stream);
    if (outcome != Z_STREAM_END) return fail(ErrorCode::internal, "a file of the dashboard cannot be unpacked: the binary is damaged");
    return text;
}

bool is_plain_path(std::string_view path) {
    if (path.empty() || path.size() > 200) return false;
    char before = '/';
    for (const char c : path) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!letter && c != '.' && c != '/') return false;
        if (before == '/' && !letter) return false;  // "//", "/..", "/.git"
        before = c;
    }
    return before != '/';
}

}  // namespace sluice::dashboard
