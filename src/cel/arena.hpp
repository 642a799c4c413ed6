#pragma once
/// Memory of one program or one evaluation: handed out in order, freed at once, never more than its limit.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice::cel {

class Arena {
  public:
    explicit Arena(std::size_t limit_bytes) : limit_(limit_bytes) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// Null once the limit is reached.
    void* allocate(std::size_t bytes) {
        bytes = (bytes + 15) & ~std::size_t{15};
        if (bytes <= left_) {
            void* out = next_;
            next_ += bytes;
            left_ -= bytes;
            return out;
        }
        return allocate_block(bytes);
    }
    /// Uninitialised storage for `count` trivial objects; null once the limit is reached.
    template <class T>
    T* array(std::size_t count) {
        static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
        if (count > limit_ / sizeof(T)) return nullptr;
        return static_cast<T*>(allocate(count * sizeof(T)));
    }
    /// A copy of `text`; its data is null once the limit is reached.
    std::string_view copy(std::string_view text) {
        char* to = array<char>(text.size() + 1);
        if (to == nullptr) return {};
        std::memcpy(to, text.data(), text.size());
        to[text.size()] = 0;
        return {to, text.size()};
    }
    std::size_t used() const { return used_; }

  private:
    void* allocate_block(std::size_t bytes) {
        if (bytes > limit_ || used_ > limit_ - bytes) return nullptr;
        const std::size_t block = std::max<std::size_t>(bytes, std::min<std::size_t>(4096 + used_, 1 << 18));
        blocks_.emplace_back(new std::max_align_t[(block + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t)]);
        used_ += block;
        char* start = reinterpret_cast<char*>(blocks_.back().get());
        if (block - bytes > left_) {
            next_ = start + bytes;
            left_ = block - bytes;
        }
        return start;
    }

    static constexpr std::size_t inline_bytes = 512;
    alignas(std::max_align_t) char inline_[inline_bytes];
    char* next_ = inline_;
    std::size_t left_ = inline_bytes;
    std::size_t used_ = 0;
    std::size_t limit_;
    std::vector<std::unique_ptr<std::max_align_t[]>> blocks_;
};

}  // namespace sluice::cel
