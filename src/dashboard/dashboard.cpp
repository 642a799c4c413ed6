#include "sluice/dashboard/dashboard.hpp"

#include "sluice/base/embedded.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/router.hpp"

namespace sluice::embedded {
std::span<const base::EmbeddedFile> web();
}

namespace sluice::dashboard {

namespace {

std::string_view media_type(std::string_view path) {
    if (path.ends_with(".html")) return "text/html; charset=utf-8";
    if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (path.ends_with(".css")) return "text/css; charset=utf-8";
    if (path.ends_with(".svg")) return "image/svg+xml";
    return "application/octet-stream";
}

/// One file of the binary, with its answer prepared once.
struct Page {
    std::shared_ptr<const std::string> content;
    std::string etag, media_type;
};

using PagePtr = std::shared_ptr<const Page>;

Awaitable<net::Response> answer(PagePtr page, std::string if_none_match) {
    net::Response response;
    response.headers.set("ETag", page->etag);
    response.headers.set("Cache-Control", "no-cache");
    if (net::etag_matches(if_none_match, page->etag)) {
        response.status = 304;
        co_return response;
    }
    response.headers.set("Content-Type", page->media_type);
    response.shared_text = page->content;
    co_return response;
}

void add_page(net::Router& router, std::string path, const base::EmbeddedFile& file) {
    auto page = std::make_shared<Page>();
    page->content = std::make_shared<const std::string>(file.content);
    page->etag = fmt::format("\"{}\"", crypto::sha256_hex(file.content).substr(0, 32));
    page->media_type = media_type(file.path);
    net::Handler handler = [page = PagePtr(std::move(page))](net::Request& request) {
        return answer(page, std::string(request.headers.get("If-None-Match")));
    };
    net::RouteInfo info;
    info.summary = "Serve a file of the dashboard";
    info.tag = "dashboard";
    info.response_media = "text/html";
    router.add(net::RouteEntry{net::Verb::get, std::move(path), net::Access::open(), std::move(handler), info});
}

}  // namespace

void add_routes(net::Router& router) {
    for (const base::EmbeddedFile& file : embedded::web()) {
        if (file.path == "index.html") {
            add_page(router, "/", file);
            for (const char* path : {"/runs/{id}", "/sign-in", "/setup", "/invite", "/reset"}) add_page(router, path, file);
        } else {
            add_page(router, fmt::format("/assets/{}", file.path), file);
        }
    }
}

net::Headers page_headers() {
    net::Headers headers;
    headers.set("Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
                "connect-src 'self'; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()");
    return headers;
}

}  // namespace sluice::dashboard
