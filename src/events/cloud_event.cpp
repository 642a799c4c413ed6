#include "sluice/events/events.hpp"

namespace sluice::events {

std::string cloud_event(WorkspaceId workspace, const Event& event) {
    // Put together as text: `data` is JSON already, and is not read again for every listener.
    return fmt::format(
        R"({{"specversion":"1.0","id":"{}","source":"/workspaces/{}","type":{},"subject":{},"time":"{}",)"
        R"("datacontenttype":"application/json","sequence":"{}","data":{}}})",
        event.id.str(), workspace.str(), base::dump_json(event.type),
        base::dump_json(event.subject), base::format_time(event.at), event.number, event.data);
}

}  // namespace sluice::events
