#pragma once
/// Markdown made of data: escaping, tables, and HTML of it.

#include <string>
#include <string_view>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"

namespace sluice::nodes {

/// The text on one line, so that Markdown shows it as it is: no emphasis, links, HTML or table
/// cells out of data.
std::string escape_markdown(std::string_view text);
std::string escape_html(std::string_view text);
/// CommonMark to HTML; raw HTML and dangerous links are left out.
std::string html_of_markdown(std::string_view markdown);

struct Rendered {
    std::string markdown, html;
};
/// One block of `markdown.render`'s config. Errors: invalid_argument, in words about the block.
Result<Rendered> render_block(const Json& block);

}  // namespace sluice::nodes
