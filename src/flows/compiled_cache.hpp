#pragma once
/// Compiled versions that were used last, and what is known of their flows' rows. Versions are immutable, so an entry
/// never goes stale; which one is live does, so every change tells the cache after its commit. Thread: loop.

#include <cstdint>
#include <list>
#include <unordered_map>

#include "sluice/flows/flows.hpp"

namespace sluice::flows {

class CompiledCache {
  public:
    static constexpr std::size_t most_entries = 512;
    static constexpr std::size_t most_bytes = 32 << 20;  ///< of documents, roughly

    /// The row as of its revision; an older one than known (a read that was overtaken) is ignored.
    void know(const Flow& flow, bool deleted);
    void put(WorkspaceId workspace, FlowId id, int version, FlowPtr flow);
    /// What is cached, without allocation but for long names. `version` 0: live.
    std::optional<Flows::Runnable> find(WorkspaceId workspace, FlowId id, int version);
    /// Forgets a version whose row was removed.
    void drop(WorkspaceId workspace, FlowId id, int version);
    std::size_t size() const { return entries_.size(); }

  private:
    struct FlowKey {
        WorkspaceId workspace;
        FlowId id;
        bool operator==(const FlowKey&) const = default;
    };
    struct VersionKey {
        FlowKey flow;
        int version = 0;
        bool operator==(const VersionKey&) const = default;
    };
    struct Hash {
        std::size_t operator()(const FlowKey& key) const {
            return std::hash<FlowId>{}(key.id) * 31 + std::hash<WorkspaceId>{}(key.workspace);
        }
        std::size_t operator()(const VersionKey& key) const {
            return (*this)(key.flow) + static_cast<std::size_t>(key.version) * 0x9e3779b97f4a7c15u;
        }
    };
    struct Known {
        std::int64_t revision = 0;
        int live = 0;
        bool deleted = false;
        std::string name, project;
    };
    struct Entry {
        VersionKey key;
        FlowPtr flow;
        std::size_t bytes = 0;
    };

    void drop_last();

    std::unordered_map<FlowKey, Known, Hash> known_;
    std::list<Entry> used_;  // newest use first
    std::unordered_map<VersionKey, std::list<Entry>::iterator, Hash> entries_;
    std::size_t bytes_ = 0;
};

}  // namespace sluice::flows
