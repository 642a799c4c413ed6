#include "engine/step_times.hpp"

#include <algorithm>
#include <bit>

namespace sluice::engine {

namespace {

constexpr std::int64_t minute_us = 60'000'000, hour_us = 60 * minute_us;
constexpr std::size_t kept_minutes = 61, kept_hours = 25;

}  // namespace

std::size_t StepTimesBook::bucket_of(Duration took) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    if (us < 4) return us;
    const auto power = static_cast<std::size_t>(std::bit_width(us)) - 1;   // us is from 2^power on
    return std::min(power * 4 + ((us >> (power - 2)) & 3), buckets - 1);
}

Duration StepTimesBook::most_of(std::size_t bucket) {
    if (bucket < 8) return std::chrono::microseconds(std::min<std::size_t>(bucket, 3));
    const std::size_t power = bucket / 4;
    return std::chrono::microseconds((std::int64_t(4 + bucket % 4 + 1) << (power - 2)) - 1);
}

void StepTimesBook::note_in(std::deque<Part>& parts, std::int64_t number, std::size_t most, std::size_t bucket) {
    // A clock that was set back adds to the newest part.
    if (parts.empty() || parts.back().number < number) parts.push_back({number, {}});
    ++parts.back().counts[bucket];
    while (parts.size() > most || parts.front().number + static_cast<std::int64_t>(most) <= parts.back().number) parts.pop_front();
}

void StepTimesBook::note(WorkspaceId workspace, Time now, Duration took) {
    Series& series = series_[workspace];
    const std::size_t bucket = bucket_of(took);
    note_in(series.minutes, base::to_us(now) / minute_us, kept_minutes, bucket);
    note_in(series.hours, base::to_us(now) / hour_us, kept_hours, bucket);
}

std::vector<StepTimes> StepTimesBook::read(WorkspaceId workspace, Time from, Duration width, std::size_t count) const {
    std::vector<StepTimes> out(count);
    const auto found = series_.find(workspace);
    if (found == series_.end() || count == 0) return out;
    const bool by_minutes = width < std::chrono::hours(1);
    const std::int64_t unit = by_minutes ? minute_us : hour_us;
    std::vector<Counts> sums(count, Counts{});
    for (const Part& part : by_minutes ? found->second.minutes : found->second.hours) {
        const Time at = base::from_us(part.number * unit);
        if (at < from) continue;
        const auto place = static_cast<std::size_t>((at - from) / width);
        if (place >= count) continue;
        for (std::size_t i = 0; i < buckets; ++i) sums[place][i] += part.counts[i];
    }
    for (std::size_t place = 0; place < count; ++place) {
        StepTimes& times = out[place];
        for (const std::uint32_t some : sums[place]) times.count += some;
        const auto quantile = [&](std::int64_t percent) {
            const std::int64_t rank = std::max<std::int64_t>(1, (times.count * percent + 99) / 100);
            std::int64_t below = 0;
            for (std::size_t i = 0; i < buckets; ++i)
                if ((below += sums[place][i]) >= rank) return most_of(i);
            return Duration{};
        };
        if (times.count == 0) continue;
        times.p50 = quantile(50);
        times.p95 = quantile(95);
    }
    return out;
}

}  // namespace sluice::engine
