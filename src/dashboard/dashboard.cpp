#include "sluice/dashboard/dashboard.hpp"

#include <fstream>
#include <map>

#include "dashboard/files.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/router.hpp"

namespace sluice::dashboard {

namespace {

constexpr base::Setting rows[] = {
    {.name = "dashboard.dir", .type = base::SettingType::text, .default_value = "",
     .doc = "A built dashboard (the folder that `vite build` writes) to serve instead of the one in the binary, read anew at each request; "
            "for who develops it"},
};

/// The paths at which the dashboard's router finds a page: all are answered with index.html.
constexpr std::string_view page_paths[] = {"/",       "/login",   "/sign-in", "/setup",     "/invite", "/reset",
                                           "/account", "/system", "/runs/{id}", "/w/{ws}", "/w/{ws}/{page...}"};

constexpr std::string_view placeholder = "__SLUICE_NONCE__";

std::string policy(std::string_view nonce) {
    return fmt::format(
        "default-src 'none'; script-src 'self'; style-src 'self'{}{}{}; font-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types default",
        nonce.empty() ? "" : " 'nonce-", nonce, nonce.empty() ? "" : "'");
}

struct Site {
    explicit Site(Parts given) : parts(std::move(given)) {}
    Parts parts;
    /// What was served, by its place in the binary, so that an answer shares it instead of copying it.
    std::map<const char*, std::shared_ptr<const std::string>> served = {};

    std::shared_ptr<const std::string> share(std::string_view bytes) {
        auto& kept = served[bytes.data()];
        if (!kept) kept = std::make_shared<const std::string>(bytes);
        return kept;
    }
};

Error no_such_file(std::string_view path) {
    return {ErrorCode::not_found, fmt::format("the dashboard has no file {}; load the page anew, it may be of another version", path)};
}

/// Of the directory for development. Errors: not_found.
Awaitable<Result<std::string>> read_file(Site& site, std::string path) {
    if (!is_plain_path(path)) co_return tl::unexpected(no_such_file(path));
    auto read = [file = site.parts.directory / path]() -> std::optional<std::string> {
        std::ifstream in(file, std::ios::binary);
        if (!in || std::filesystem::is_directory(file)) return std::nullopt;
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    auto text = co_await site.parts.blocking.run(std::move(read));
    if (!text) co_return tl::unexpected(no_such_file(path));
    co_return std::move(*text);
}

/// The page itself: the only file that differs from answer to answer.
Awaitable<net::Response> answer_page(std::shared_ptr<Site> site) {
    std::string page;
    if (site->parts.directory.empty()) {
        const auto* file = find_file(embedded_files(), "index.html");
        if (!file) co_return net::problem(no_such_file("index.html"));
        page = file->plain;
    } else {
        auto read = co_await read_file(*site, "index.html");
        if (!read) co_return net::problem(read.error());
        page = std::move(*read);
    }
    const auto nonce = crypto::random_token(site->parts.random, 16);
    for (auto at = page.find(placeholder); at != std::string::npos; at = page.find(placeholder, at + nonce.size()))
        page.replace(at, placeholder.size(), nonce);
    auto response = net::text_response(200, media_type("index.html"), std::move(page));
    response.headers.set("Cache-Control", "no-store");
    response.headers.set("Content-Security-Policy", policy(nonce));
    co_return response;
}

net::Response file_head(std::string_view path, std::string_view etag, std::string_view if_none_match, bool fixed) {
    net::Response response;
    response.headers.set("ETag", etag);
    response.headers.set("Vary", "Accept-Encoding");
    // The names of assets change with their content.
    response.headers.set("Cache-Control", fixed ? "public, max-age=31536000, immutable" : "no-cache");
    response.status = net::etag_matches(if_none_match, etag) ? 304 : 200;
    if (response.status == 200) response.headers.set("Content-Type", media_type(path));
    return response;
}

Awaitable<net::Response> answer_from_directory(std::shared_ptr<Site> site, std::string path, std::string if_none_match) {
    auto text = co_await read_file(*site, path);
    if (!text) co_return net::problem(text.error());
    const auto etag = fmt::format("\"{}\"", crypto::sha256_hex(*text).substr(0, 32));
    auto response = file_head(path, etag, if_none_match, false);
    if (response.status == 200) response.text = std::move(*text);
    co_return response;
}

Awaitable<net::Response> answer_file(std::shared_ptr<Site> site, std::string path, std::string accepted, std::string if_none_match) {
    const auto* file = find_file(embedded_files(), path);
    if (!file) co_return net::problem(no_such_file(path));
    const auto coding = choose_coding(accepted, *file);
    const auto name = to_string(coding);
    const auto etag = fmt::format("\"{}{}{}\"", file->tag, name.empty() ? "" : "-", name);
    auto response = file_head(path, etag, if_none_match, file->path.starts_with("assets/"));
    if (response.status == 304) co_return response;
    if (coding != Coding::identity) {
        response.headers.set("Content-Encoding", name);
        response.shared_text = site->share(coding == Coding::brotli ? file->brotli : file->gzip);
    } else if (file->gzip.empty()) {
        response.shared_text = site->share(file->plain);
    } else {
        // A client without compression is rare: it waits for the unpacking, so that the binary needs no third copy.
        auto job = [packed = file->gzip] { return unpack(packed); };
        auto text = co_await site->parts.blocking.run(job);
        if (!text) co_return net::problem(text.error());
        response.text = std::move(*text);
    }
    co_return response;
}

void add_route(net::Router& router, std::string path, std::string_view summary, std::string_view media, net::Handler handler) {
    net::RouteInfo info;
    info.summary = summary;
    info.tag = "dashboard";
    info.response_media = media;
    router.add(net::RouteEntry{net::Verb::get, std::move(path), net::Access::open(), std::move(handler), info, {}, {}, {}});
}

/// Serves the file `path`, or with none the one that the request names below /assets.
net::Handler file_handler(std::shared_ptr<Site> site, std::string path) {
    return [site = std::move(site), path = std::move(path)](net::Request& request) {
        auto wanted = path.empty() ? fmt::format("assets/{}", request.parameter("file")) : path;
        std::string if_none_match(request.headers.get("If-None-Match"));
        if (!site->parts.directory.empty()) return answer_from_directory(site, std::move(wanted), std::move(if_none_match));
        return answer_file(site, std::move(wanted), std::string(request.headers.get("Accept-Encoding")), std::move(if_none_match));
    };
}

/// The files at the top: boot.js, icon.svg and the like. Of a directory as it is at the start.
std::vector<std::string> files_beside_page(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    if (directory.empty()) {
        for (const auto& file : embedded_files())
            if (file.path.find('/') == std::string_view::npos) names.emplace_back(file.path);
    } else {
        std::error_code none;  // a directory that is not there has no files; each request says so
        for (const auto& entry : std::filesystem::directory_iterator(directory, none))
            if (entry.is_regular_file(none) && is_plain_path(entry.path().filename().string())) names.push_back(entry.path().filename());
        std::ranges::sort(names);
    }
    std::erase(names, "index.html");
    return names;
}

}  // namespace

base::SettingRows settings() { return rows; }

void add_routes(net::Router& router, Parts parts) {
    const auto site = std::make_shared<Site>(std::move(parts));
    for (const auto path : page_paths)
        add_route(router, std::string(path), "Serve the dashboard's page", "text/html", [site](net::Request&) { return answer_page(site); });
    add_route(router, "/assets/{file...}", "Serve a file of the dashboard", "application/octet-stream", file_handler(site, {}));
    for (auto& name : files_beside_page(site->parts.directory))
        add_route(router, "/" + name, "Serve a file of the dashboard", "application/octet-stream", file_handler(site, name));
}

net::Headers page_headers() {
    net::Headers headers;
    headers.set("Content-Security-Policy", policy({}));
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()");
    return headers;
}

}  // namespace sluice::dashboard
