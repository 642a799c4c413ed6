#include "flows/compiled_cache.hpp"

namespace sluice::flows {

void CompiledCache::know(const Flow& flow, bool deleted) {
    auto& known = known_[{flow.workspace, flow.id}];
    if (known.revision > flow.revision) return;
    known = {flow.revision, flow.live_version, deleted, flow.name, flow.project};
}

void CompiledCache::put(WorkspaceId workspace, FlowId id, int version, FlowPtr flow) {
    const VersionKey key{{workspace, id}, version};
    if (entries_.contains(key)) return;
    const auto bytes = base::approximate_size(flow->document);
    used_.push_front({key, std::move(flow), bytes});
    entries_.emplace(key, used_.begin());
    bytes_ += bytes;
    while (entries_.size() > 1 && (entries_.size() > most_entries || bytes_ > most_bytes)) drop_last();
}

void CompiledCache::drop_last() {
    bytes_ -= used_.back().bytes;
    entries_.erase(used_.back().key);
    used_.pop_back();
}

void CompiledCache::drop(WorkspaceId workspace, FlowId id, int version) {
    const auto found = entries_.find(VersionKey{{workspace, id}, version});
    if (found == entries_.end()) return;
    bytes_ -= found->second->bytes;
    used_.erase(found->second);
    entries_.erase(found);
}

std::optional<Flows::Runnable> CompiledCache::find(WorkspaceId workspace, FlowId id, int version) {
    const auto known = known_.find(FlowKey{workspace, id});
    if (known == known_.end()) return std::nullopt;
    const auto& row = known->second;
    if (version == 0) {
        if (row.deleted || row.live == 0) return std::nullopt;
        version = row.live;
    }
    const auto found = entries_.find(VersionKey{{workspace, id}, version});
    if (found == entries_.end()) return std::nullopt;
    used_.splice(used_.begin(), used_, found->second);
    return Flows::Runnable{found->second->flow, version, row.name, row.project, row.deleted};
}

}  // namespace sluice::flows
