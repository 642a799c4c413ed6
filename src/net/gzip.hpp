#pragma once
/// Streaming decompression of gzip and deflate bodies, bounded in pieces and in ratio.

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::net {

/// Feed bytes with `feed`, then call `next` until it gives an empty piece.
class Inflater {
  public:
    Inflater();
    ~Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;

    /// `bytes` must stay alive until `next` has given its last piece.
    void feed(std::string_view bytes);
    /// At most 64 KiB; empty: more input is needed, or the end was reached. Valid until the next call.
    /// Errors: upstream_failed (broken data), too_large (more than 100 times its compressed size).
    Result<std::string_view> next();
    /// The compressed stream came to its own end.
    bool finished() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::net
