#pragma once
/// Vectors by which texts are compared: kept by partition, found by cosine similarity. The exact scan here serves the semantic
/// cache; an index that approximates can take its place. Thread: loop.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace sluice::llm {

struct VectorMatch {
    std::uint64_t id = 0;
    double similarity = 0;  ///< cosine, -1 to 1
};

class VectorIndex {
  public:
    virtual ~VectorIndex() = default;
    /// Only vectors of one partition are ever compared. The id is the caller's, and new.
    virtual void put(std::string_view partition, std::uint64_t id, std::span<const float> vector) = 0;
    virtual void remove(std::string_view partition, std::uint64_t id) = 0;
    /// Nothing: there is none of as many dimensions, or the vector says nothing (all zeros, not finite).
    virtual std::optional<VectorMatch> nearest(std::string_view partition, std::span<const float> vector) const = 0;
    virtual std::size_t count(std::string_view partition) const = 0;
    virtual std::size_t bytes() const = 0;
};

/// Every vector is looked at; kept as one byte for each dimension, so that a similarity is right to about 0.001.
std::unique_ptr<VectorIndex> make_exact_index();

}  // namespace sluice::llm
