#include "net/gzip.hpp"

#include <array>

#include <zlib.h>

namespace sluice::net {

namespace {

constexpr std::size_t piece_bytes = 64 << 10;
constexpr std::uint64_t max_ratio = 100;
// Small bodies of zeros pass the ratio honestly; below this nothing is a bomb.
constexpr std::uint64_t ratio_floor = 256 << 10;
constexpr int any_header = 15 + 32;  // gzip or zlib, found out from the first bytes
constexpr int raw_deflate = -15;

}  // namespace

struct Inflater::State {
    z_stream stream{};
    std::array<char, piece_bytes> piece{};
    std::uint64_t in = 0, out = 0;
    bool at_start = true, finished = false, raw = false;

    State() { inflateInit2(&stream, any_header); }
    ~State() { inflateEnd(&stream); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

bool Inflater::finished() const { return state_->finished; }

void Inflater::feed(std::string_view bytes) {
    state_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    state_->stream.avail_in = static_cast<uInt>(bytes.size());
    state_->in += bytes.size();
}

Result<std::string_view> Inflater::next() {
    auto& state = *state_;
    auto& stream = state.stream;
    while (stream.avail_in > 0 || !state.finished) {
        if (state.finished) {
            // Several gzip members in a row are one body; anything else behind the end is ignored, as browsers do.
            if (state.raw || *stream.next_in != 0x1f) {
                stream.avail_in = 0;
                break;
            }
            inflateReset2(&stream, any_header);
            state.finished = false;
        }
        stream.next_out = reinterpret_cast<Bytef*>(state.piece.data());
        stream.avail_out = piece_bytes;
        auto* const start = stream.next_in;
        const auto available = stream.avail_in;
        int outcome = inflate(&stream, Z_NO_FLUSH);
        if (outcome == Z_DATA_ERROR && state.at_start && state.out == 0) {
            // "deflate" should be zlib's format; some servers send the bare one.
            inflateReset2(&stream, raw_deflate);
            state.raw = true;
            stream.next_in = start;
            stream.avail_in = available;
            outcome = inflate(&stream, Z_NO_FLUSH);
        }
        if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR)
            return fail(Error{ErrorCode::upstream_failed, "the answer's compressed body is broken", {}, true});
        if (stream.total_in >= 2) state.at_start = false;
        state.finished = outcome == Z_STREAM_END;
        const auto made = piece_bytes - stream.avail_out;
        state.out += made;
        if (state.out > ratio_floor && state.out > max_ratio * (state.in - stream.avail_in))
            return fail(ErrorCode::too_large, "the answer's compressed body grows to more than {} times its size", max_ratio);
        if (made > 0) return std::string_view(state.piece.data(), made);
        if (stream.avail_in == 0 || outcome == Z_BUF_ERROR) break;
    }
    return std::string_view();
}

}  // namespace sluice::net
