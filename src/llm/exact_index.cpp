#include <cmath>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "sluice/llm/vector_index.hpp"

namespace sluice::llm {
namespace {

/// A direction: one byte a dimension, and the length of what the bytes say.
struct Packed {
    std::vector<std::int8_t> parts;
    double length = 0;  ///< 0: it has no direction
};

Packed packed(std::span<const float> vector) {
    Packed out;
    float most = 0;
    for (const float value : vector) {
        if (!std::isfinite(value)) return out;
        most = std::max(most, std::fabs(value));
    }
    if (most == 0) return out;
    out.parts.reserve(vector.size());
    std::int64_t squares = 0;
    for (const float value : vector) {
        const auto part = static_cast<std::int8_t>(std::lround(value / most * 127));
        out.parts.push_back(part);
        squares += std::int64_t{part} * part;
    }
    out.length = std::sqrt(static_cast<double>(squares));
    return out;
}

std::int64_t product(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b) {
    std::int64_t out = 0;
    std::int32_t part = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        part += std::int32_t{a[i]} * b[i];
        if ((i & 0xffff) == 0xffff) out += std::exchange(part, 0);  // 65,536 products of 14 bits fit
    }
    return out + part;
}

class ExactIndex final : public VectorIndex {
  public:
    void put(std::string_view partition, std::uint64_t id, std::span<const float> vector) override {
        auto made = packed(vector);
        bytes_ += made.parts.size();
        partitions_[std::string(partition)].insert_or_assign(id, std::move(made));
    }
    void remove(std::string_view partition, std::uint64_t id) override {
        const auto found = partitions_.find(std::string(partition));
        if (found == partitions_.end()) return;
        const auto vector = found->second.find(id);
        if (vector == found->second.end()) return;
        bytes_ -= vector->second.parts.size();
        found->second.erase(vector);
        if (found->second.empty()) partitions_.erase(found);
    }
    std::optional<VectorMatch> nearest(std::string_view partition, std::span<const float> vector) const override {
        const auto found = partitions_.find(std::string(partition));
        if (found == partitions_.end()) return std::nullopt;
        const auto wanted = packed(vector);
        if (wanted.length == 0) return std::nullopt;
        std::optional<VectorMatch> best;
        for (const auto& [id, each] : found->second) {
            if (each.parts.size() != wanted.parts.size() || each.length == 0) continue;
            const double similarity = static_cast<double>(product(each.parts, wanted.parts)) / (each.length * wanted.length);
            if (!best || similarity > best->similarity) best = VectorMatch{id, similarity};
        }
        return best;
    }
    std::size_t count(std::string_view partition) const override {
        const auto found = partitions_.find(std::string(partition));
        return found == partitions_.end() ? 0 : found->second.size();
    }
    std::size_t bytes() const override { return bytes_; }

  private:
    std::unordered_map<std::string, std::map<std::uint64_t, Packed>> partitions_;
    std::size_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<VectorIndex> make_exact_index() { return std::make_unique<ExactIndex>(); }

}  // namespace sluice::llm
