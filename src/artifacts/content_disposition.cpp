#include "content_disposition.hpp"

#include <fmt/format.h>

namespace sluice::artifacts {

std::string attachment(std::string_view name) {
    std::string plain, extended;
    for (unsigned char c : name) {
        const bool letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        // Quotes and backslashes would end the quoted form; a percent sign is decoded by some
        // browsers.
        plain += c < 0x20 || c >= 0x7F || c == '"' || c == '\\' || c == '%' || c == '/'
                     ? '_'
                     : static_cast<char>(c);
        if (letter ||
            std::string_view("!#$&+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos)
            extended += static_cast<char>(c);
        else
            extended += fmt::format("%{:02X}", c);
    }
    return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain, extended);
}

}  // namespace sluice::artifacts
