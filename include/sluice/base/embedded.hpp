#pragma once
/// Files embedded into the binary by the build (`sluice_embed` in cmake/module.cmake).

#include <cstddef>
#include <span>
#include <string_view>

namespace sluice::base {

struct EmbeddedFile {
    std::string_view path;  ///< relative, with slashes
    std::string_view content;
};

}  // namespace sluice::base
