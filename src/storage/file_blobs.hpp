#pragma once
/// Blobs as files below DIR/blobs; file work runs on the readers' threads.

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_map>

#include "readers.hpp"
#include "sluice/storage/blobs.hpp"

namespace sluice::storage {

class FileBlobs final : public Blobs {
  public:
    /// `counted`: what is there is counted at once; else by the first collection.
    FileBlobs(std::filesystem::path directory, Readers& readers, base::Clock& clock, bool counted);

    Awaitable<Result<std::string>> put(WorkspaceId workspace, std::string content) override;
    Awaitable<Result<std::string>> get(WorkspaceId workspace, std::string hash,
                                       std::size_t max_bytes) override;
    Awaitable<Result<std::string>> read_part(WorkspaceId workspace, std::string hash,
                                             std::uint64_t offset, std::size_t length) override;
    Awaitable<Result<std::uint64_t>> size(WorkspaceId workspace, std::string hash) override;
    void append_reference(WriteUnit& unit, WorkspaceId workspace, std::string_view hash,
                          std::uint64_t size_bytes, std::string_view owner) override;
    void append_release(WriteUnit& unit, WorkspaceId workspace, std::string_view owner) override;
    Awaitable<Result<std::size_t>> collect() override;

    /// Whether a blob of this hash is on disk (in any workspace). Thread: the writer.
    bool has(const std::string& hash);
    /// Size of all files, as far as they were counted. Thread: any.
    std::uint64_t total_bytes() const { return total_bytes_.load(std::memory_order_relaxed); }

  private:
    std::filesystem::path path_of(WorkspaceId workspace, std::string_view hash) const;
    Result<std::string> store(WorkspaceId workspace, const std::string& content);
    Result<void> write_file(const std::filesystem::path& file, const std::string& content);
    Result<std::size_t> sweep(ReaderThread& thread);
    Result<bool> sweep_file(sqlite::Connection& connection, WorkspaceId workspace,
                            const std::filesystem::path& file, Time before);
    std::uint64_t count_bytes() const;
    void remember(const std::string& hash);

    const std::filesystem::path root_;
    Readers& readers_;
    base::Clock& clock_;

    std::mutex mutex_;  ///< between finding a file and touching it, and between judging a file and
                        ///< removing it
    std::mutex recent_mutex_;
    std::unordered_map<std::string, Time> recent_;  ///< stored by this process in the last hour
    std::uint64_t temporary_ = 0;
    std::atomic<std::uint64_t> total_bytes_{0}, added_bytes_{0};
};

}  // namespace sluice::storage
